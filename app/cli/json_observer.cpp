#include "app/cli/json_observer.h"

#include "app/cli/output.h"

namespace loom {
namespace {

using nlohmann::json;

json listOf(std::span<const int64_t> iteration) {
  return std::vector<int64_t>(iteration.begin(), iteration.end());
}

}  // namespace

json describeRow(const Recorder::Row& row) {
  const Statistics& s = row.statistics;
  return {{"iteration", row.iteration},
          {"min", s.min},
          {"max", s.max},
          {"mean", s.mean},
          {"std", s.std},
          {"norm", s.norm},
          {"count", s.count},
          {"nan", s.nan},
          {"inf", s.inf}};
}

void JsonObserver::line(json event) {
  event.update(more_);
  writeJsonLine(stream_, event);
}

void JsonObserver::nodeStarted(const std::string& path) { line({{"event", "node-started"}, {"node", path}}); }

void JsonObserver::nodeFinished(const std::string& path, double seconds, bool fromCache) {
  line({{"event", "node-finished"}, {"node", path}, {"seconds", seconds}, {"cached", fromCache}});
}

void JsonObserver::zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) {
  if (depth > 1 && !rate_.due("zone " + path)) return;
  line({{"event", "zone-started"}, {"zone", path}, {"first", first}, {"count", count}, {"depth", depth}});
}

void JsonObserver::stepFinished(const StepEvent& event) {
  const bool last = event.depth == 1 && event.done == event.count;
  if (!rate_.due("step " + event.zone) && !last) return;
  line({{"event", "step"},
        {"zone", event.zone},
        {"iteration", listOf(event.iteration)},
        {"done", event.done},
        {"count", event.count}});
}

void JsonObserver::zoneFinished(const std::string& path, int depth) {
  if (depth == 1) line({{"event", "zone-finished"}, {"zone", path}});
}

void JsonObserver::progress(const std::string& node, int64_t done, int64_t total) {
  if (rate_.due("progress " + node) || done == total)
    line({{"event", "progress"}, {"node", node}, {"done", done}, {"total", total}});
}

void JsonObserver::log(const std::string& node, const std::string& message) {
  line({{"event", "message"}, {"node", node}, {"message", message}});
}

void JsonObserver::produced(const std::string& node, const std::filesystem::path& file) {
  line({{"event", "produced"}, {"node", node}, {"file", file.string()}});
}

void JsonObserver::statistics(const std::string& port, const Recorder::Row& row) {
  json event = describeRow(row);
  event.update({{"event", "statistics"}, {"port", port}});
  line(std::move(event));
}

}  // namespace loom
