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

}  // namespace

Run::Run(std::shared_ptr<const Plan> plan, RunOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(plan), std::move(options))) {}
Run::~Run() = default;
void Run::execute(CallJoiner* joiner) { implementation_->execute(joiner); }
bool Run::trains() const { return implementation_->trains(); }
const Value& Run::output(const std::string& name) const { return implementation_->output(name); }

Run::Implementation::Implementation(std::shared_ptr<const Plan> plan, RunOptions options)
    : plan_(std::move(plan)), options_(std::move(options)) {
  policy = options_.policy;
  files = options_.files;
  cancel = options_.cancel;
  document = options_.documentText;
  provenance = options_.provenance;
  slots_.resize(plan_->slots.size());
  bound_.resize(plan_->ops.size());
  tableFilled_.assign(plan_->zones.size(), 0);
  watchedZone_.assign(plan_->zones.size(), 0);
  everyNode_ = options_.observer && options_.observer->wantsEveryNode();
  listKept();
  bindProbes();
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
  return slots_[found->second];  // a target is never a constant
}

// A constant is read where the plan has it; nothing may take it.
Value* Run::Implementation::at(SlotId slot) {
  const Value& constant = plan_->slots[slot].constant;
  return constant.empty() ? &slots_[slot] : const_cast<Value*>(&constant);
}

Run::Implementation::Bound& Run::Implementation::bound(OpId id) {
  if (bound_[id]) return *bound_[id];
  const PlanOp& op = plan_->ops[id];
  bound_[id] = std::make_unique<Bound>();
  Bound& bound = *bound_[id];
  bound.ins = op.in.size();
  bound.outs = op.out.size();
  bound.slots.reserve(op.in.size() + op.out.size() + op.takeable.size());
  for (const auto* slots : {&op.in, &op.out, &op.takeable})
    for (SlotId slot : *slots) bound.slots.push_back(at(slot));
  for (SlotId slot : op.out) {
    const TypeInfo* type = plan_->slots[slot].spec.type;
    bound.types.push_back(type == &typeOf<Any>() ? nullptr : type);
  }
  bindOutputs(bound, op);
  if (op.prepared >= 0) bound.prepared = &slots_[op.prepared];
  if (op.when >= 0) bound.when = at(op.when);
  return bound;
}

bool Run::Implementation::trains() const {
  return std::any_of(plan_->zones.begin(), plan_->zones.end(),
                     [](const PlanZone& zone) { return zone.gradients; });
}

void Run::Implementation::execute(CallJoiner* joiner) {
  joiner_ = joiner;
  if (policy.threads > 0) at::set_num_threads(policy.threads);
  c10::AutoGradMode noGradients(false);
  if (options_.observer) options_.observer->runStarted(*plan_);
  try {
    runRoot();
  } catch (...) {
    release();
    throw;
  }
  if (options_.observer) options_.observer->runFinished();
}

// Walks back from the effects, targets and probes; what the cache holds asks for nothing before it.
void Run::Implementation::demand() {
  needed_.assign(plan_->slots.size(), 0);
  runs_.assign(plan_->ops.size(), 0);
  zoneRuns_.assign(plan_->zones.size(), 0);
  for (SlotId target : plan_->targets) needed_[target] = 1;
  for (SlotId slot : forced_) needed_[slot] = 1;
  demandList(plan_->root, true);
}

bool Run::Implementation::wanted(const PlanOp& op) const {
  for (SlotId slot : op.out)
    if (needed_[slot]) return true;
  return false;
}

void Run::Implementation::demandList(const std::vector<OpId>& list, bool root) {
  for (auto at = list.rbegin(); at != list.rend(); ++at) {
    const OpId id = *at;
    const PlanOp& op = plan_->ops[id];
    if (op.kind == PlanOp::Kind::table) {
      if (zoneRuns_[op.zone]) demandTable(op), runs_[id] = 1;
      continue;
    }
    if (op.kind == PlanOp::Kind::merged) {
      runs_[id] = demandCalls(op, root);
      continue;
    }
    // A zone that is watched must go round, whatever the cache holds.
    const bool goesRound = op.kind == PlanOp::Kind::zone && watchedZone_[op.zone];
    const bool forced = goesRound || forcedOps_.contains(id);
    if (!op.effect && !forced && !wanted(op)) continue;
    if (root && !forced && fromCache(id)) continue;
    if (op.kind == PlanOp::Kind::zone) demandZone(op.zone);
    demandInputs(id);
  }
}

