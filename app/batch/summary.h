#pragma once
// Where a batch stands, as its records tell: OUT/summary.json.
#include "app/batch/grid.h"
#include "app/batch/job_states.h"

namespace loom {

struct BatchSummary {
  struct Result {
    std::string name;
    JobStates::State state = JobStates::State::missing;
    std::optional<JobRecord> record;
    nlohmann::json settings;
  };
  std::vector<Result> results;  // of all jobs, those of other shards too
  size_t mine = 0, mineDone = 0, mineFailed = 0;
  std::vector<std::string> files;  // that the batch itself has written
};

BatchSummary summaryOf(const JobList& jobs, const JobStates& states);

/// Throws Error where it can't be written.
void writeSummary(const std::filesystem::path& file, const BatchSummary& summary, double seconds,
                  bool stopped);

GridPicture gridPicture(const BatchSummary& summary, size_t job, const std::filesystem::path& out);

}  // namespace loom
