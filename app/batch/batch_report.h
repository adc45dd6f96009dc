#pragma once
// What a batch tells while it goes on: one progress line on a terminal, a line a job otherwise, or JSON
// events (app/cli/EVENTS.md). Used on the thread that runs the batch.
#include <memory>

#include "app/batch/job_record.h"
#include "app/cli/json_observer.h"
#include "app/cli/terminal_observer.h"

namespace loom {

class BatchReport {
 public:
  struct Options {
    bool json = false, quiet = false;
    bool worker = false;  // of another process, which tells of the batch as a whole
  };
  explicit BatchReport(Options options);

  void started(size_t jobs, size_t known, const nlohmann::json& more);
  void jobStarted(const std::string& job, const nlohmann::json& settings);
  void jobEnded(const JobRecord& record, const std::filesystem::path& out);
  /// The same from a worker's event, `line`.
  void jobEnded(const JobRecord& record, const std::string& line);
  /// Any other event of a worker.
  void pass(const std::string& line, const nlohmann::json& event);
  /// Another process has done one.
  void jobKnown();
  void say(const std::string& job, const std::string& message);
  /// Takes the progress line away.
  void finish();

  /// Watches a job's run; `shown`: the one of several whose steps the progress line shows.
  std::unique_ptr<Observer> watch(const std::string& job, bool shown);
  const Options& options() const { return options_; }
  size_t ended() const { return ended_; }

 private:
  void step();
  void printEnd(const JobRecord& record);

  Options options_;
  TerminalObserver terminal_;
  bool bar_;
  size_t jobs_ = 0, ended_ = 0;
};

}  // namespace loom
