#pragma once
// A run as notifications, and what `run.status` answers meanwhile. Called on the run's thread; status() from
// any. A slow client costs the run nothing: progress is told at most 50 times a second for each zone and
// node, and of what waits the newest stays.
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "app/cli/progress_line.h"
#include "app/cli/tell_rate.h"
#include "app/worker/live_previews.h"
#include "app/worker/outbox.h"
#include "engine/run/observer.h"
#include "engine/run/recorder.h"

namespace loom {

class RunEvents final : public Observer {
 public:
  RunEvents(std::string run, Outbox& outbox) : run_(std::move(run)), outbox_(outbox) {}

  void nodeStarted(const std::string& path) override;
  void nodeFinished(const std::string& path, double seconds, bool fromCache) override;
  void zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) override;
  void stepFinished(const StepEvent& event) override;
  void zoneFinished(const std::string& path, int depth) override;
  void progress(const std::string& node, int64_t done, int64_t total) override;
  void log(const std::string& node, const std::string& message) override;
  void produced(const std::string& node, const std::filesystem::path& file) override;
  void statistics(const std::string& port, const Recorder::Row& row);
  void preview(const LivePreviews::Frame& frame);

  /// Time that passes in a pause is no step's.
  void paused();
  void resumed();

  struct Zone {
    int64_t begun = 0;  // its first step in this run: `first` of the loop that went round first
    int64_t first = 0, done = 0, count = 0;
    int depth = 1;
    Pace pace;
    double began = 0;
  };
  /// The outermost zones that have begun, and those inside as far as they were told.
  std::map<std::string, Zone> zones() const;
  /// {"zone": ..., "done": ..., "count": ...} of the zone that runs or ran last; null before the first.
  nlohmann::json at() const;
  nlohmann::json zonesJson() const;
  std::vector<std::string> files() const;
  std::string node() const;

 private:
  using Clock = std::chrono::steady_clock;
  double now() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  const std::string run_;
  Outbox& outbox_;
  const Clock::time_point start_ = Clock::now();
  TellRate rate_;

  mutable std::mutex mutex_;
  std::map<std::string, Zone> zones_;
  std::vector<std::string> at_;  // the zones it is in, or was last, outermost first
  std::string node_;
  double pausedAt_ = 0;
  std::vector<std::string> files_;
  std::set<std::string> known_;  // files
};

}  // namespace loom
