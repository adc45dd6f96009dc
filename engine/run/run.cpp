#include "engine/run/run.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include <algorithm>

#include "engine/run/implementation.h"

namespace loom {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Torch's own texts carry a C++ backtrace; a person needs the first paragraph.
std::string plainMessage(const std::exception& error) {
  if (const auto* torch = dynamic_cast<const c10::Error*>(&error)) return torch->what_without_backtrace();
  if (dynamic_cast<const std::bad_alloc*>(&error)) return "out of memory; a smaller batch or size needs less";
  return error.what();
}

}  // namespace

Run::Run(std::shared_ptr<const Plan> plan, RunOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(plan), std::move(options))) {}
Run::~Run() = default;
void Run::execute() { implementation_->execute(); }
const Value& Run::output(const std::string& name) const { return implementation_->output(name); }

Run::Implementation::Implementation(std::shared_ptr<const Plan> plan, RunOptions options)
    : plan_(std::move(plan)), options_(std::move(options)) {
  policy = options_.policy;
  files = options_.files;
  cancel = options_.cancel;
  document = options_.documentText;
  provenance = options_.provenance;
  slots_.resize(plan_->slots.size());
  for (size_t i = 0; i < slots_.size(); ++i) slots_[i] = plan_->slots[i].constant;
  tableFilled_.assign(plan_->zones.size(), 0);
  stateProbes_.resize(plan_->zones.size());
  everyNode_ = options_.observer && options_.observer->wantsEveryNode();
  bind();
}

void Run::Implementation::log(const std::string& node, const std::string& message) {
  if (options_.observer) options_.observer->log(node, message);
}
void Run::Implementation::progress(const std::string& node, int64_t done, int64_t total) {
  if (options_.observer) options_.observer->progress(node, done, total);
}
void Run::Implementation::produced(const std::string& node, const std::filesystem::path& file) {
  if (options_.observer) options_.observer->produced(node, file);
}

const Value& Run::Implementation::output(const std::string& name) const {
  const auto found = plan_->outputs.find(name);
  if (found == plan_->outputs.end()) throw Error("the graph has no output \"" + name + "\"");
  return slots_[found->second];
}

void Run::Implementation::bind() {
  std::map<SlotId, const std::string*> probed;
  for (const std::string& port : options_.probes) {
    const auto found = plan_->ports.find(port);
    if (found == plan_->ports.end()) throw Error("there is no port " + port + " to watch");
    probed[found->second] = &found->first;
  }
  for (size_t zone = 0; zone < plan_->zones.size(); ++zone)
    for (const PlanZone::State& state : plan_->zones[zone].state)
      if (probed.contains(state.slot)) stateProbes_[zone].emplace_back(*probed[state.slot], state.slot);
  bound_.resize(plan_->ops.size());
  for (size_t i = 0; i < bound_.size(); ++i) {
    const PlanOp& op = plan_->ops[i];
    Bound& bound = bound_[i];
    for (SlotId slot : op.in) bound.in.push_back(&slots_[slot]);
    for (SlotId slot : op.out) bound.out.push_back(&slots_[slot]);
    for (SlotId slot : op.takeable) bound.takeable.push_back(&slots_[slot]);
    if (op.prepared >= 0) bound.prepared = &slots_[op.prepared];
    if (op.when >= 0) bound.when = &slots_[op.when];
    if (!probed.empty())
      for (SlotId slot : op.out)
        if (const auto found = probed.find(slot); found != probed.end())
          bound.probes.emplace_back(found->second, &slots_[slot]);
  }
}

void Run::Implementation::execute() {
  if (policy.threads > 0) at::set_num_threads(policy.threads);
  c10::AutoGradMode noGradients(false);
  if (options_.observer) options_.observer->runStarted(*plan_);
  runRoot();
  if (options_.observer) options_.observer->runFinished();
}

// Walks back from the effects and targets; what the cache holds asks for nothing before it.
std::vector<char> Run::Implementation::demanded() {
  std::vector<char> needed(plan_->slots.size(), 0), zoneRuns(plan_->zones.size(), 0),
      runs(plan_->ops.size(), 0);
  std::vector<char> watched(plan_->slots.size(), 0);
  for (SlotId target : plan_->targets) needed[target] = 1;
  for (const std::string& port : options_.probes) watched[plan_->ports.at(port)] = 1;
  for (auto id = plan_->root.rbegin(); id != plan_->root.rend(); ++id) {
    const PlanOp& op = plan_->ops[*id];
    const auto wanted = [&](SlotId slot) { return needed[slot] || watched[slot]; };
    bool run = op.effect || std::any_of(op.out.begin(), op.out.end(), wanted);
    if (op.kind == PlanOp::Kind::table)
      for (int zone = op.zone; zone >= 0 && !run; zone = plan_->zones[zone].parent) run = zoneRuns[zone] != 0;
    // A zone that is watched must go round, whatever the cache holds.
    const bool watchedInside =
        op.kind == PlanOp::Kind::zone &&
        std::any_of(options_.probes.begin(), options_.probes.end(), [&](const auto& port) {
          int zone = plan_->slots[plan_->ports.at(port)].zone;
          while (zone >= 0 && zone != op.zone) zone = plan_->zones[zone].parent;
          return zone == op.zone;
        });
    run |= watchedInside;
    if (!run) continue;
    if (options_.cache && op.key && !op.effect && !watchedInside)
      if (const auto outputs = options_.cache->find(op.key)) {
        fromCache(op, *outputs);
        continue;
      }
    runs[*id] = 1;
    if (op.kind == PlanOp::Kind::zone)
      for (size_t zone = 0; zone < plan_->zones.size(); ++zone)
        for (int outer = static_cast<int>(zone); outer >= 0; outer = plan_->zones[outer].parent)
          if (outer == op.zone) zoneRuns[zone] = 1;
    for (SlotId slot : op.in) needed[slot] = 1;
    for (SlotId slot : op.reads) needed[slot] = 1;
    if (op.when >= 0) needed[op.when] = 1;
    if (op.prepared >= 0) needed[op.prepared] = 1;
  }
  return runs;
}

