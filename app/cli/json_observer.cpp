#include "app/cli/json_observer.h"

#include "app/cli/output.h"

namespace loom {
namespace {

using nlohmann::json;

// Steps of a small zone come by the ten thousand a second, which nobody reads.
constexpr auto kTellEvery = std::chrono::milliseconds(20);

json listOf(std::span<const int64_t> iteration) {
  return std::vector<int64_t>(iteration.begin(), iteration.end());
}

}  // namespace

bool JsonObserver::due(const std::string& what) {
  const Clock::time_point now = Clock::now();
  const auto [at, first] = told_.try_emplace(what, now);
  if (!first && now - at->second < kTellEvery) return false;
  at->second = now;
  return true;
}

void JsonObserver::nodeStarted(const std::string& path) {
  writeJsonLine(stream_, {{"event", "node-started"}, {"node", path}});
}

void JsonObserver::nodeFinished(const std::string& path, double seconds, bool fromCache) {
  writeJsonLine(stream_,
                {{"event", "node-finished"}, {"node", path}, {"seconds", seconds}, {"cached", fromCache}});
}

void JsonObserver::zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) {
  if (depth > 1 && !due("zone " + path)) return;
  writeJsonLine(
      stream_,
      {{"event", "zone-started"}, {"zone", path}, {"first", first}, {"count", count}, {"depth", depth}});
}

void JsonObserver::stepFinished(const StepEvent& event) {
  const bool last = event.depth == 1 && event.done == event.count;
  if (!due("step " + event.zone) && !last) return;
  writeJsonLine(stream_, {{"event", "step"},
                          {"zone", event.zone},
                          {"iteration", listOf(event.iteration)},
                          {"done", event.done},
                          {"count", event.count}});
}

void JsonObserver::zoneFinished(const std::string& path, int depth) {
  if (depth == 1) writeJsonLine(stream_, {{"event", "zone-finished"}, {"zone", path}});
}

void JsonObserver::progress(const std::string& node, int64_t done, int64_t total) {
  if (due("progress " + node) || done == total)
    writeJsonLine(stream_, {{"event", "progress"}, {"node", node}, {"done", done}, {"total", total}});
}

void JsonObserver::log(const std::string& node, const std::string& message) {
  writeJsonLine(stream_, {{"event", "message"}, {"node", node}, {"message", message}});
}

void JsonObserver::produced(const std::string& node, const std::filesystem::path& file) {
  writeJsonLine(stream_, {{"event", "produced"}, {"node", node}, {"file", file.string()}});
}

void JsonObserver::statistics(const std::string& port, const Recorder::Row& row) {
  const Statistics& s = row.statistics;
  writeJsonLine(stream_, {{"event", "statistics"},
                          {"port", port},
                          {"iteration", row.iteration},
                          {"min", s.min},
                          {"max", s.max},
                          {"mean", s.mean},
                          {"std", s.std},
                          {"norm", s.norm},
                          {"count", s.count},
                          {"nan", s.nan},
                          {"inf", s.inf}});
}

}  // namespace loom
