#pragma once
// Which jobs of a batch are done, by the records in its folder; what this call of the program is to do of
// them.
#include <optional>
#include <unordered_map>
#include <vector>

#include "app/batch/checked_jobs.h"
#include "app/batch/job_record.h"

namespace loom {

class JobStates {
 public:
  struct Options {
    std::filesystem::path out;
    std::string session;      // of this call
    bool redo = false;        // what other sessions have done counts for nothing
    bool keepFailed = false;  // what failed before is not tried again
    size_t shard = 1, shards = 1;
  };
  JobStates(const JobList& jobs, const CheckedJobs& checked, Options options);

  /// The job's folder: its name, or that of the folder in which an earlier batch has done the very same.
  const std::string& folder(size_t job) const { return folders_[job]; }
  bool mine(size_t job) const { return job % options_.shards == options_.shard - 1; }
  const Options& options() const { return options_; }

  enum class State { missing, done, failed };
  /// As the record on disk has it now. `failed`: and not to be tried again by this call.
  State state(size_t job) const;
  /// The record that counts for this job, whatever its state.
  std::optional<JobRecord> record(size_t job) const;

  /// This call has done it, whatever the record says: where even that can't be written, once is enough.
  void setTried(size_t job) { tried_[job] = 1; }
  std::optional<size_t> jobIn(const std::string& folder) const;

  /// Of the shard, those that are to be done.
  std::vector<size_t> missing() const;
  size_t countMine() const;

 private:
  void adopt();

  const JobList& jobs_;
  const CheckedJobs& checked_;
  Options options_;
  std::vector<std::string> folders_;
  std::vector<char> failedBefore_, tried_;
  std::unordered_map<std::string, size_t> byFolder_;
};

}  // namespace loom
