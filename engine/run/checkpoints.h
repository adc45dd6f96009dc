#pragma once
// Zone states on disk, so that a stopped or killed run can go on: one file for each outermost zone and
// content key, FOLDER/<zone>-<key>.safetensors, always whole, replaced in one step. A run that is killed
// outright loses at most the seconds since the last one; a stop by the CancelToken loses no finished step.
// Used on the run's thread.
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>

#include "engine/run/run.h"

namespace loom {

class DiskCheckpoints final : public CheckpointStore {
 public:
  struct Options {
    std::filesystem::path folder;
    double everySeconds = 30;  // at least; where writing is slow, so seldom that it takes 5 % of the time
    bool resume = false;       // find() only answers when asked to
    c10::Device device{c10::kCPU};  // where states of an accelerator go when read
    const Plan* plan = nullptr;     // its slots tell which types the states must have
    const Registry* registry = nullptr;
    const CancelToken* cancel = nullptr;  // once it is set, the step at hand is kept
    std::function<void(const std::string& zone, const std::string& message)> say;  // may be null
  };
  /// How far a zone has been kept.
  struct Kept {
    std::string zone;
    int64_t done = 0, count = 0;
    std::filesystem::path file;
  };

  explicit DiskCheckpoints(Options options);

  /// A file of another key, or one that is damaged, is left alone and said so.
  State find(const Loop& loop) override;
  /// A state that can't be kept (a type without a form on disk, a full disk) is said once and stops no run.
  void offer(const Loop& loop, int64_t done, const std::function<State()>& state) override;

  /// What of this run's zones is on disk.
  std::vector<Kept> kept() const;
  /// After the run has finished: its files are of no more use. The folder goes when that leaves it empty.
  void remove();

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::filesystem::path file;
    int64_t onDisk = 0, count = 0;  // steps done in the file; 0: none
    Clock::time_point last;         // saved, or begun
    double cost = 0;                // seconds that the last save took
    bool refused = false;
  };

  Entry& entryOf(const std::string& zone, const Key& base);
  bool due(const Entry& entry, int64_t done, int64_t count) const;
  void save(Entry& entry, const Loop& loop, const State& state);
  std::optional<State> load(const Entry& entry, const Loop& loop);
  void noteOthers(const Entry& entry, const std::string& zone) const;
  void say(const std::string& zone, const std::string& message) const;

  Options options_;
  std::map<std::string, Entry> entries_;  // by zone
};

}  // namespace loom
