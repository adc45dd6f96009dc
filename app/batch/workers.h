#pragma once
// Child processes of the same program that share a batch's jobs by claiming them (claim.h). Each prints JSON
// events on a pipe; a worker that dies takes with it the job at hand and nothing else.
#include <sys/types.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/batch/job_run.h"
#include "app/batch/job_states.h"

namespace loom {

/// What a worker is told by `--as-worker`, beside the arguments of the process that started it.
struct WorkerOrder {
  int threads = 1, workers = 1, together = 0;  // together 0: as the arguments say
  pid_t parent = 0;
  std::string session;

  std::string text() const;
  /// Throws Error.
  static WorkerOrder parse(const std::string& text);
};

class Workers {
 public:
  struct Options {
    int count = 1;
    int threads = 1;  // of each
    std::vector<std::string> arguments;
  };
  Workers(const JobSurroundings& around, JobStates& states, Options options);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Until all have ended: what is missing then other processes are doing. False: stopped. Throws Error where
  /// workers can't be started, or refuse.
  bool run();

 private:
  struct Child {
    pid_t process = 0;
    int events = -1;
    std::string unread;
    std::set<std::string> running;  // jobs
  };
  void start();
  void read(Child& child);
  void tell(Child& child, const std::string& line);
  void ended(Child& child, int status);
  void died(const Child& child, const std::string& how);
  void waitForEvents();

  const JobSurroundings& around_;
  JobStates& states_;
  Options options_;
  std::vector<Child> children_;
  bool stopping_ = false, oneByOne_ = false;
  int idleDeaths_ = 0, toStart_ = 0;
  std::string refusal_;
};

}  // namespace loom
