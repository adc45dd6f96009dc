#pragma once
// The states of a run's steps on disk, to fork from any of them: later, in another process, with another
// graph. A folder a loop: FOLDER/<zone>/<done>-<key>.state.safetensors holds the state after `done` steps,
// <done>-<key>.frames.safetensors what was collected since the step before it, and which one that was.
// latest.json names the last one. Loops within that loop's next step are in FOLDER/<zone>/<done>/<inner
// zone>, kept alike. Every file is whole at every moment, and can be read while a run goes on.
#include <filesystem>
#include <functional>
#include <optional>
#include <set>

#include "engine/run/run.h"

namespace loom {

/// Which steps' states stay. What was collected stays whole.
struct KeepRule {
  int64_t every = 1;                   // each n-th step, and the last
  int64_t last = 0;                    // of the others the last m
  size_t mostBytes = size_t{4} << 30;  // of states; beyond it `every` doubles
  /// Zones within others: each n-th step, and the last m of a loop; 0: none. They stay as long as the state
  /// that the step they lie in began with; where bytes are short those of the earliest steps go first.
  int64_t inner = 0;
};

class History final : public CheckpointStore {
 public:
  struct Options {
    std::filesystem::path folder;
    KeepRule keep;
    c10::Device device{c10::kCPU};  // where states of an accelerator go when read
    const Plan* plan = nullptr;     // its slots tell which types the states must have
    const Registry* registry = nullptr;
    std::function<void(const std::string& zone, const std::string& message)> say;  // may be null
  };
  /// A step of the run that wrote last.
  struct Step {
    int64_t done = 0;
    Key key;
    bool state = false;  // kept, so that a run can fork from it
  };
  using Around = std::vector<std::pair<std::string, ForkPoint>>;
  struct ZoneSteps {
    std::string zone;
    int64_t count = 0;
    std::vector<Step> steps;  // first to last
    /// Of a loop within others: by zone, outermost first, in which step of each, after the state of so many.
    Around around = {};
  };

  explicit History(Options options);
  State find(const Loop& loop) override;
  /// A step that can't be kept (a type without a form on disk, a full disk) is said once and stops no run.
  void offer(const Loop& loop, int64_t done, const std::function<State()>& state) override;
  bool keepsInner() const override { return options_.keep.inner > 0; }

  /// What a folder holds, loop by loop, outermost ones first. Damaged parts are left out.
  static std::vector<ZoneSteps> read(const std::filesystem::path& folder);
  /// Throws Error where a fork that the plan was made with can't begin with what the folder holds: its state
  /// is not there, or of other types. Looks at descriptions alone, so that it may be asked before all else.
  static void requireForks(const std::filesystem::path& folder, const Plan& plan);
  /// Gives another folder all that is kept (by links to the same files where the system can), so that a fork
  /// leaves its origin as it is.
  static void copy(const std::filesystem::path& from, const std::filesystem::path& to);

 private:
  struct Kept {
    int64_t done = 0;
    std::string stem;
    size_t bytes = 0;
  };
  // A loop that goes round, or was the last one of its zone to do so.
  struct Track {
    std::string zone = {};
    std::filesystem::path folder = {};
    int64_t count = 0, done = 0;
    Track* around = nullptr;                       // the loop it lies in
    int64_t step = 0;                              // in which step of that
    std::string after = {}, is = {};               // stem of that step's state; its own key
    std::string previous = {};                     // stem of the step kept before
    std::map<std::string, size_t> collected = {};  // frames that are on disk
    std::vector<Kept> states = {};                 // on disk, first to last
    size_t held = 0;                               // bytes of those
    std::map<int64_t, size_t> within = {};         // bytes of loops in its steps, by the step
    std::map<std::string, std::string> ran = {};   // loops since `previous` that are kept: their keys
    int64_t every = 1;
    bool kept = false, told = false;
  };

  Track& begin(const Loop& loop);
  State load(Track& track, const PlanZone& plan, const std::string& stem, int64_t done) const;
  void save(Track& track, const std::string& stem, const State& state);
  static void tell(Track& track);
  static void charge(const Track& track, size_t bytes);
  void drop(Track& track, const Kept& state);
  bool dropWithin(Track& track, int64_t before);
  void sweep(Track& track);
  void thin(Track& track);
  void say(const std::string& zone, const std::string& message) const;
  void sayOnce(const std::string& zone, const std::string& message);

  Options options_;
  std::map<std::string, Track> tracks_;  // by zone
  std::set<std::string> refused_;        // zones of which no more is kept
  std::set<std::string> said_;
};

}  // namespace loom