void Run::Implementation::fromCache(const PlanOp& op, const std::vector<Value>& outputs) {
  for (size_t i = 0; i < op.out.size(); ++i) slots_[op.out[i]] = outputs[i];
  if (options_.observer) options_.observer->nodeFinished(op.path, 0, true);
}

void Run::Implementation::runRoot() {
  const std::vector<char> runs = demanded();
  for (OpId id : plan_->root) {
    const PlanOp& op = plan_->ops[id];
    if (runs[id]) {
      if (cancel) cancel->check();
      const Clock::time_point start = Clock::now();
      if (options_.observer) options_.observer->nodeStarted(op.path);
      runOp(id);
      if (options_.observer) options_.observer->nodeFinished(op.path, since(start), false);
      if (options_.cache && op.key && !op.effect) {
        std::vector<Value> outputs;
        for (SlotId slot : op.out) outputs.push_back(slots_[slot]);
        options_.cache->put(op.key, std::move(outputs));
      }
    }
    free(op);
  }
}

void Run::Implementation::runList(const std::vector<OpId>& list) {
  for (OpId id : list) {
    if (cancel) cancel->check();
    const PlanOp& op = plan_->ops[id];
    if (everyNode_) {
      const Clock::time_point start = Clock::now();
      options_.observer->nodeStarted(op.path);
      runOp(id);
      options_.observer->nodeFinished(op.path, since(start), false);
    } else {
      runOp(id);
    }
    free(op);
  }
}

bool Run::Implementation::skipped(const PlanOp& op, const Bound& bound) const {
  if (!op.maySkip) return false;
  if (bound.when && (bound.when->empty() || !bound.when->as<Bool>())) return true;
  for (size_t i = 0; i < bound.in.size(); ++i)
    if (bound.in[i]->empty()) return true;
  return bound.prepared && bound.prepared->empty();
}

void Run::Implementation::runOp(OpId id) {
  const PlanOp& op = plan_->ops[id];
  Bound& bound = bound_[id];
  if (skipped(op, bound)) {
    for (Value* out : bound.out) *out = {};
    return;
  }
  try {
    dispatch(op, bound);
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    rethrow(op);
  }
  if (!bound.probes.empty()) probe(bound);
}

void Run::Implementation::dispatch(const PlanOp& op, Bound& bound) {
  switch (op.kind) {
    case PlanOp::Kind::node:
    case PlanOp::Kind::prepare:
      return runNode(op, bound);
    case PlanOp::Kind::convert:
      *bound.out[0] = op.conversion->convert(*bound.in[0]);
      return;
    case PlanOp::Kind::merged:
      return runMerged(op);
    case PlanOp::Kind::table:
      return runTable(op);
    case PlanOp::Kind::zone:
      return runZone(op);
  }
}

Exec Run::Implementation::execOf(const PlanOp& op, Bound& bound) {
  Exec exec(*op.type, op.path, bound.in, op.inStart, bound.out, bound.prepared, iteration_, *this);
  exec.setTakeable(bound.takeable);
  return exec;
}

void Run::Implementation::runNode(const PlanOp& op, Bound& bound) {
  Exec exec = execOf(op, bound);
  (op.kind == PlanOp::Kind::prepare ? op.type->prepare->execute : op.type->execute)(exec);
  checkOutputs(op, bound);
}

void Run::Implementation::runMerged(const PlanOp& op) {
  std::vector<Exec> calls;
  calls.reserve(op.members.size());
  for (OpId member : op.members) calls.push_back(execOf(plan_->ops[member], bound_[member]));
  op.type->merge->execute(calls);
  for (OpId member : op.members) {
    checkOutputs(plan_->ops[member], bound_[member]);
    if (!bound_[member].probes.empty()) probe(bound_[member]);
  }
}

void Run::Implementation::checkOutputs(const PlanOp& op, const Bound& bound) const {
  for (size_t i = 0; i < bound.out.size(); ++i)
    if (bound.out[i]->empty())
      throw Error(op.path, op.kind == PlanOp::Kind::prepare ? "" : op.type->outputs[i].id,
                  "the node gave no value");
}

std::string Run::Implementation::whereInLoop() const {
  std::string where;
  for (size_t i = 0; i < running_.size(); ++i)
    where += (where.empty() ? " (at step " : ", step ") + std::to_string(iteration_[i]) + " of " +
             running_[i]->path;
  return where.empty() ? "" : where + ")";
}

// Whatever was thrown leaves as an Error on this node. One from a node further in stays as it is.
void Run::Implementation::rethrow(const PlanOp& op) const {
  try {
    throw;
  } catch (Error& error) {
    if (!error.node.empty() && op.kind == PlanOp::Kind::zone) throw;
    throw Error(error.node.empty() ? op.path : error.node, error.port, error.what() + whereInLoop());
  } catch (const std::exception& error) {
    throw Error(op.path, "", plainMessage(error) + whereInLoop());
  }
}

void Run::Implementation::free(const PlanOp& op) {
  for (SlotId slot : op.freeAfter) slots_[slot] = {};
}

void Run::Implementation::probe(const Bound& bound) {
  if (!options_.observer) return;
  for (const auto& [port, value] : bound.probes)
    if (!value->empty()) options_.observer->probed({*port, iteration_, *value});
}

}  // namespace loom
