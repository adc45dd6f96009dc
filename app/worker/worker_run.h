#pragma once
// One run of the worker: what was asked for, the thread that executes it, how it is steered and watched, what
// stays of it. Made by RunShop on the thread of the calls that deal with graphs; steered, asked and watched
// from any thread.
#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "app/cli/prepared_graph.h"
#include "app/worker/run_events.h"
#include "app/worker/run_watch.h"
#include "app/worker/turns.h"
#include "engine/run/control.h"
#include "engine/run/history.h"

namespace loom {

/// Steps that a run keeps, to be forked from.
struct StepKeeping {
  KeepRule rule;
  std::filesystem::path from;  // steps that it begins with; empty: none
};

struct RunPlan {
  std::string id, graph;
  PreparedGraph prepared;
  std::optional<StepKeeping> steps;
  std::optional<Control::Place> pauseAt;
  std::shared_ptr<class WorkerRun> parent;  // of a fork: whose frames before the fork are this run's too
  std::filesystem::path folder;             // of its own, in the session's
  bool cached = true;
  bool checkFinite = true;
};

/// Threads that a run takes where none are asked for: what LibTorch found when this was called first, which
/// must be before any run.
int usualThreads();

class WorkerRun {
 public:
  enum class State { queued, running, paused, waiting, finished, failed, stopped };

  struct Shared {
    const Registry& registry;
    Outbox& outbox;
    Turns& turns;
    std::function<std::shared_ptr<Cache>(const PreparedGraph&)> cache;  // on the run's thread, in its turn
    std::function<void()> changed;                                      // a state, on any thread
  };

  WorkerRun(RunPlan plan, WatchOptions watch, Shared shared);
  ~WorkerRun();  // stops it and waits
  WorkerRun(const WorkerRun&) = delete;
  WorkerRun& operator=(const WorkerRun&) = delete;

  void start();
  void stop();
  /// False: it has ended, or not begun where it must have.
  bool pause();
  bool proceed();
  bool step(int64_t steps);
  bool runTo(const Control::Place& place);

  State state() const;
  bool over() const;
  bool waitOver(double seconds);
  nlohmann::json status() const;
  static const char* nameOf(State state);

  const RunPlan& plan() const { return plan_; }
  const std::string& id() const { return plan_.id; }
  RunWatch& watch() { return watch_; }
  const RunWatch& watch() const { return watch_; }
  const RunEvents& events() const { return events_; }
  std::filesystem::path stepsFolder() const;
  /// Which step of a port's zone this run began with, and before that of the zones around it, outermost
  /// first; 0 where one has not begun. Empty outside of zones.
  std::vector<int64_t> firstStep(const std::string& port) const;
  /// An exposed output of a finished run; throws RpcError where there is none.
  Value output(const std::string& name) const;
  nlohmann::json outputs() const;
  /// Of recordings in memory, outputs.
  uint64_t bytes() const;

 private:
  void run();
  void execute();
  RunOptions optionsFor(CheckpointStore* steps, Cache* cache);
  void keepProbes(RunOptions& options) const;
  void pauseChanged(bool paused);
  void leavePause();
  void setState(State state, const Error* error = nullptr);
  void changeState(State state, const Error* error);
  double seconds() const;

  RunPlan plan_;
  Shared shared_;
  const int64_t number_;
  CancelToken cancel_;
  Control control_;
  RunEvents events_;
  RunWatch watch_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::queued;
  std::optional<Error> error_;
  std::map<std::string, Value> outputs_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double seconds_ = 0;  // when it is over
  std::thread thread_;
};

}  // namespace loom
