#include "app/cli/run_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "app/cli/composite_observer.h"
#include "app/cli/duration.h"
#include "app/cli/file_collector.h"
#include "app/cli/interrupt.h"
#include "app/cli/json_observer.h"
#include "app/cli/memory.h"
#include "app/cli/output.h"
#include "app/cli/provenance.h"
#include "app/cli/recordings.h"
#include "app/cli/terminal_observer.h"
#include "engine/node/result_text.h"
#include "engine/plan/flatten.h"
#include "engine/run/checkpoints.h"
#include "engine/run/disk_cache.h"
#include "engine/run/history.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

std::string portsOf(const Plan& plan, const std::string& node) {
  std::string names, nodes;
  for (const auto& [port, slot] : plan.ports) {
    const std::string path = port.substr(0, port.rfind('.'));
    if (path == node) names += (names.empty() ? "" : ", ") + port;
    if (!nodes.ends_with(path)) nodes += (nodes.empty() ? "" : ", ") + path;
  }
  return names.empty() ? "the nodes that run are: " + nodes : "there are: " + names;
}

void checkPorts(const Plan& plan, const std::vector<std::string>& ports, const std::string& option) {
  for (const std::string& port : ports) {
    const auto found = plan.ports.find(port);
    if (found == plan.ports.end() && nodeLookedInto(plan, port)) continue;
    if (found == plan.ports.end())
      throw Error(option + " " + port + ": there is no such port; " +
                  portsOf(plan, port.substr(0, port.rfind('.'))));
    const TypeInfo* type = plan.slots[static_cast<size_t>(found->second)].spec.type;
    if (type && type != &typeOf<Any>() && !hasTensor(*type))
      throw Error(option + " " + port + ": it carries " + type->name + ", which is no tensor and no number");
  }
}

/// One run with everything around it: what watches it, what it leaves behind, how it ends.
class RunSession {
 public:
  RunSession(const RunRequest& request, const Registry& registry);
  ~RunSession();
  int run();

 private:
  void prepare();
  void openRecorder();
  void openCache();
  void keepSteps();
  int paused();
  void execute();
  void saveRecordings();
  void saveWhatThereIs();
  void say(const std::string& node, const std::string& message) { observer_.log(node, message); }
  void made(const fs::path& file) { observer_.produced("", file); }
  int finished(const Run& run);
  int stopped();
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  int failed(const std::exception& error, ExitCode code);
  void printFiles() const;
  fs::path shown(const fs::path& file) const;

  const RunRequest& request_;
  const Registry& registry_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  CancelToken cancel_;
  PreparedGraph graph_;
  json provenance_ = json::object();
  std::string documentText_;  // what results carry
  FileCollector files_;
  TerminalObserver terminal_;
  JsonObserver events_{stdout};
  std::unique_ptr<Recorder> recorder_;
  fs::path recordFolder_;  // of frames that don't fit in memory; empty: there is none
  bool recordingsSaved_ = false;
  CompositeObserver observer_;
  std::unique_ptr<DiskCheckpoints> checkpoints_;
  std::unique_ptr<History> history_;  // instead, where all steps are kept
  std::optional<PauseAt> pauseAt_;
  std::unique_ptr<DiskCache> results_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<Run> run_;
};

RunSession::RunSession(const RunRequest& request, const Registry& registry)
    : request_(request),
      registry_(registry),
      terminal_(
          {.bar = !request.json && !request.quiet && isatty(fileno(stderr)), .messages = !request.quiet}) {}

// Frames on disk have done their part when they are in a recording's file.
RunSession::~RunSession() {
  recorder_.reset();
  if (recordingsSaved_ && !recordFolder_.empty()) clearRecordingFolder(recordFolder_);
}

void RunSession::openRecorder() {
  if (!request_.record.empty() && request_.recordDiskBytes > 0)
    recordFolder_ = graph_.files.options().output / ".recordings";
  Recorder::Options options{.record = request_.record,
                            .statistics = request_.statistics,
                            .rule = request_.recordRule,
                            .mostBytes = request_.recordBytes,
                            .folder = recordFolder_,
                            .mostDiskBytes = request_.recordDiskBytes};
  options.thinned = [this](const std::string& port, int64_t every) {
    const std::string disk = recordFolder_.empty()
                                 ? ""
                                 : " and " + sizeText(request_.recordDiskBytes) + " on disk (--record-disk)";
    say("", "recording " + port + " every " + std::to_string(every) + " steps to stay within " +
                sizeText(request_.recordBytes) + " (--record-budget)" + disk);
  };
  options.say = [this](const std::string& message) { say("", message); };
  if (request_.json)
    options.row = [this](const std::string& port, const Recorder::Row& row) {
      events_.statistics(port, row);
    };
  recorder_ = std::make_unique<Recorder>(std::move(options));
}

