#include "app/batch/summary.h"

#include "engine/files/atomic_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

// Earlier and not tried again, too; or just now, and the disk had no room to record it.
bool hasFailed(const BatchSummary::Result& result) {
  return result.state == JobStates::State::failed || (result.record && !result.record->done);
}

json toJson(const BatchSummary::Result& result) {
  json object{{"name", result.name}, {"settings", result.settings}, {"seconds", nullptr}};
  object["status"] = result.state == JobStates::State::done ? "done"
                     : hasFailed(result)                    ? "failed"
                                                            : "missing";
  json files = json::array();
  if (result.record) {
    const JobRecord& record = *result.record;
    object["seconds"] = record.seconds;
    for (const JobRecord::File& file : record.files)
      files.push_back({{"path", result.name + "/" + file.path}, {"bytes", file.bytes}});
    const json whole = toJson(record);
    if (const auto error = whole.find("error"); error != whole.end()) object["error"] = *error;
  }
  object["files"] = std::move(files);
  return object;
}

}  // namespace

BatchSummary summaryOf(const JobList& jobs, const JobStates& states) {
  BatchSummary summary;
  for (size_t job = 0; job < jobs.size(); ++job) {
    BatchSummary::Result result{states.folder(job), states.state(job), states.record(job),
                                jobs.settingsJson(job)};
    if (states.mine(job)) {
      ++summary.mine;
      summary.mineDone += result.state == JobStates::State::done;
      summary.mineFailed += hasFailed(result);
    }
    summary.results.push_back(std::move(result));
  }
  return summary;
}

void writeSummary(const fs::path& file, const BatchSummary& summary, double seconds, bool stopped) {
  size_t done = 0, failed = 0;
  json results = json::array();
  for (const BatchSummary::Result& result : summary.results) {
    done += result.state == JobStates::State::done;
    failed += hasFailed(result);
    results.push_back(toJson(result));
  }
  const json object{{"noiseloom-batch", 1},
                    {"jobs", summary.results.size()},
                    {"done", done},
                    {"failed", failed},
                    {"missing", summary.results.size() - done - failed},
                    {"seconds", seconds},
                    {"stopped", stopped},
                    {"files", summary.files},
                    {"results", std::move(results)}};
  writeAtomically(file, std::string_view(object.dump(1, ' ', false, json::error_handler_t::replace) + "\n"));
}

GridPicture gridPicture(const BatchSummary& summary, size_t job, const fs::path& out) {
  const BatchSummary::Result& result = summary.results[job];
  if (result.state == JobStates::State::done && !result.record->picture.empty())
    return {out / result.name / result.record->picture, "no picture"};
  if (result.state == JobStates::State::done) return {{}, "no picture"};
  return {{}, hasFailed(result) ? "failed" : "not done"};
}

}  // namespace loom
