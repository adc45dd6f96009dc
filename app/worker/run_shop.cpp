#include "app/worker/run_shop.h"

#include <algorithm>

#include "app/cli/kept_steps.h"
#include "app/cli/memory.h"
#include "app/cli/result_cache.h"
#include "app/worker/rpc.h"
#include "engine/core/text.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr int64_t kMostBudget = int64_t{1} << 50;
constexpr size_t kMostDepth = 64;  // of zones within zones

std::optional<StepKeeping> keepingFrom(Params& params) {
  if (!params.has("keepSteps")) return std::nullopt;
  const json& value = params.value("keepSteps");
  if (value.is_boolean()) return value.get<bool>() ? std::optional(StepKeeping{}) : std::nullopt;
  if (!value.is_object())
    params.refuse("keepSteps", R"(is true, false or {"every", "last", "inner", "budget"})");
  Params rule(value, params.where() + ": keepSteps");
  StepKeeping keeping;
  keeping.rule.every = rule.integer("every", 1, 1, 1'000'000'000);
  keeping.rule.last = rule.integer("last", 0, 0, 1'000'000'000);
  if (const json* inner = rule.has("inner") ? &rule.value("inner") : nullptr; inner && inner->is_boolean())
    keeping.rule.inner = inner->get<bool>();
  else
    keeping.rule.inner = rule.integer("inner", 0, 0, 1'000'000'000);
  keeping.rule.mostBytes = static_cast<size_t>(rule.integer("budget", int64_t{4} << 30, 0, kMostBudget));
  rule.done();
  return keeping;
}

// "zone", if it is there, and under `name` a step from 1 up, or a list: steps done of the zones around it
// and, last, its own. Without `name` its `at` is empty. Refuses others.
Control::Place placeFrom(Params& params, const std::string& name) {
  Control::Place place{params.text("zone", ""), params.integers(name)};
  if (!params.has(name)) return place;
  for (size_t i = 0; i < place.at.size(); ++i)
    if (place.at[i] < (i + 1 == place.at.size() ? 1 : 0) || place.at[i] > kMostSteps) place.at.clear();
  if (place.at.empty() || place.at.size() > kMostDepth)
    params.refuse(name,
                  "is a step from 1 up, or for a zone within others a list: steps done of those around it "
                  "and, last, its own");
  return place;
}

std::map<std::string, ForkPoint> forkPoints(const std::vector<History::ZoneSteps>& zones,
                                            const Control::Place& place) {
  try {
    return forksAt(zones, place, "run.start: fork");
  } catch (const Error& error) {
    throw RpcError(RpcCode::unknown, error.what());
  }
}

}  // namespace

Control::Place pausePlace(Params& params) {
  Control::Place place = placeFrom(params, "done");
  if (place.at.empty()) params.refuse("done", "is missing");
  params.done();
  return place;
}

void requirePause(const Control::Place& place, const Plan& plan, const std::string& where) {
  try {
    requirePlace(place, plan, where);
  } catch (const Error& error) {
    throw RpcError(RpcCode::params, error);
  }
}

RunShop::RunShop(Options options) : options_(std::move(options)) {
  results_ = std::make_shared<Results>(options_.cacheBytes, std::nullopt);
  usualThreads();
}

RunShop::~RunShop() { stopAll(); }

std::shared_ptr<Cache> RunShop::cacheFor(const PreparedGraph& graph) {
  const std::string owner = resultOwner(graph.policy);
  const std::lock_guard lock(mutex_);
  if (owner != owner_) {
    const fs::path folder = resultFolder();
    std::optional<DiskCache::Options> disk;
    if (options_.diskCacheBytes > 0 && !folder.empty())
      disk = DiskCache::Options{.folder = folder,
                                .mostBytes = options_.diskCacheBytes,
                                .program = owner,
                                .device = graph.policy.device,
                                .registry = &options_.registry,
                                .say = {}};
    results_->cache.clear();
    results_ = std::make_shared<Results>(options_.cacheBytes, std::move(disk));
    owner_ = owner;
  }
  return {results_, &results_->cache};
}

void RunShop::clearCache(bool disk) {
  const std::lock_guard lock(mutex_);
  results_->cache.clear();
  if (const fs::path folder = resultFolder(); disk && !folder.empty()) DiskCache::clear(folder);
}

size_t RunShop::cachedBytes() const {
  const std::lock_guard lock(mutex_);
  return results_->cache.bytes();
}

// --- making a run ---

void RunShop::forkFrom(Params& fork, RunPlan& plan, GraphRequest& request) {
  const auto run = fork.optionalText("run"), folder = fork.optionalText("folder");
  if (run.has_value() == folder.has_value()) fork.refuse("run", "or \"folder\" says where to fork from");
  const Control::Place place = placeFrom(fork, "at");
  fork.done();
  fs::path steps;
  if (run) {
    plan.parent = find(*run);
    steps = plan.parent->stepsFolder();
    if (steps.empty())
      throw RpcError(RpcCode::state, "run " + *run + " keeps no steps; start it with \"keepSteps\"");
  } else {
    steps = loom::stepsFolder(fs::absolute(*folder).lexically_normal());
  }
  const std::vector<History::ZoneSteps> zones = History::read(steps);
  if (zones.empty())
    throw RpcError(RpcCode::state,
                   run ? "run " + *run + " has kept no steps yet"
                       : "no steps were kept in " + *folder + " (noiseloom run --keep-steps)");
  if (!place.at.empty()) request.forks = forkPoints(zones, place);
  if (!plan.steps) plan.steps.emplace();
  plan.steps->from = steps;
}

RunPlan RunShop::planFor(const HeldGraph& graph, Params& params, const std::string& id) {
  RunPlan plan;
  plan.id = id;
  plan.graph = graph.id;
  plan.folder = options_.folder / id;
  const PolicyRequest policy = policyFrom(params, options_.policy);
  const std::string out = params.text("out", (plan.folder / "out").string());
  GraphRequest request = Graphs::requestOf(graph, policy, out);
  if (const json* set = params.object("set"))
    for (const auto& [name, value] : set->items()) {
      std::erase_if(request.set, [&](const std::string& each) { return each.starts_with(name + "="); });
      request.set.push_back(name + "=" + lineOf(value));
    }
  plan.cached = params.flag("cache", true);
  plan.checkFinite = params.flag("checkFinite", true);
  plan.steps = keepingFrom(params);
  if (const json* fork = params.object("fork")) {
    Params forkParams(*fork, params.where() + ": fork");
    forkFrom(forkParams, plan, request);
  }
  plan.prepared = prepareGraph(graph.source, request, options_.registry);
  if (!request.forks.empty()) History::requireForks(plan.steps->from, *plan.prepared.plan);
  requireMemory(plan.prepared, forecastOf(*plan.prepared.plan));
  if (params.has("pauseAt")) {
    const std::string where = params.where() + ": pauseAt";
    const json& value = params.value("pauseAt");  // a step, a list, or {"zone", "done"}
    const json place = value.is_object() ? value : json{{"done", value}};
    Params pause(place, where);
    plan.pauseAt = pausePlace(pause);
    requirePause(*plan.pauseAt, *plan.prepared.plan, where);
  }
  return plan;
}

WatchOptions RunShop::watchFrom(Params& params, const RunPlan& plan) const {
  WatchOptions options;
  const auto addAll = [&](const char* name, ProbeRequest::Kind kind) {
    const json* list = params.list(name);
    for (size_t i = 0; list && i < list->size(); ++i)
      options.fixed.push_back(probeFrom((*list)[i], kind, params.where() + ": " + name));
  };
  addAll("record", ProbeRequest::Kind::record);
  addAll("statistics", ProbeRequest::Kind::statistics);
  addAll("previews", ProbeRequest::Kind::preview);
  options.mostBytes = static_cast<size_t>(params.integer("recordBudget", int64_t{512} << 20, 0, kMostBudget));
  options.mostDiskBytes =
      static_cast<uint64_t>(params.integer("recordDisk", int64_t{16} << 30, 0, kMostBudget));
  if (options.mostDiskBytes > 0) options.folder = plan.folder / "recordings";
  return options;
}

json RunShop::start(const HeldGraph& graph, Params& params) {
  int64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (runs_.size() >= kMost)
      throw RpcError(RpcCode::limit, std::to_string(kMost) + " runs are held; run.forget lets go of one");
    number = ++count_;
  }
  RunPlan plan = planFor(graph, params, numberedId("r", number));
  WatchOptions watch = watchFrom(params, plan);
  params.done();
  auto run = std::make_shared<WorkerRun>(
      std::move(plan), std::move(watch),
      WorkerRun::Shared{.registry = options_.registry,
                        .outbox = options_.outbox,
                        .turns = turns_,
                        .cache = [this](const PreparedGraph& prepared) { return cacheFor(prepared); },
                        .changed = options_.changed});
  {
    const std::lock_guard lock(mutex_);
    runs_[number] = run;
  }
  run->start();
  json unused = json::array();
  for (const Error& error : run->plan().prepared.plan->leftOut) unused.push_back(describeError(error));
  return {{"run", run->id()},
          {"graph", graph.id},
          {"device", deviceName(run->plan().prepared.policy)},
          {"dtype", computeName(run->plan().prepared.policy)},
          {"out", run->plan().prepared.files.options().output.string()},
          {"unused", unused}};
}

// --- those there are ---

std::shared_ptr<WorkerRun> RunShop::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, run] : runs_)
    if (run->id() == id) return run;
  throw RpcError(RpcCode::unknown, "there is no run \"" + shortened(id) + "\"");
}

