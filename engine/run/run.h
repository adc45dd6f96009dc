#pragma once
// Executes a plan. One Run object is one run: it owns the slots, uses a cache it is given, reports to an
// observer and can be stopped. It runs on the thread that calls execute().
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/run/cache.h"
#include "engine/run/live_probes.h"
#include "engine/run/observer.h"

namespace loom {

/// Where zone states are kept so that a stopped run can go on. See checkpoints.h for the one on disk.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  /// A zone that goes round, once.
  struct Loop {
    const PlanZone& zone;
    const StepKeys& keys;
    int64_t count;                    // steps it takes
    std::span<const int64_t> around;  // steps done of the zones around it, outermost first
  };
  struct State {
    int64_t done = 0;                        // steps finished
    std::map<std::string, Value> states;     // by the state's name
    std::map<std::string, Value> collected;  // recordings so far
  };
  /// The furthest state of this loop with at most `count` steps done, one that was kept under
  /// keys.after(done); done = 0 where there is none. Asked when an outermost loop begins, or one that a fork
  /// begins in.
  virtual State find(const Loop& loop) = 0;
  /// Offered after every step of an outermost loop, before the observer is told of it; the store decides when
  /// it is worth the writing.
  virtual void offer(const Loop& loop, int64_t done, const std::function<State()>& state) = 0;
  /// Whether it is asked and offered steps of loops within others too. Asked once a run.
  virtual bool keepsInner() const { return false; }
};

struct RunOptions {
  Policy policy;
  Files files;
  Cache* cache = nullptr;  // null: nothing is kept
  Observer* observer = nullptr;
  const CancelToken* cancel = nullptr;
  CheckpointStore* checkpoints = nullptr;
  std::vector<std::string> probes;   // "path.port", or "path:name": computed and told of, come what may
  const LiveProbes* live = nullptr;  // others, told of where they are computed; outlives the run
  bool checkFinite = true;           // NaN or Inf in a zone's state is an error at the step where it appears
  nlohmann::json provenance = nlohmann::json::object();
  std::string documentText;  // what a saved picture holds
};

/// Takes a run's calls of a network, to do them together with those of others. See together.h.
class CallJoiner {
 public:
  virtual ~CallJoiner() = default;
  /// Makes the calls, of one node type, that ask one network: equal `same` say which. Throws what they throw.
  virtual void call(const NodeType& type, const void* same, std::vector<Exec>& calls) = 0;
};

class Run {
 public:
  Run(std::shared_ptr<const Plan> plan, RunOptions options);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Runs what the effects and targets need. Throws Error on the node that failed, or Cancelled.
  void execute(CallJoiner* joiner = nullptr);
  /// Whether a zone of it learns.
  bool trains() const;
  /// A target's value after execute(): an exposed output's name, or a port that was to be kept.
  const Value& output(const std::string& name) const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom
