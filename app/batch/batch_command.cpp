#include "app/batch/batch_command.h"

#include <ATen/Parallel.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "app/batch/grid.h"
#include "app/batch/job_queue.h"
#include "app/batch/summary.h"
#include "app/batch/workers.h"
#include "app/cli/duration.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/provenance.h"
#include "engine/run/disk_cache.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr size_t kQuickGridJobs = 400;
constexpr auto kAskAgain = std::chrono::milliseconds(300);  // whether others have done their jobs

std::optional<size_t> numberIn(std::string_view text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::pair<size_t, size_t> shardOf(const std::string& text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const auto i = numberIn(std::string_view(text).substr(0, slash));
  const auto n = slash < text.size() ? numberIn(std::string_view(text).substr(slash + 1)) : std::nullopt;
  if (!i || !n || *i < 1 || *i > *n)
    throw Error("--shard " + text + ": it is i/n with i from 1 to n, such as --shard 2/3");
  return {*i, *n};
}

int togetherOf(const std::string& text) {
  if (text == "auto") return 0;
  const auto number = numberIn(text);
  if (!number || *number < 1 || *number > 4096)
    throw Error("--together " + text + ": it is auto, or from 1 to 4096");
  return static_cast<int>(*number);
}

JobList jobsOf(const BatchRequest& request) {
  const bool isJobs = isJobFile(request.graph.file);
  if (isJobs && !request.jobs.empty())
    throw Error("there are two files of jobs: " + request.graph.file + " and " + request.jobs);
  if (!isJobs && !request.jobsGraph.empty())
    throw Error("--graph is for files of jobs; " + request.graph.file + " is taken to be the graph");
  const std::string file = isJobs ? request.graph.file : request.jobs;
  std::vector<Sweep> sweeps;
  for (const std::string& text : request.sweeps) sweeps.push_back(parseSweep(text));
  if (file.empty() && sweeps.empty())
    throw Error("a batch needs --sweep name=values or --jobs FILE; one job alone is `noiseloom run`");
  std::optional<JobFile> rows;
  if (!file.empty()) rows = readJobFile(file);
  return JobList(std::move(rows), std::move(sweeps), isJobs ? request.jobsGraph : request.graph.file);
}

std::string newSession() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return KeyBuilder("session").add(now).add(::getpid()).key().hex().substr(0, 16);
}

uint64_t quarterOfMemory() {
  const auto pages = static_cast<uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
  return std::max<uint64_t>(pages * static_cast<uint64_t>(::sysconf(_SC_PAGE_SIZE)) / 4, uint64_t{512} << 20);
}

/// A call of `batch`, from its arguments to its summary.
class BatchSession {
 public:
  BatchSession(const BatchRequest& request, const Registry& registry);
  int run();

 private:
  void prepare();
  void becomeWorker();
  void openCache();
  GraphRequest common() const;
  JobSurroundings around();
  int dryRun() const;
  bool work();
  bool workHere(const JobSurroundings& around);
  bool waitForOthers(Claims& claims);
  int conclude(bool whole);
  int countsAs(const BatchSummary& summary, bool whole) const;
  void printEnd(const BatchSummary& summary, bool whole);
  bool isWorker() const { return !request_.asWorker.empty(); }
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  const BatchRequest& request_;
  const Registry& registry_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  CancelToken cancel_;
  BatchReport report_;
  WorkerOrder order_;
  Policy policy_;
  fs::path out_;
  int together_ = 0;
  std::optional<JobList> jobs_;
  std::optional<CheckedJobs> checked_;
  std::optional<JobStates> states_;
  std::unique_ptr<DiskCache> results_;
  std::unique_ptr<Cache> cache_;
  bool saidWaiting_ = false;
};

BatchSession::BatchSession(const BatchRequest& request, const Registry& registry)
    : request_(request),
      registry_(registry),
      report_({.json = request.json, .quiet = request.quiet, .worker = !request.asWorker.empty()}) {}

// Without the process that started it nobody would hear of it, nor stop it.
void BatchSession::becomeWorker() {
  order_ = WorkerOrder::parse(request_.asWorker);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != order_.parent) cancel_.request();
}

GraphRequest BatchSession::common() const {
  GraphRequest common = request_.graph;
  common.decided = policy_;
  return common;
}

