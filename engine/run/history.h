#pragma once
// The states of a run's steps on disk, to fork from any of them: later, in another process, with another
// graph. A folder a zone: FOLDER/<zone>/<done>-<key>.state.safetensors holds the state after `done` steps,
// <done>-<key>.frames.safetensors what was collected since the step before it, and which one that was.
// latest.json names the last one. Every file is whole at every moment, and can be read while a run goes on.
#include <filesystem>
#include <functional>
#include <optional>

#include "engine/run/run.h"

namespace loom {

/// Which steps' states stay. What was collected stays whole.
struct KeepRule {
  int64_t every = 1;                   // each n-th step, and the last
  int64_t last = 0;                    // of the others the last m
  size_t mostBytes = size_t{4} << 30;  // of states; beyond it `every` doubles
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
  struct ZoneSteps {
    std::string zone;
    int64_t count = 0;
    std::vector<Step> steps;  // first to last
  };

  explicit History(Options options);
  State find(const std::string& zone, const StepKeys& keys, int64_t count, const PlanZone& plan) override;
  /// A step that can't be kept (a type without a form on disk, a full disk) is said once and stops no run.
  void offer(const std::string& zone, const StepKeys& keys, int64_t done, int64_t count,
             const std::function<State()>& state) override;

  /// What a folder holds, zone by zone. Damaged parts are left out.
  static std::vector<ZoneSteps> read(const std::filesystem::path& folder);
  /// Gives another folder all that is kept (by links to the same files where the system can), so that a fork
  /// leaves its origin as it is.
  static void copy(const std::filesystem::path& from, const std::filesystem::path& to);

 private:
  struct Track {
    std::string previous = {};                                 // stem of the step kept before
    std::map<std::string, size_t> collected = {};              // frames that are on disk
    std::vector<std::pair<int64_t, std::string>> states = {};  // whose states are on disk, first to last
    size_t bytes = 0;                                          // of one state
    int64_t every = 1;
    bool refused = false;
  };

  std::filesystem::path folderOf(const std::string& zone) const;
  State load(const std::string& zone, const std::string& stem, int64_t done, const PlanZone& plan);
  void save(Track& track, const std::string& zone, const std::string& stem, int64_t count,
            const State& state);
  void thin(Track& track, const std::string& zone, int64_t done, int64_t count);
  void say(const std::string& zone, const std::string& message) const;

  Options options_;
  std::map<std::string, Track> tracks_;  // by zone
};

}  // namespace loom
