#include <algorithm>

#include "engine/plan/compiler.h"

namespace loom {
namespace {

void allReads(const PlanOp& op, std::vector<SlotId>& reads) {
  reads.insert(reads.end(), op.in.begin(), op.in.end());
  reads.insert(reads.end(), op.reads.begin(), op.reads.end());
  if (op.when >= 0) reads.push_back(op.when);
  if (op.prepared >= 0) reads.push_back(op.prepared);
}

}  // namespace

void Compiler::fillTargets() {
  for (const auto& [name, source] : flat_.outputs) {
    const SlotId slot = use(source, -1);
    plan_.outputs[name] = slot;
    plan_.targets.push_back(slot);
  }
  if (options_.keep.empty()) return;
  std::map<std::string, SlotId> results;  // of nodes, and of zones as they are seen from outside
  for (const PlanOp& op : plan_.ops)
    if (op.kind == PlanOp::Kind::node || op.kind == PlanOp::Kind::zone)
      for (SlotId slot : op.out)
        if (plan_.slots[slot].zone < 0) results[plan_.slots[slot].node + "." + plan_.slots[slot].port] = slot;
  for (const std::string& port : options_.keep) {
    const auto kept = results.find(port);
    if (kept == results.end())
      throw Error("there is no output " + port + " to keep" +
                  (plan_.ports.contains(port)
                       ? ": it changes with a zone's step; collect it there, or watch it"
                       : ""));
    plan_.outputs[port] = kept->second;
    plan_.targets.push_back(kept->second);
  }
}

// A slot is emptied after its last reader, and only in the list it is filled in: what comes into a zone from
// outside must be there for the next step. The last reader may take the value, unless it is a state that has
// to stay as it is where the step gives no next one.
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
  std::set<SlotId> kept, states, lasting;
  if (zone < 0) {
    kept.insert(plan_.targets.begin(), plan_.targets.end());
  } else {
    PlanZone& self = plan_.zones[zone];
    for (const auto& state : self.state) {
      states.insert(state.slot);
      if (skippable_[state.next]) lasting.insert(state.slot);
      kept.insert(state.next);
    }
    for (const auto& collect : self.collect) kept.insert(collect.from);
    if (self.until >= 0) kept.insert(self.until);
    for (SlotId slot : kept)
      if (plan_.slots[slot].zone == zone && !states.contains(slot)) self.freeAtEnd.push_back(slot);
    for (const auto& over : self.over) kept.insert(over.item);
    for (SlotId slot : self.tabled) kept.insert(slot);
    kept.insert({self.index, self.countItem});
  }
  for (const auto& [slot, id] : last) {
    if (kept.contains(slot)) continue;
    PlanOp& op = plan_.ops[id];
    if (!states.contains(slot)) op.freeAfter.push_back(slot);
    if (op.kind == PlanOp::Kind::node && !lasting.contains(slot) &&
        std::count(op.in.begin(), op.in.end(), slot) == 1)
      op.takeable.push_back(slot);
  }
}

}  // namespace loom