void Run::Implementation::demandInputs(OpId id) {
  const PlanOp& op = plan_->ops[id];
  runs_[id] = 1;
  for (SlotId slot : op.in) needed_[slot] = 1;
  if (op.when >= 0) needed_[op.when] = 1;
  if (op.prepared >= 0) needed_[op.prepared] = 1;
}

void Run::Implementation::demandZone(int index) {
  const PlanZone& zone = plan_->zones[index];
  zoneRuns_[index] = 1;
  for (const PlanZone::State& state : zone.state) needed_[state.next] = 1;
  for (const PlanZone::Collect& collect : zone.collect) needed_[collect.from] = 1;
  if (zone.until >= 0) needed_[zone.until] = 1;
  // Kept states are told apart by these, also by those that this run itself has no use for.
  if (isKept(zone))
    for (SlotId slot : zone.stepValues) needed_[slot] = 1;
  demandList(zone.body, false);
}

void Run::Implementation::demandTable(const PlanOp& op) {
  for (auto member = op.members.rbegin(); member != op.members.rend(); ++member)
    if (wanted(plan_->ops[*member])) demandInputs(*member);
  for (SlotId slot : op.in) needed_[slot] = 1;
  if (op.when >= 0) needed_[op.when] = 1;
}

// Of calls that would run as one, those whose results are wanted and not known.
bool Run::Implementation::demandCalls(const PlanOp& op, bool root) {
  bool any = false;
  for (OpId call : op.members) {
    const bool forced = forcedOps_.contains(call);
    if (!forced && (!wanted(plan_->ops[call]) || (root && fromCache(call)))) continue;
    demandInputs(call);
    any = true;
  }
  return any;
}

bool Run::Implementation::fromCache(OpId id) {
  const PlanOp& op = plan_->ops[id];
  if (!options_.cache || !op.key || op.effect) return false;
  const auto outputs = options_.cache->find(op.key);
  if (!outputs || !fits(op, *outputs)) return false;
  for (size_t i = 0; i < op.out.size(); ++i) slots_[op.out[i]] = (*outputs)[i];
  if (options_.observer) options_.observer->nodeFinished(op.path, 0, true);
  if (!watched_.empty()) probe(bound(id));
  return true;
}

// What a file gave is not taken at its word.
bool Run::Implementation::fits(const PlanOp& op, const std::vector<Value>& outputs) const {
  if (outputs.size() != op.out.size()) return false;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const TypeInfo* type = plan_->slots[op.out[i]].spec.type;
    if (!outputs[i].empty() && type && type != &typeOf<Any>() && type != &outputs[i].type()) return false;
    if (outputs[i].empty() && op.kind == PlanOp::Kind::node && !op.maySkip) return false;
  }
  return true;
}

void Run::Implementation::toCache(OpId id, double seconds) {
  const PlanOp& op = plan_->ops[id];
  if (op.kind == PlanOp::Kind::merged) {
    for (OpId call : op.members)
      if (runs_[call]) toCache(call, seconds);
    return;
  }
  if (!op.key || op.effect) return;
  std::vector<Value> outputs;
  outputs.reserve(op.out.size());
  for (SlotId slot : op.out) outputs.push_back(slots_[slot]);
  options_.cache->put(op.key, std::move(outputs), seconds);
}

void Run::Implementation::runRoot() {
  demand();
  for (OpId id : plan_->root) {
    if (runs_[id]) {
      if (cancel) cancel->check();
      if (options_.live) followLive();
      const Clock::time_point start = Clock::now();
      if (options_.observer)
        timedOp(id);
      else
        runOp(id);
      if (options_.cache) toCache(id, since(start));
    }
    free(plan_->ops[id]);
  }
}

void Run::Implementation::runList(const std::vector<OpId>& list) {
  for (OpId id : list) {
    if (runs_[id] && !(finding_ && plan_->ops[id].effect)) {
      if (cancel) cancel->check();
      if (everyNode_)
        timedOp(id);
      else
        runOp(id);
    }
    free(plan_->ops[id]);
  }
}

void Run::Implementation::timedOp(OpId id) {
  const PlanOp& op = plan_->ops[id];
  const Clock::time_point start = Clock::now();
  options_.observer->nodeStarted(op.path);
  runOp(id);
  options_.observer->nodeFinished(op.path, since(start), false);
}

bool Run::Implementation::skipped(const PlanOp& op, const Bound& bound) const {
  if (!op.maySkip) return false;
  if (bound.when && (bound.when->empty() || !bound.when->as<Bool>())) return true;
  for (const Value* in : bound.in())
    if (in->empty()) return true;
  return bound.prepared && bound.prepared->empty();
}