void BatchSession::prepare() {
  if (isWorker()) becomeWorker();
  const auto [shard, shards] = shardOf(request_.shard);
  together_ = togetherOf(request_.together);
  if (order_.together) together_ = order_.together;
  jobs_.emplace(jobsOf(request_));
  PolicyRequest policy = request_.graph.policy;
  if (isWorker()) policy.threads = order_.threads;
  policy_ = decidePolicy(policy);
  if (policy_.threads > 0) at::set_num_threads(policy_.threads);
  out_ = fs::absolute(request_.graph.out).lexically_normal();
  checked_.emplace(*jobs_, common(), registry_, cancel_,
                   isWorker() ? order_.workers : std::max(request_.workers, 1));
  states_.emplace(*jobs_, *checked_,
                  JobStates::Options{.out = out_,
                                     .session = isWorker() ? order_.session : newSession(),
                                     .redo = request_.redo,
                                     .keepFailed = request_.keepFailed,
                                     .shard = shard,
                                     .shards = shards});
}

// In memory for the jobs of this process, on disk for all that come later.
void BatchSession::openCache() {
  const fs::path folder = resultFolder();
  if (!request_.noCache && request_.cacheBytes > 0 && !folder.empty())
    results_ = std::make_unique<DiskCache>(
        DiskCache::Options{.folder = folder,
                           .mostBytes = request_.cacheBytes,
                           .program = resultOwner(policy_),
                           .device = policy_.device,
                           .registry = &registry_,
                           .say = [this](const std::string& message) { report_.say("", message); }});
  const uint64_t most =
      request_.memoryBytes ? request_.memoryBytes : quarterOfMemory() / static_cast<uint64_t>(order_.workers);
  cache_ = std::make_unique<Cache>(most, results_.get());
}

JobSurroundings BatchSession::around() {
  return {*jobs_, *checked_, out_, registry_, cache_.get(), cancel_, report_, states_->options().session};
}

int BatchSession::dryRun() const {
  for (size_t job = 0; job < jobs_->size(); ++job) {
    if (!states_->mine(job)) continue;
    const auto record = states_->record(job);
    const JobStates::State state = states_->state(job);
    const std::string status = state == JobStates::State::done ? "done"
                               : record && !record->done       ? "failed before"
                                                               : "to do";
    std::string text;
    for (const Setting& setting : jobs_->settings(job))
      text += "  " + setting.name + "=" + jobs_->label(job, setting.name);
    if (request_.json)
      writeJsonLine(stdout, {{"event", "job"},
                             {"job", states_->folder(job)},
                             {"graph", jobs_->graph(job)},
                             {"status", status},
                             {"settings", jobs_->settingsJson(job)}});
    else
      std::printf("%-13s  %s %s\n", status.c_str(), states_->folder(job).c_str(), text.c_str());
  }
  if (!request_.json)
    std::fprintf(stderr, "%zu of %zu jobs are to be done\n", states_->missing().size(), states_->countMine());
  return kDone;
}

// Until nothing is left that this process could do, and what others do is done or free again. False: stopped.
bool BatchSession::work() {
  const JobSurroundings around = this->around();
  if (request_.workers <= 1 || isWorker()) return workHere(around);
  const int all = policy_.threads > 0 ? policy_.threads : at::get_num_threads();
  Claims claims({.folder = recordFolder(out_)});
  do {
    Workers workers(around, *states_,
                    {.count = request_.workers,
                     .threads = std::max(1, all / request_.workers),
                     .arguments = request_.arguments});
    if (!workers.run()) return false;
  } while (waitForOthers(claims));
  return !cancel_.requested();
}

bool BatchSession::workHere(const JobSurroundings& around) {
  openCache();
  const JobSurroundings with{around.jobs,  around.checked, around.out,    around.registry,
                             cache_.get(), around.cancel,  around.report, around.session};
  Claims claims({.folder = recordFolder(out_)});
  do {
    JobQueue queue(with, *states_, claims, {.together = together_, .workers = order_.workers});
    const JobQueue::End end = queue.run();
    if (end == JobQueue::End::stopped) return false;
    if (isWorker()) return true;  // the process that started it waits for others
  } while (waitForOthers(claims));
  return !cancel_.requested();
}