void RunSession::prepare() {
  GraphRequest graph = request_.graph;
  graph.forks = forksOf(request_.steps);
  graph_ = prepareGraph(graph, registry_);
  if (!graph.forks.empty()) History::requireForks(stepsFolder(request_.steps.fork), *graph_.plan);
  requireMemory(graph_, forecastOf(*graph_.plan));
  limitMemory(graph_.policy);
  checkPorts(*graph_.plan, request_.record, "--record");
  checkPorts(*graph_.plan, request_.statistics, "--stats");
  openRecorder();
  observer_.add(files_);
  observer_.add(*recorder_);
  observer_.add(request_.json ? static_cast<Observer&>(events_) : terminal_);
  for (const LostNode& each : lostNodes(*graph_.document, registry_))
    say(each.node, "is left out with " + each.because);
  checkpoints_ = std::make_unique<DiskCheckpoints>(DiskCheckpoints::Options{
      .folder = graph_.files.options().output / ".checkpoints",
      .everySeconds = request_.checkpointEvery,
      .resume = request_.resume,
      .device = graph_.policy.device,
      .plan = graph_.plan.get(),
      .registry = &registry_,
      .cancel = &cancel_,
      .say = [this](const std::string& zone, const std::string& message) { say(zone, message); }});
  keepSteps();
  if (request_.json)
    writeJsonLine(stdout, {{"event", "started"},
                           {"graph", graph_.source.file.string()},
                           {"version", programVersion()},
                           {"device", deviceName(graph_.policy)},
                           {"dtype", computeName(graph_.policy)}});
}

// Every step that is kept is a checkpoint too.
void RunSession::keepSteps() {
  const StepRequest& steps = request_.steps;
  if (!steps.pauseAt.empty()) {
    const Control::Place place = placeOf(steps.pauseAt, "--pause-at");
    requirePlace(place, *graph_.plan, "--pause-at " + steps.pauseAt);
    pauseAt_.emplace(place, cancel_);
    observer_.add(*pauseAt_);
  }
  if (!steps.kept()) return;
  const fs::path folder = stepsFolder(graph_.files.options().output);
  if (!steps.fork.empty()) copySteps(stepsFolder(fs::absolute(steps.fork)), folder);
  history_ = std::make_unique<History>(
      History::Options{.folder = folder,
                       .keep = steps.rule(),
                       .device = graph_.policy.device,
                       .plan = graph_.plan.get(),
                       .registry = &registry_,
                       .say = [this](const std::string& zone, const std::string& text) { say(zone, text); }});
}

// No memory of its own: one run has no use for its results twice, and may write into them instead.
void RunSession::openCache() {
  const fs::path folder = resultFolder();
  // A zone whose result is known takes no steps, and so keeps none.
  if (request_.noCache || request_.cacheBytes == 0 || folder.empty() || request_.steps.any()) return;
  results_ = std::make_unique<DiskCache>(
      DiskCache::Options{.folder = folder,
                         .mostBytes = request_.cacheBytes,
                         .program = resultOwner(graph_.policy),
                         .device = graph_.policy.device,
                         .registry = &registry_,
                         .say = [this](const std::string& message) { say("", message); }});
  cache_ = std::make_unique<Cache>(0, results_.get());
}

void RunSession::execute() {
  RunOptions options;
  options.policy = graph_.policy;
  options.files = graph_.files;
  options.observer = &observer_;
  options.cancel = &cancel_;
  options.checkpoints = history_ ? static_cast<CheckpointStore*>(history_.get())
                                 : static_cast<CheckpointStore*>(checkpoints_.get());
  openCache();
  options.cache = cache_.get();
  options.probes = request_.record;
  for (const std::string& port : request_.statistics)
    if (std::find(options.probes.begin(), options.probes.end(), port) == options.probes.end())
      options.probes.push_back(port);
  provenance_ = provenanceOf(graph_, registry_, &cancel_);
  documentText_ = writeGraph(*graph_.document);
  if (!request_.steps.fork.empty()) addParents(provenance_, stepsFolder(fs::absolute(request_.steps.fork)));
  if (history_) writeOrigin(stepsFolder(graph_.files.options().output), documentText_, provenance_);
  options.provenance = provenance_;
  options.documentText = documentText_;
  run_ = std::make_unique<Run>(graph_.plan, std::move(options));
  run_->execute();
}

