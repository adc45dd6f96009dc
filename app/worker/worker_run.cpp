#include "app/worker/worker_run.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "app/cli/composite_observer.h"
#include "app/cli/kept_steps.h"
#include "app/cli/output.h"
#include "app/cli/provenance.h"
#include "app/worker/graph_check.h"
#include "app/worker/rpc.h"
#include "engine/core/text.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

int64_t numberIn(const std::string& id) { return std::stoll(id.substr(1)); }

bool isOver(WorkerRun::State state) {
  return state == WorkerRun::State::finished || state == WorkerRun::State::failed ||
         state == WorkerRun::State::stopped;
}

}  // namespace

int usualThreads() {
  static const int threads = at::get_num_threads();
  return threads;
}

WorkerRun::WorkerRun(RunPlan plan, WatchOptions watch, Shared shared)
    : plan_(std::move(plan)),
      shared_(std::move(shared)),
      number_(numberIn(plan_.id)),
      control_(&cancel_, [this](bool paused) { pauseChanged(paused); }),
      events_(plan_.id, shared_.outbox),
      watch_(std::move(watch), plan_.prepared.plan, events_,
             [this](const LivePreviews::Frame& frame) { events_.preview(frame); }) {
  if (plan_.pauseAt) control_.runTo(*plan_.pauseAt);
}

WorkerRun::~WorkerRun() {
  stop();
  if (thread_.joinable()) thread_.join();
  std::error_code ignored;
  if (!plan_.folder.empty()) fs::remove_all(plan_.folder, ignored);
}

void WorkerRun::start() {
  shared_.turns.queue(number_);
  setState(State::queued);
  thread_ = std::thread([this] { run(); });
}

const char* WorkerRun::nameOf(State state) {
  switch (state) {
    case State::queued:
      return "queued";
    case State::running:
      return "running";
    case State::paused:
      return "paused";
    case State::waiting:
      return "waiting";
    case State::finished:
      return "finished";
    case State::failed:
      return "failed";
    case State::stopped:
      return "stopped";
  }
  return "";
}

// --- steering ---

void WorkerRun::stop() {
  cancel_.request();
  shared_.turns.wake();
}

bool WorkerRun::pause() {
  if (over()) return false;
  control_.pause();
  return true;
}
bool WorkerRun::proceed() {
  if (over()) return false;
  leavePause();
  control_.proceed();
  return true;
}
bool WorkerRun::step(int64_t steps) {
  if (over()) return false;
  leavePause();
  control_.step(steps);
  return true;
}
bool WorkerRun::runTo(const Control::Place& place) {
  if (over()) return false;
  leavePause();
  control_.runTo(place);
  return true;
}

// Before the answer to the command, so that whoever waits for the next pause does not see the last one.
void WorkerRun::leavePause() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::paused) changeState(State::waiting, nullptr);
}

// Another run may compute while this one is looked at.
void WorkerRun::pauseChanged(bool paused) {
  if (paused) {
    watch_.settle();
    events_.paused();
    setState(State::paused);
    shared_.turns.done(number_);
    return;
  }
  leavePause();
  shared_.turns.queue(number_, Turns::Place::first);
  shared_.turns.wait(number_, cancel_);
  events_.resumed();
  setState(State::running);
}

// --- how it is ---

WorkerRun::State WorkerRun::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool WorkerRun::over() const { return isOver(state()); }

bool WorkerRun::waitOver(double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return isOver(state_); });
}

double WorkerRun::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

// Told under the lock, so that the client hears of changes in their order.
void WorkerRun::setState(State state, const Error* error) {
  {
    const std::lock_guard lock(mutex_);
    changeState(state, error);
  }
  changed_.notify_all();
  if (shared_.changed) shared_.changed();
}

void WorkerRun::changeState(State state, const Error* error) {
  if (state == State::running && state_ == State::queued) began_ = std::chrono::steady_clock::now();
  state_ = state;
  if (error) error_ = *error;
  seconds_ = seconds();
  json message{{"run", plan_.id}, {"graph", plan_.graph}, {"state", nameOf(state)}};
  if (json at = events_.at(); !at.is_null()) message["at"] = std::move(at);
  if (error) message["error"] = describeError(*error);
  if (isOver(state)) {
    message["seconds"] = seconds_;
    message["files"] = events_.files();
  }
  shared_.outbox.send(rpcNotification("run.state", std::move(message)));
}

json WorkerRun::status() const {
  json status{{"run", plan_.id}, {"graph", plan_.graph}};
  {
    const std::lock_guard lock(mutex_);
    status["state"] = nameOf(state_);
    status["seconds"] = state_ == State::queued ? 0.0 : isOver(state_) ? seconds_ : seconds();
    if (error_) status["error"] = describeError(*error_);
  }
  if (json at = events_.at(); !at.is_null()) status["at"] = std::move(at);
  if (const std::string node = events_.node(); !node.empty()) status["node"] = node;
  status["zones"] = events_.zonesJson();
  status["files"] = events_.files();
  status["bytes"] = bytes();
  status["device"] = deviceName(plan_.prepared.policy);
  status["dtype"] = computeName(plan_.prepared.policy);
  status["out"] = plan_.prepared.files.options().output.string();
  if (plan_.parent) status["parent"] = plan_.parent->id();
  status["probes"] = watch_.describe();
  return status;
}

fs::path WorkerRun::stepsFolder() const { return plan_.steps ? loom::stepsFolder(plan_.folder) : fs::path(); }

std::vector<int64_t> WorkerRun::firstStep(const std::string& port) const {
  const Plan& plan = *plan_.prepared.plan;
  const auto found = plan.ports.find(port);
  if (found == plan.ports.end()) return {};
  std::vector<int64_t> first;
  const auto zones = events_.zones();
  for (int zone = plan.slots[static_cast<size_t>(found->second)].zone; zone >= 0;
       zone = plan.zones[static_cast<size_t>(zone)].parent) {
    const auto begun = zones.find(plan.zones[static_cast<size_t>(zone)].path);
    first.insert(first.begin(), begun == zones.end() ? 0 : begun->second.begun);
  }
  return first;
}

Value WorkerRun::output(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = outputs_.find(name); found != outputs_.end()) return found->second;
  if (state_ != State::finished)
    throw RpcError(RpcCode::state, "the outputs of run " + plan_.id + " are there when it has finished");
  throw RpcError(RpcCode::unknown, "the graph exposes no output \"" + shortened(name) + "\"");
}

json WorkerRun::outputs() const {
  const std::lock_guard lock(mutex_);
  if (state_ != State::finished)
    throw RpcError(RpcCode::state, "the outputs of run " + plan_.id + " are there when it has finished");
  json all = json::array();
  for (const auto& [name, value] : outputs_) {
    json described{{"name", name},
                   {"type", value.empty() ? "" : value.type().id},
                   {"summary", value.empty() ? "nothing" : value.summary()}};
    if (!value.empty() && value.type().isScalar()) described["value"] = value.type().format(value);
    all.push_back(std::move(described));
  }
  return all;
}

uint64_t WorkerRun::bytes() const {
  uint64_t bytes = watch_.bytes();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, value] : outputs_)
    if (!value.empty()) bytes += value.bytes();
  return bytes;
}

// --- the run itself ---

void WorkerRun::run() {
  try {
    shared_.turns.wait(number_, cancel_);
    setState(State::running);
    execute();
    watch_.settle();
    setState(State::finished);
  } catch (const Cancelled&) {
    watch_.settle();
    setState(State::stopped);
  } catch (const std::exception& error) {
    watch_.settle();
    const Error plain = plainError(error);
    setState(State::failed, &plain);
  }
  shared_.turns.done(number_);
}

// A zone whose result is known takes no steps, and would keep none: what is kept of it must be watched.
void WorkerRun::keepProbes(RunOptions& options) const {
  if (!plan_.steps) return;
  for (const PlanZone& zone : plan_.prepared.plan->zones) {
    if (zone.parent >= 0 || zone.state.empty()) continue;
    const std::string port = zone.path + "." + zone.state.front().name;
    if (plan_.prepared.plan->ports.contains(port) &&
        std::find(options.probes.begin(), options.probes.end(), port) == options.probes.end())
      options.probes.push_back(port);
  }
}

RunOptions WorkerRun::optionsFor(CheckpointStore* steps, Cache* cache) {
  const PreparedGraph& graph = plan_.prepared;
  RunOptions options;
  options.policy = graph.policy;
  options.files = graph.files;
  options.cancel = &cancel_;
  options.checkpoints = steps;
  options.cache = cache;
  options.probes = watch_.fixedPorts();
  options.live = &watch_.live();
  options.checkFinite = plan_.checkFinite;
  keepProbes(options);
  options.provenance = provenanceOf(graph, shared_.registry, &cancel_);
  options.documentText = writeGraph(*graph.document);
  if (plan_.steps) {
    if (!plan_.steps->from.empty()) addParents(options.provenance, plan_.steps->from);
    writeOrigin(stepsFolder(), options.documentText, options.provenance);
  }
  return options;
}

void WorkerRun::execute() {
  const PreparedGraph& graph = plan_.prepared;
  // What an earlier run has set stays set for new threads.
  at::set_num_threads(graph.policy.threads > 0 ? graph.policy.threads : usualThreads());
  std::optional<History> history;
  if (plan_.steps) {
    if (!plan_.steps->from.empty()) copySteps(plan_.steps->from, stepsFolder());
    history.emplace(History::Options{
        .folder = stepsFolder(),
        .keep = plan_.steps->rule,
        .device = graph.policy.device,
        .plan = graph.plan.get(),
        .registry = &shared_.registry,
        .say = [this](const std::string& zone, const std::string& text) { events_.log(zone, text); }});
  }
  // Pausing comes last: by then the step has been told of and recorded.
  CompositeObserver observer;
  observer.add(watch_.observer());
  observer.add(events_);
  observer.add(control_);
  const std::shared_ptr<Cache> cache = plan_.cached ? shared_.cache(graph) : nullptr;
  RunOptions options = optionsFor(history ? &*history : nullptr, cache.get());
  options.observer = &observer;
  Run run(graph.plan, std::move(options));
  run.execute();
  std::map<std::string, Value> outputs;
  for (const auto& [name, slot] : graph.plan->outputs) outputs[name] = run.output(name);
  const std::lock_guard lock(mutex_);
  outputs_ = std::move(outputs);
}

}  // namespace loom