void Run::Implementation::runOp(OpId id) {
  const PlanOp& op = plan_->ops[id];
  Bound& bound = this->bound(id);
  if (skipped(op, bound)) {
    for (Value* out : bound.out()) *out = {};
    return;
  }
  try {
    dispatch(op, bound);
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    rethrow(op);
  }
  if (finding_) checkFinite(op, bound);
  if (!bound.probes.empty()) probe(bound);
}

void Run::Implementation::dispatch(const PlanOp& op, Bound& bound) {
  switch (op.kind) {
    case PlanOp::Kind::node:
    case PlanOp::Kind::prepare:
      return runNode(op, bound);
    case PlanOp::Kind::convert:
      *bound.out()[0] = op.conversion->convert(*bound.in()[0]);
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
  Exec exec(*op.type, op.path, bound.in(), op.inStart, bound.out(), bound.prepared, iteration_, *this);
  exec.setTakeable(bound.takeable());
  return exec;
}

// What calls that may be joined have in common: the network that they ask.
const void* Run::Implementation::sharedBy(const PlanOp& op, const Bound& bound) {
  const size_t port = static_cast<size_t>(op.type->inputIndex(op.type->merge->same));
  return op.inStart[port] < op.inStart[port + 1] ? bound.in()[op.inStart[port]]->data() : nullptr;
}

void Run::Implementation::runNode(const PlanOp& op, Bound& bound) {
  Exec exec = execOf(op, bound);
  if (joiner_ && op.kind == PlanOp::Kind::node && op.type->merge) {
    std::vector<Exec> calls{exec};
    joiner_->call(*op.type, sharedBy(op, bound), calls);
    return checkOutputs(op, bound);
  }
  (op.kind == PlanOp::Kind::prepare ? op.type->prepare->execute : op.type->execute)(exec);
  checkOutputs(op, bound);
}

void Run::Implementation::runMerged(const PlanOp& op) {
  std::vector<Exec> calls;
  calls.reserve(op.members.size());
  for (OpId member : op.members)
    if (runs_[member]) calls.push_back(execOf(plan_->ops[member], bound(member)));
  const PlanOp& first = plan_->ops[op.members.front()];
  if (joiner_ && !calls.empty())
    joiner_->call(*op.type, sharedBy(first, this->bound(op.members.front())), calls);
  else
    op.type->merge->execute(calls);
  for (OpId member : op.members) {
    if (!runs_[member]) continue;
    checkOutputs(plan_->ops[member], bound(member));
    probe(bound(member));
  }
}

void Run::Implementation::checkOutputs(const PlanOp& op, const Bound& bound) const {
  for (size_t i = 0; i < bound.outs; ++i) {
    const Value& value = *bound.out()[i];
    if (!value.empty() && (!bound.types[i] || bound.types[i] == &value.type())) continue;
    const std::string port = op.kind == PlanOp::Kind::prepare ? "" : op.type->outputs[i].id;
    throw Error(op.path, port,
                value.empty() ? "the node gave no value"
                              : "the node gave " + value.type().name + ", not " + bound.types[i]->name);
  }
}

std::string Run::Implementation::whereInLoop() const {
  std::string where;
  for (size_t i = 0; i < running_.size(); ++i)
    where += (where.empty() ? " (at step " : ", step ") + std::to_string(iteration_[i]) + " of " +
             running_[i]->zone.path;
  return where.empty() ? "" : where + ")";
}

// Whatever was thrown leaves as an Error on this node. One from a node further in stays as it is.
void Run::Implementation::rethrow(const PlanOp& op) const {
  const bool merged = op.kind == PlanOp::Kind::merged;
  const std::string& path = merged ? plan_->ops[op.members.front()].path : op.path;
  const std::string where = (merged ? " (in one call: " + op.path + ")" : "") + whereInLoop();
  try {
    throw;
  } catch (Error& error) {
    if (!error.node.empty() && (op.kind == PlanOp::Kind::zone || op.kind == PlanOp::Kind::table)) throw;
    throw Error(error.node.empty() ? path : error.node, error.port, error.what() + where);
  } catch (const std::exception& error) {
    throw Error(path, "", messageOf(error) + where + whoHolds(error));
  }
}

void Run::Implementation::free(const PlanOp& op) {
  for (SlotId slot : op.freeAfter) slots_[slot] = {};
}

}  // namespace loom