void RunSession::saveRecordings() {
  const fs::path& folder = graph_.files.options().output;
  if (!request_.record.empty() || !request_.statistics.empty()) fs::create_directories(folder);
  for (const std::string& port : request_.record) {
    if (recorder_->frames(port).empty()) {
      say("", "nothing was recorded of " + port + ": it was not computed in this run");
      continue;
    }
    const auto texts = resultTexts(documentText_, provenance_, {{"recorded", port}});
    saveRecording(folder / (portStem(port) + ".safetensors"), port, *recorder_, texts);
    made(folder / (portStem(port) + ".safetensors"));
    if (saveFilmStrip(folder / (portStem(port) + ".png"), port, *recorder_, texts))
      made(folder / (portStem(port) + ".png"));
  }
  for (const std::string& port : request_.statistics) {
    saveStatistics(folder / (portStem(port) + ".csv"), recorder_->statistics(port));
    made(folder / (portStem(port) + ".csv"));
  }
  recordingsSaved_ = true;
}

// After a stop or a failure: what led there is what one wants to see, and the first error stays the one told.
void RunSession::saveWhatThereIs() {
  try {
    saveRecordings();
  } catch (const std::exception& error) {
    const bool onDisk = recorder_ && recorder_->diskBytes() > 0;
    say("",
        std::string("the recordings were not saved: ") + plainError(error).what() +
            (onDisk ? "; the frames that were not in memory are in " + shown(recordFolder_).string() : ""));
  }
}

// As the user named the folder: below the current one without the way to it.
fs::path RunSession::shown(const fs::path& file) const {
  const fs::path relative = file.lexically_relative(fs::current_path());
  return relative.empty() || relative.begin()->string() == ".." ? file : relative;
}

void RunSession::printFiles() const {
  if (request_.json || request_.quiet) return;
  for (const fs::path& file : files_.files) std::printf("%s\n", shown(file).c_str());
  std::fflush(stdout);
}

int RunSession::finished(const Run& run) {
  checkpoints_->remove();
  terminal_.finish();
  if (request_.json) {
    json outputs = json::object(), files = json::array();
    for (const auto& [name, slot] : graph_.plan->outputs) outputs[name] = run.output(name).summary();
    for (const fs::path& file : files_.files) files.push_back(file.string());
    writeJsonLine(stdout,
                  {{"event", "finished"}, {"seconds", seconds()}, {"files", files}, {"outputs", outputs}});
  } else if (!request_.quiet) {
    printFiles();
    if (files_.files.empty())
      std::fprintf(stderr, "nothing was saved: no node of this graph writes a file\n");
    std::fprintf(stderr, "done in %s\n", durationText(seconds()).c_str());
  }
  return kDone;
}

int RunSession::paused() {
  const Control::Place& place = pauseAt_->reached();
  if (request_.json) {
    json event{{"event", "paused"}, {"seconds", seconds()}, {"zone", place.zone}, {"done", place.at.back()}};
    if (place.at.size() > 1) event["at"] = place.at;
    writeJsonLine(stdout, event);
    return kDone;
  }
  printFiles();
  std::fprintf(stderr, "paused in %s after step %s\nto go on, give the same command %s\n", place.zone.c_str(),
               joined(place.at).c_str(),
               history_ ? "without --pause-at; with changes, --fork" : "with --resume, without --pause-at");
  return kDone;
}

int RunSession::stopped() {
  terminal_.finish();
  if (pauseAt_ && pauseAt_->hasPaused()) return paused();
  const std::vector<DiskCheckpoints::Kept> kept =
      checkpoints_ ? checkpoints_->kept() : std::vector<DiskCheckpoints::Kept>();
  if (request_.json) {
    json zones = json::array();
    for (const auto& each : kept)
      zones.push_back({{"zone", each.zone}, {"done", each.done}, {"count", each.count}});
    writeJsonLine(stdout, {{"event", "stopped"}, {"seconds", seconds()}, {"kept", zones}});
    return kStopped;
  }
  printFiles();
  std::string where;
  for (const auto& each : kept)
    where += (where.empty() ? " " : ", ") + each.zone + " after " + std::to_string(each.done) + " of " +
             std::to_string(each.count) + " steps";
  std::fprintf(stderr, "stopped%s\n", where.c_str());
  if (!kept.empty()) std::fprintf(stderr, "to go on from there, give the same command with --resume\n");
  return kStopped;
}

int RunSession::failed(const std::exception& error, ExitCode code) {
  terminal_.finish();
  printFiles();
  return report(plainError(error), code, request_.json);
}

int RunSession::run() {
  const Interrupt interrupt(cancel_);
  ExitCode stage = kRefused;
  try {
    prepare();
    stage = kFailed;
    execute();
    saveRecordings();
    return finished(*run_);
  } catch (const Cancelled&) {
    saveWhatThereIs();
    return stopped();
  } catch (const std::exception& error) {
    if (stage == kFailed) saveWhatThereIs();
    return failed(error, stage);
  }
}

}  // namespace

int runCommand(const RunRequest& request, const Registry& registry) {
  return RunSession(request, registry).run();
}

}  // namespace loom
