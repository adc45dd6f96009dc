#include "app/batch/batch_report.h"

#include <unistd.h>

#include "app/cli/duration.h"
#include "app/cli/output.h"
#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

/// A job's zones, below the batch itself on the progress line.
class ShownSteps final : public Observer {
 public:
  ShownSteps(TerminalObserver& terminal, std::string job, bool steps)
      : terminal_(terminal), job_(std::move(job)), steps_(steps) {}
  // A run that fails within a zone does not finish it.
  ~ShownSteps() override {
    for (; open_ > 0; --open_) terminal_.zoneFinished("", 2);
  }

  void zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) override {
    if (!steps_) return;
    ++open_;
    terminal_.zoneStarted(path, first, count, depth + 1);
  }
  void stepFinished(const StepEvent& event) override {
    if (steps_) terminal_.stepFinished(event);
  }
  void zoneFinished(const std::string& path, int depth) override {
    if (!steps_) return;
    --open_;
    terminal_.zoneFinished(path, depth + 1);
  }
  void log(const std::string& node, const std::string& message) override {
    terminal_.log(job_ + (node.empty() ? "" : ": " + node), message);
  }

 private:
  TerminalObserver& terminal_;
  std::string job_;
  bool steps_;
  int open_ = 0;
};

}  // namespace

BatchReport::BatchReport(Options options)
    : options_(options),
      terminal_({.bar = !options.json && !options.quiet && isatty(fileno(stderr)),
                 .messages = !options.quiet && !options.json,
                 .unit = "job"}),
      bar_(!options.json && !options.quiet && isatty(fileno(stderr))) {}

void BatchReport::started(size_t jobs, size_t known, const json& more) {
  jobs_ = jobs;
  ended_ = known;
  if (options_.worker) return;
  if (options_.json) {
    json event{{"event", "batch-started"}, {"jobs", jobs}, {"known", known}};
    event.update(more);
    return writeJsonLine(stdout, event);
  }
  if (known && !options_.quiet) std::fprintf(stderr, "%zu of %zu jobs are done already\n", known, jobs);
  if (bar_) terminal_.zoneStarted("batch", static_cast<int64_t>(known), static_cast<int64_t>(jobs), 1);
}

void BatchReport::jobStarted(const std::string& job, const json& settings) {
  if (options_.json) writeJsonLine(stdout, {{"event", "job-started"}, {"job", job}, {"settings", settings}});
}

void BatchReport::step() {
  ++ended_;
  const std::string zone = "batch";
  const auto done = static_cast<int64_t>(ended_);
  if (bar_)
    terminal_.stepFinished({.zone = zone,
                            .iteration = std::span(&done, 1),
                            .done = done,
                            .count = static_cast<int64_t>(jobs_),
                            .depth = 1});
}

void BatchReport::jobKnown() { step(); }

void BatchReport::jobEnded(const JobRecord& record, const std::filesystem::path& out) {
  step();
  if (options_.json) {
    json event{{"event", record.done ? "job-finished" : "job-failed"},
               {"job", record.name},
               {"seconds", record.seconds},
               {"together", record.together}};
    json files = json::array();
    for (const JobRecord::File& file : record.files)
      files.push_back((out / record.name / file.path).string());
    event["files"] = std::move(files);
    if (!record.done) {
      event["message"] = record.error;
      if (!record.errorNode.empty()) event["node"] = record.errorNode;
      if (!record.errorPort.empty()) event["port"] = record.errorPort;
    }
    return writeJsonLine(stdout, event);
  }
  printEnd(record);
}

void BatchReport::jobEnded(const JobRecord& record, const std::string& line) {
  step();
  if (options_.json)
    pass(line, {});
  else
    printEnd(record);
}

void BatchReport::pass(const std::string& line, const json& event) {
  if (options_.json) {
    std::fprintf(stdout, "%s\n", line.c_str());
    std::fflush(stdout);
  } else if (event.value("event", "") == "message") {
    terminal_.log(event.value("job", ""), event.value("message", ""));
  }
}

void BatchReport::printEnd(const JobRecord& record) {
  const std::string what =
      record.done ? "done in " + durationText(record.seconds)
                  : "failed: " + printable(Error(record.errorNode, record.errorPort, record.error).full());
  if (!record.done && options_.quiet)
    std::fprintf(stderr, "%s  %s\n", record.name.c_str(), what.c_str());
  else if (bar_ && !record.done)
    terminal_.log("", record.name + "  " + what);
  else if (!bar_ && !options_.quiet)
    std::fprintf(stderr, "%zu/%zu  %s  %s\n", ended_, jobs_, record.name.c_str(), what.c_str());
}

void BatchReport::say(const std::string& job, const std::string& message) {
  if (options_.json) {
    json event{{"event", "message"}, {"node", ""}, {"message", message}};
    if (!job.empty()) event["job"] = job;
    writeJsonLine(stdout, event);
  } else {
    terminal_.log(job, message);
  }
}

void BatchReport::finish() { terminal_.finish(); }

std::unique_ptr<Observer> BatchReport::watch(const std::string& job, bool shown) {
  if (options_.json && options_.quiet) return std::make_unique<Observer>();
  if (options_.json) return std::make_unique<JsonObserver>(stdout, json{{"job", job}});
  return std::make_unique<ShownSteps>(terminal_, job, bar_ && shown);
}

}  // namespace loom
