#include <algorithm>
#include <unordered_set>

#include "engine/plan/compiler.h"

namespace loom {
namespace {

void allReads(const PlanOp& op, std::vector<SlotId>& reads) {
  reads.insert(reads.end(), op.in.begin(), op.in.end());
  reads.insert(reads.end(), op.reads.begin(), op.reads.end());
  if (op.when >= 0) reads.push_back(op.when);
  if (op.prepared >= 0) reads.push_back(op.prepared);
}

SlotId sharedInput(const PlanOp& op) {
  const int port = op.type->inputIndex(op.type->merge->same);
  return op.inStart[port] < op.inStart[port + 1] ? op.in[op.inStart[port]] : -1;
}

bool mergeable(const PlanOp& op) {
  return op.kind == PlanOp::Kind::node && op.type->merge && !op.maySkip && sharedInput(op) >= 0;
}

}  // namespace

// Calls of one network that do not wait for each other become one call of a batch. What stands between them
// and needs the first one's result moves behind the merged call; the rest stays in front of it.
void Compiler::mergeCalls(std::vector<OpId>& list) {
  for (size_t first = 0; first < list.size(); ++first) {
    if (!mergeable(plan_.ops[list[first]])) continue;
    const PlanOp& leader = plan_.ops[list[first]];
    std::vector<OpId> group{list[first]}, before, after;
    std::unordered_set<SlotId> tainted(leader.out.begin(), leader.out.end());
    std::vector<SlotId> reads;
    size_t used = first;
    std::vector<OpId> pendingBefore, pendingAfter;
    for (size_t i = first + 1; i < list.size(); ++i) {
      const PlanOp& op = plan_.ops[list[i]];
      reads.clear();
      allReads(op, reads);
      const bool waits =
          std::any_of(reads.begin(), reads.end(), [&](SlotId slot) { return tainted.contains(slot); });
      const bool joins =
          !waits && mergeable(op) && op.type == leader.type && sharedInput(op) == sharedInput(leader);
      if (waits || joins) tainted.insert(op.out.begin(), op.out.end());
      if (!joins) {
        (waits ? pendingAfter : pendingBefore).push_back(list[i]);
        continue;
      }
      before.insert(before.end(), pendingBefore.begin(), pendingBefore.end());
      after.insert(after.end(), pendingAfter.begin(), pendingAfter.end());
      pendingBefore.clear();
      pendingAfter.clear();
      group.push_back(list[i]);
      used = i;
    }
    if (group.size() == 1) continue;
    PlanOp merged;
    merged.kind = PlanOp::Kind::merged;
    merged.type = leader.type;
    merged.home = leader.home;
    merged.runsIn = leader.runsIn;
    merged.members = group;
    for (OpId member : group) {
      const PlanOp& op = plan_.ops[member];
      merged.path += (merged.path.empty() ? "" : " + ") + op.path;
      allReads(op, merged.reads);
      merged.out.insert(merged.out.end(), op.out.begin(), op.out.end());
    }
    std::vector<OpId> ordered(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(first));
    ordered.insert(ordered.end(), before.begin(), before.end());
    const size_t at = ordered.size();
    ordered.push_back(static_cast<OpId>(plan_.ops.size()));
    ordered.insert(ordered.end(), after.begin(), after.end());
    ordered.insert(ordered.end(), list.begin() + static_cast<std::ptrdiff_t>(used) + 1, list.end());
    plan_.ops.push_back(std::move(merged));
    list = std::move(ordered);
    first = at;
  }
}

void Compiler::fillTargets() {
  for (const auto& [name, source] : flat_.outputs) {
    const SlotId slot = use(source, -1);
    plan_.outputs[name] = slot;
    plan_.targets.push_back(slot);
  }
  for (const std::string& port : options_.keep) {
    SlotId kept = -1;
    for (size_t slot = 0; slot < plan_.slots.size(); ++slot)
      if (plan_.slots[slot].zone < 0 && plan_.slots[slot].constant.empty() &&
          plan_.slots[slot].node + "." + plan_.slots[slot].port == port)
        kept = static_cast<SlotId>(slot);
    if (kept < 0) throw Error("there is no output " + port + " to keep");
    plan_.outputs[port] = kept;
    plan_.targets.push_back(kept);
  }
}

// A slot is emptied after its last reader, and only in the list it is filled in: what comes into a zone from
// outside must be there for the next step.
void Compiler::lifetimes(std::vector<OpId>& list, int zone) {
  std::map<SlotId, OpId> last;
  std::vector<SlotId> reads;
  for (OpId id : list) {
    const PlanOp& op = plan_.ops[id];
    reads = op.out;
    allReads(op, reads);
    for (SlotId slot : reads)
      if (plan_.slots[slot].zone == zone && plan_.slots[slot].constant.empty()) last[slot] = id;
  }
  std::set<SlotId> kept(plan_.targets.begin(), plan_.targets.end());
  if (zone >= 0) {
    PlanZone& self = plan_.zones[zone];
    std::set<SlotId> atEnd;
    for (const auto& state : self.state) atEnd.insert(state.next);
    for (const auto& collect : self.collect) atEnd.insert(collect.from);
    if (self.until >= 0) atEnd.insert(self.until);
    for (SlotId slot : atEnd)
      if (plan_.slots[slot].zone == zone) self.freeAtEnd.push_back(slot);
    kept.insert(atEnd.begin(), atEnd.end());
    for (const auto& over : self.over) kept.insert(over.item);
    for (SlotId slot : self.tabled) kept.insert(slot);
    kept.insert({self.index, self.countItem});
  }
  for (const auto& [slot, id] : last) {
    PlanOp& op = plan_.ops[id];
    if (kept.contains(slot)) continue;
    const bool state =
        zone >= 0 && std::any_of(plan_.zones[zone].state.begin(), plan_.zones[zone].state.end(),
                                 [&](const auto& each) { return each.slot == slot; });
    if (!state) op.freeAfter.push_back(slot);
    if (op.kind == PlanOp::Kind::node && std::count(op.in.begin(), op.in.end(), slot) == 1)
      op.takeable.push_back(slot);
  }
}

}  // namespace loom
