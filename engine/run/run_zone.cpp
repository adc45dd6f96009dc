#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "engine/run/implementation.h"
#include "engine/run/statistics.h"

namespace loom {
namespace {

// A recorded loss must not hold the whole graph of its gradients alive.
Value withoutGradients(const Value& value) {
  if (value.is<at::Tensor>() && value.as<at::Tensor>().requires_grad())
    return Value::of<at::Tensor>(value.as<at::Tensor>().detach());
  return value;
}

}  // namespace

int64_t Run::Implementation::stepsOf(const PlanZone& zone) const {
  int64_t count = zone.count;
  if (zone.countSource >= 0) count = slots_[zone.countSource].as<Int>();
  for (const PlanZone::Over& over : zone.over) {
    const int64_t size = over.sequence->size(slots_[over.source]);
    if (count >= 0 && size != count)
      throw Error(zone.path, over.name,
                  "has " + std::to_string(size) + " elements where the others have " + std::to_string(count) +
                      whereInLoop());
    count = size;
  }
  if (count < 0 || count > kMostSteps)
    throw Error(zone.path, "count",
                std::to_string(count) + " steps: a zone takes from 0 to " + std::to_string(kMostSteps) +
                    whereInLoop());
  for (const PlanZone::Collect& collect : zone.collect) checkCollected(zone, count, collect);
  return count;
}

void Run::Implementation::runZone(const PlanOp& op) {
  const PlanZone& zone = plan_->zones[op.zone];
  Round round{zone, stepsOf(zone)};
  for (const PlanZone::State& state : zone.state) slots_[state.slot] = slots_[state.init];
  round.recordings.resize(zone.collect.size());
  round.first = resume(round);
  if (options_.observer) options_.observer->zoneStarted(zone.path, round.first, round.count, zone.depth);
  slots_[zone.countItem] = Value::of<Int>(round.count);

  c10::AutoGradMode gradients(zone.gradients);
  iteration_.push_back(round.first);
  running_.push_back(&round);
  const auto leave = [&] {
    iteration_.pop_back();
    running_.pop_back();
  };
  try {
    loop(round);
  } catch (const Cancelled&) {
    offerInterrupted(round);
    leave();
    throw;
  } catch (...) {
    leave();
    throw;
  }
  leave();
  for (const PlanZone::State& state : zone.state) slots_[state.result] = std::move(slots_[state.slot]);
  for (size_t i = 0; i < zone.collect.size(); ++i)
    slots_[zone.collect[i].out] = Value::of<Recording>(std::move(round.recordings[i]));
  if (options_.observer) options_.observer->zoneFinished(zone.path, zone.depth);
}

void Run::Implementation::loop(Round& round) {
  const PlanZone& zone = round.zone;
  if (round.first >= round.count) requireForks(round);
  for (int64_t step = round.first; step < round.count; ++step) {
    iteration_.back() = step;
    enterStep(zone, step);
    runList(zone.body);
    if (step == round.first) requireForks(round);
    const bool stop = zone.until >= 0 && !at(zone.until)->empty() && at(zone.until)->as<Bool>();
    leaveStep(zone, stop || step + 1 == round.count, round.recordings);
    // Where it ends early is no state to go on from: a run that goes on would not know that this was the end.
    if (!stop) offerCheckpoint(round, step + 1);
    if (options_.observer)
      options_.observer->stepFinished({zone.path, iteration_, step + 1, round.count, zone.depth});
    if (stop) return;
  }
}

void Run::Implementation::enterStep(const PlanZone& zone, int64_t step) {
  if (cancel) cancel->check();
  if (options_.live) followLive();
  if (needed_[zone.index]) slots_[zone.index] = Value::of<Int>(step);
  for (const PlanZone::Over& over : zone.over)
    if (needed_[over.item]) slots_[over.item] = over.sequence->at(slots_[over.source], step);
  if (!zone.tableOps.empty()) {
    if (tableFilled_[indexOf(zone)]) {
      for (SlotId slot : zone.tabled)
        if (needed_[slot]) slots_[slot] = tables_[slot][static_cast<size_t>(step)];
    } else {
      for (OpId id : zone.tableOps)
        if (runs_[id]) runOp(id);
    }
  }
  if (!watched_.empty()) probe(itemProbes_[indexOf(zone)]);
}

void Run::Implementation::leaveStep(const PlanZone& zone, bool last, std::vector<Recording>& recordings) {
  collect(zone, last, recordings);
  // All states change at once: each next value is read before any state is written.
  std::vector<Value> next;
  next.reserve(zone.state.size());
  for (const PlanZone::State& state : zone.state) next.push_back(*at(state.next));
  if (options_.checkFinite) checkStates(zone, next);
  for (SlotId slot : zone.freeAtEnd) slots_[slot] = {};
  for (size_t i = 0; i < next.size(); ++i) {
    Value& slot = slots_[zone.state[i].slot];
    // What is learned from is one step; through a state the gradients of all steps would pile up.
    if (!next[i].empty()) slot = zone.gradients ? withoutGradients(next[i]) : std::move(next[i]);
    if (slot.empty())
      throw Error(zone.path, zone.state[i].name, "was used up in a step that gave no next value");
  }
  if (!watched_.empty()) probe(stateProbes_[indexOf(zone)]);
}

void Run::Implementation::collect(const PlanZone& zone, bool last, std::vector<Recording>& recordings) {
  for (size_t i = 0; i < zone.collect.size(); ++i) {
    const PlanZone::Collect& collect = zone.collect[i];
    const Value& value = *at(collect.from);
    if (!value.empty() && (iteration_.back() % collect.every == 0 || last))
      recordings[i].frames.push_back({iteration_, withoutGradients(value)});
  }
}

// --- what is done for all steps at once ---

void Run::Implementation::runTable(const PlanOp& op) {
  const PlanZone& zone = plan_->zones[op.zone];
  tableFilled_[op.zone] = 0;
  const int64_t count = stepsOf(zone);
  if (count > kMostTabled) return;
  const auto fill = [&](SlotId slot, auto valueAt) {
    if (!needed_[slot]) return;
    std::vector<Value>& table = tables_[slot];
    table.resize(static_cast<size_t>(count));
    for (int64_t step = 0; step < count; ++step) table[static_cast<size_t>(step)] = valueAt(step);
  };
  for (const PlanZone::Over& over : zone.over)
    fill(over.item, [&](int64_t step) { return over.sequence->at(slots_[over.source], step); });
  fill(zone.index, [](int64_t step) { return Value::of<Int>(step); });
  fill(zone.countItem, [&](int64_t) { return Value::of<Int>(count); });
  for (OpId id : op.members) {
    if (!runs_[id]) continue;
    const PlanOp& member = plan_->ops[id];
    if (cancel) cancel->check();
    try {
      tableMember(op.zone, member, static_cast<size_t>(count));
    } catch (const Cancelled&) {
      throw;
    } catch (...) {
      rethrow(member);
    }
  }
  for (const PlanZone::Over& over : zone.over) tables_.erase(over.item);
  tables_.erase(zone.index);
  tables_.erase(zone.countItem);
  tableFilled_[op.zone] = 1;
}

// Where a value of this zone's table is; what belongs to a zone around it is the same for all of its steps.
Value* Run::Implementation::tabledAt(int zone, SlotId slot, size_t step) {
  if (plan_->slots[slot].zone == zone)
    if (const auto table = tables_.find(slot); table != tables_.end()) return &table->second[step];
  return at(slot);
}

// One tabled operation for all steps: in one call where its type can do that, else step by step.
void Run::Implementation::tableMember(int zone, const PlanOp& op, size_t steps) {
  for (SlotId slot : op.out) tables_[slot].assign(steps, {});
  std::vector<std::vector<Value*>> in(steps), out(steps);
  for (size_t step = 0; step < steps; ++step) {
    for (SlotId slot : op.in) in[step].push_back(tabledAt(zone, slot, step));
    for (SlotId slot : op.out) out[step].push_back(tabledAt(zone, slot, step));
  }
  if (op.kind == PlanOp::Kind::convert) {
    for (size_t step = 0; step < steps; ++step) *out[step][0] = op.conversion->convert(*in[step][0]);
    return;
  }
  std::vector<Exec> calls;
  calls.reserve(steps);
  for (size_t step = 0; step < steps; ++step)
    calls.emplace_back(*op.type, op.path, in[step], op.inStart, out[step],
                       op.prepared >= 0 ? tabledAt(zone, op.prepared, step) : nullptr,
                       std::span<const int64_t>{}, *this);
  if (op.kind == PlanOp::Kind::prepare && op.type->prepare->executeAll) {
    if (!calls.empty()) op.type->prepare->executeAll(calls);
  } else {
    for (Exec& call : calls)
      (op.kind == PlanOp::Kind::prepare ? op.type->prepare->execute : op.type->execute)(call);
  }
  for (SlotId slot : op.out)
    for (const Value& value : tables_[slot])
      if (value.empty()) throw Error("the node gave no value");
}

}  // namespace loom
