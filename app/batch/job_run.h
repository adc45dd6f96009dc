#pragma once
// One job of a batch on its way: its run, what watches it, and the record that is left of it the moment the
// run is through.
#include <chrono>

#include "app/batch/batch_report.h"
#include "app/batch/checked_jobs.h"
#include "app/cli/composite_observer.h"
#include "app/cli/file_collector.h"
#include "engine/run/checkpoints.h"

namespace loom {

/// What the jobs of one process have in common; outlives them.
struct JobSurroundings {
  const JobList& jobs;
  const CheckedJobs& checked;
  std::filesystem::path out;
  const Registry& registry;
  Cache* cache;
  const CancelToken& cancel;
  BatchReport& report;
  std::string session;
};

class JobRun {
 public:
  /// `name`: the job's folder below out. `shown`: its steps go to the progress line. Throws Error where the
  /// graph can't be made ready; nothing has then been run.
  JobRun(const JobSurroundings& around, size_t job, std::string name, int together, bool shown);
  ~JobRun();

  size_t job() const { return job_; }
  /// To be executed, once, by the caller, who keeps it as long as this lives.
  std::unique_ptr<Run> makeRun();
  /// Once it has been; `failure`: what it threw. True where the job ended, false where it was stopped.
  bool ended(std::exception_ptr failure);

 private:
  class Watch;
  void finished();
  void savePicture();
  void fail(const Error& error);
  double seconds() const;

  const JobSurroundings& around_;
  size_t job_;
  PreparedGraph graph_;
  JobRecord record_;
  std::string documentText_;
  nlohmann::json provenance_;
  std::unique_ptr<Observer> shown_;
  FileCollector files_;
  std::unique_ptr<Watch> watch_;
  CompositeObserver observer_;  // of these
  std::unique_ptr<DiskCheckpoints> checkpoints_;
  Run* run_ = nullptr;
  bool recorded_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Records that a job could not even begin, or took its process down.
void recordFailure(const JobSurroundings& around, size_t job, const std::string& name, const Error& error);

}  // namespace loom