void RunShop::forget(const std::string& id) {
  const std::shared_ptr<WorkerRun> run = find(id);
  run->stop();
  const std::lock_guard lock(mutex_);
  std::erase_if(runs_, [&](const auto& each) { return each.second == run; });
  forgotten_.push_back(run);
}

void RunShop::sweep() {
  std::vector<std::shared_ptr<WorkerRun>> over;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& run : forgotten_)
      if (run->over()) over.push_back(run);
    std::erase_if(forgotten_, [](const auto& run) { return run->over(); });
  }
  over.clear();  // files go without the lock
}

void RunShop::move(const std::string& id, int64_t place) {
  const std::shared_ptr<WorkerRun> run = find(id);
  if (!turns_.move(std::stoll(run->id().substr(1)), static_cast<size_t>(place)))
    throw RpcError(RpcCode::state, "run " + id + " is not waiting");
}

json RunShop::list() const {
  std::vector<std::shared_ptr<WorkerRun>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, run] : runs_) all.push_back(run);
  }
  json runs = json::array(), queue = json::array();
  for (const auto& run : all) {
    json described{{"run", run->id()},
                   {"graph", run->plan().graph},
                   {"state", WorkerRun::nameOf(run->state())},
                   {"bytes", run->bytes()}};
    if (json at = run->events().at(); !at.is_null()) described["at"] = std::move(at);
    runs.push_back(std::move(described));
  }
  for (const int64_t number : turns_.waiting()) queue.push_back(numberedId("r", number));
  return {{"runs", runs}, {"queue", queue}};
}

void RunShop::stopAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, run] : runs_) run->stop();
}

bool RunShop::waitAll(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::vector<std::shared_ptr<WorkerRun>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, run] : runs_) all.push_back(run);
    all.insert(all.end(), forgotten_.begin(), forgotten_.end());
  }
  for (const auto& run : all) {
    const std::chrono::duration<double> left = end - std::chrono::steady_clock::now();
    if (!run->waitOver(std::max(0.0, left.count()))) return false;
  }
  return true;
}

bool RunShop::computing() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(runs_.begin(), runs_.end(),
                     [](const auto& each) { return each.second->state() == WorkerRun::State::running; });
}

uint64_t RunShop::recordedBytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& [number, run] : runs_) bytes += run->bytes();
  return bytes;
}

uint64_t RunShop::recordedDiskBytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& [number, run] : runs_) bytes += run->watch().diskBytes();
  return bytes;
}

}  // namespace loom
