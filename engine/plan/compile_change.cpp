// Planning a part anew: a parameter has another value, and keys, sizes and constants after it change with it.
#include <set>

#include "engine/plan/compiler.h"

namespace loom {
namespace {

bool sameDims(const std::optional<std::vector<Dim>>& a, const std::optional<std::vector<Dim>>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return true;
  if (a->size() != b->size()) return false;
  for (size_t i = 0; i < a->size(); ++i)
    if ((*a)[i].size != (*b)[i].size || (*a)[i].symbol != (*b)[i].symbol) return false;
  return true;
}

// Equal but for the constant: whatever else the plan decided by it stays right.
bool sameShape(const Spec& a, const Spec& b) {
  return a.type == b.type && a.dtype == b.dtype && a.heldBytes == b.heldBytes && a.callBytes == b.callBytes &&
         a.tensors == b.tensors && a.constant.empty() == b.constant.empty() && sameDims(a.shape, b.shape);
}

}  // namespace

void Compiler::listReaders() {
  readers_.assign(plan_.slots.size(), {});
  for (size_t id = 0; id < plan_.ops.size(); ++id) {
    const PlanOp& op = plan_.ops[id];
    const auto reads = [&](SlotId slot) {
      if (slot >= 0) readers_[static_cast<size_t>(slot)].push_back(static_cast<OpId>(id));
    };
    for (SlotId slot : op.in) reads(slot);
    for (SlotId slot : op.reads) reads(slot);
    reads(op.when);
    reads(op.prepared);
  }
  // What a zone is told of apart from links of its own operation: its key is made of these.
  for (const PlanOp& op : plan_.ops) {
    if (op.kind != PlanOp::Kind::zone) continue;
    const PlanZone& zone = plan_.zones[static_cast<size_t>(op.zone)];
    const OpId id = static_cast<OpId>(&op - plan_.ops.data());
    if (zone.countSource >= 0) readers_[static_cast<size_t>(zone.countSource)].push_back(id);
    for (const auto& over : zone.over) readers_[static_cast<size_t>(over.source)].push_back(id);
    for (const auto& state : zone.state) readers_[static_cast<size_t>(state.init)].push_back(id);
  }
}

// False where more would change than values and keys of operations outside of zones; the plan is then not to
// be used. What a zone's loop is made of has keys of its own, so there all is planned.
bool Compiler::change(Plan& plan, int index, const Port& port) {
  plan_ = std::move(plan);
  const bool done = changePart(index, port);
  plan = std::move(plan_);
  return done;
}

bool Compiler::changePart(int index, const Port& port) {
  if (readers_.empty()) listReaders();
  const FlatNode& node = flat_.nodes[static_cast<size_t>(index)];
  const OpId first = opOfNode_[static_cast<size_t>(index)];
  const size_t at = static_cast<size_t>(&port - node.type->inputs.data());
  if (first < 0 || !node.links[at].empty() || port.many) return false;
  const std::set<OpId> after = dependents(first);
  for (OpId id : after)
    if (plan_.ops[id].home >= 0 || plan_.ops[id].runsIn >= 0 || plan_.ops[id].kind == PlanOp::Kind::zone ||
        plan_.ops[id].kind == PlanOp::Kind::table)
      return false;
  if (!renew(node, port, at, first)) return false;
  for (OpId id : after)  // in the order in which they can run
    if (plan_.ops[id].kind != PlanOp::Kind::merged && !replan(id)) return false;
  return true;
}

// The operation, what makes it ready, and all that reads what they give.
std::set<OpId> Compiler::dependents(OpId first) const {
  std::set<OpId> found;
  std::vector<OpId> waiting{first};
  if (const SlotId prepared = plan_.ops[first].prepared; prepared >= 0)
    for (OpId id = first; id >= 0; --id)  // stands just before it
      if (plan_.ops[id].kind == PlanOp::Kind::prepare && plan_.ops[id].out.front() == prepared) {
        waiting.push_back(id);
        break;
      }
  while (!waiting.empty()) {
    const OpId id = waiting.back();
    waiting.pop_back();
    if (!found.insert(id).second) continue;
    for (SlotId slot : plan_.ops[id].out)
      waiting.insert(waiting.end(), readers_[slot].begin(), readers_[slot].end());
  }
  return found;
}

// The port's own constant, with the new value.
bool Compiler::renew(const FlatNode& node, const Port& port, size_t at, OpId id) {
  PlanOp& op = plan_.ops[id];
  if (op.inStart[at + 1] - op.inStart[at] != 1) return false;
  Value value;
  try {
    value = port.parse(node.doc->params.at(port.id));
    if (port.writes && value.is<FilePath>() && !options_.files.options().output.empty())
      options_.files.checkWrite(value.as<FilePath>().text);
  } catch (const Error&) {
    return false;  // planning all says it with the node's name
  }
  SlotId& slot = op.in[op.inStart[at]];
  const auto fallback = fallbacks_.find(&port);
  if (fallback != fallbacks_.end() && fallback->second == slot) {  // others have the default too
    // What was made ready from it reads it as well.
    if (op.prepared >= 0) return false;
    slot = constantSlot(node.path, port, std::move(value));
    readers_.push_back({id});
    return true;
  }
  Slot& own = plan_.slots[slot];
  keys_[slot] = loopKeys_[slot] = constantKey(port, value);
  own.spec.constant = value;
  own.constant = std::move(value);
  return true;
}

bool Compiler::replan(OpId id) {
  PlanOp& op = plan_.ops[id];
  if (op.kind == PlanOp::Kind::node) {
    std::vector<Spec> specs(op.out.size());
    infer(flat_.nodes[static_cast<size_t>(nodeOfOp_.at(id))], op, specs);
    for (size_t i = 0; i < specs.size(); ++i)
      if (!sameShape(specs[i], plan_.slots[op.out[i]].spec)) return false;
    for (size_t i = 0; i < specs.size(); ++i) plan_.slots[op.out[i]].spec = std::move(specs[i]);
  } else if (op.kind == PlanOp::Kind::convert) {
    const Value& from = plan_.slots[op.in[0]].spec.constant;
    if (!from.empty()) plan_.slots[op.out[0]].spec.constant = op.conversion->convert(from);
  }
  setKeys(op);
  return true;
}

}  // namespace loom