// True where a job has come free that is not done: its process is no more.
bool BatchSession::waitForOthers(Claims& claims) {
  while (!cancel_.requested()) {
    const std::vector<size_t> missing = states_->missing();
    if (missing.empty()) return false;
    for (const size_t job : missing)
      if (!claims.isHeld(states_->folder(job)) && states_->state(job) == JobStates::State::missing)
        return true;
    if (!saidWaiting_)
      report_.say("", "waiting for " + std::to_string(missing.size()) +
                          (missing.size() == 1 ? " job" : " jobs") + " that other processes do");
    saidWaiting_ = true;
    std::this_thread::sleep_for(kAskAgain);
  }
  return false;
}

int BatchSession::countsAs(const BatchSummary& summary, bool whole) const {
  if (!whole) return kStopped;
  return summary.mineDone == summary.mine ? kDone : kFailed;
}

void BatchSession::printEnd(const BatchSummary& summary, bool whole) {
  const fs::path out(request_.graph.out);
  if (request_.json) {
    json files = json::array();
    for (const std::string& file : summary.files) files.push_back((out / file).string());
    return writeJsonLine(stdout, {{"event", whole ? "batch-finished" : "batch-stopped"},
                                  {"seconds", seconds()},
                                  {"jobs", summary.mine},
                                  {"done", summary.mineDone},
                                  {"failed", summary.mineFailed},
                                  {"files", files}});
  }
  if (request_.quiet) return;
  for (const std::string& file : summary.files) std::printf("%s\n", (out / file).c_str());
  std::fflush(stdout);
  const std::string failed = summary.mineFailed ? ", " + std::to_string(summary.mineFailed) + " failed" : "";
  std::fprintf(stderr, "%s%zu of %zu jobs done%s, in %s\n", whole ? "" : "stopped: ", summary.mineDone,
               summary.mine, failed.c_str(), durationText(seconds()).c_str());
  if (!whole) std::fprintf(stderr, "to go on, give the same command again: what is done stays done\n");
}

int BatchSession::conclude(bool whole) {
  report_.finish();
  BatchSummary summary = summaryOf(*jobs_, *states_);
  Claims claims({.folder = recordFolder(out_)});
  for (size_t job = 0; whole && job < jobs_->size(); ++job)
    if (states_->mine(job)) claims.tidy(states_->folder(job));
  // Who stops does not wait for a large one.
  const bool drawn = !request_.noGrid && (whole || summary.results.size() <= kQuickGridJobs);
  if (drawn && summary.results.size() > 1 &&
      writeGrid(out_ / "grid.png", *jobs_, [&](size_t job) { return gridPicture(summary, job, out_); }))
    summary.files.push_back("grid.png");
  summary.files.push_back("summary.json");
  writeSummary(out_ / "summary.json", summary, seconds(), !whole);
  printEnd(summary, whole);
  return countsAs(summary, whole);
}

int BatchSession::run() {
  const Interrupt interrupt(cancel_);
  ExitCode stage = kRefused;
  try {
    prepare();
    if (request_.dryRun) return dryRun();
    std::error_code error;
    fs::create_directories(recordFolder(out_), error);
    if (error)
      throw Error("the folder " + recordFolder(out_).string() + " can't be made: " + error.message());
    stage = kFailed;
    report_.started(states_->countMine(), states_->countMine() - states_->missing().size(),
                    {{"version", programVersion()},
                     {"device", deviceName(policy_)},
                     {"dtype", computeName(policy_)},
                     {"out", out_.string()}});
    const bool whole = work();
    if (isWorker()) return whole ? kDone : kStopped;
    return conclude(whole);
  } catch (const Cancelled&) {
    report_.finish();
    if (request_.json && !isWorker())
      writeJsonLine(stdout, {{"event", "batch-stopped"}, {"seconds", seconds()}});
    if (!request_.json) std::fprintf(stderr, "stopped\n");
    return kStopped;
  } catch (const std::exception& error) {
    report_.finish();
    return report(plainError(error), stage, request_.json);
  }
}

}  // namespace

int batchCommand(const BatchRequest& request, const Registry& registry) {
  return BatchSession(request, registry).run();
}

}  // namespace loom
