#pragma once
// The jobs that one process does itself: claims some that may run in step, runs them, until none is left that
// it could have.
#include <deque>

#include "app/batch/claim.h"
#include "app/batch/job_run.h"
#include "app/batch/job_states.h"

namespace loom {

class JobQueue {
 public:
  struct Options {
    int together = 0;  // 0: what each job's size allows
    int workers = 1;   // processes that share the jobs
  };
  JobQueue(const JobSurroundings& around, JobStates& states, Claims& claims, Options options);

  enum class End { done, held, stopped };
  /// done: nothing is missing any more; held: what is missing other processes are doing. Throws Error where
  /// the folder can't be written.
  End run();
  size_t left() const { return pending_.size(); }

 private:
  struct Taken {
    size_t job;
    std::unique_ptr<Claims::Claim> claim;
  };
  std::vector<Taken> take();
  size_t most(size_t job, size_t left) const;
  bool runTogether(std::vector<Taken> taken);

  const JobSurroundings& around_;
  JobStates& states_;
  Claims& claims_;
  Options options_;
  std::deque<size_t> pending_;  // in order
};

}  // namespace loom
