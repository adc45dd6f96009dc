#include <sstream>

#include "engine/plan/plan.h"

namespace loom {
namespace {

class Printer {
 public:
  explicit Printer(const Plan& plan) : plan_(plan) {}

  std::string run() {
    list(plan_.root, 0);
    return text_.str();
  }

 private:
  void list(const std::vector<OpId>& ops, int depth) {
    for (OpId id : ops) op(plan_.ops[id], depth);
  }

  void indent(int depth) { text_ << std::string(static_cast<size_t>(depth) * 2, ' '); }

  void op(const PlanOp& op, int depth) {
    indent(depth);
    switch (op.kind) {
      case PlanOp::Kind::node:
        text_ << op.path << "  " << op.type->id;
        break;
      case PlanOp::Kind::prepare:
        text_ << op.path << "  prepare " << op.type->id;
        break;
      case PlanOp::Kind::convert:
        text_ << op.path << "  " << op.conversion->from->name << " to " << op.conversion->to->name;
        break;
      case PlanOp::Kind::merged:
        text_ << op.path << "  " << op.type->id << ", " << op.members.size() << " calls as one batch";
        break;
      case PlanOp::Kind::table:
        return table(op, depth);
      case PlanOp::Kind::zone:
        return zone(op, depth);
    }
    for (size_t i = 0; i < op.out.size(); ++i)
      text_ << (i ? ", " : "  -> ") << plan_.slots[op.out[i]].port << ": "
            << plan_.slots[op.out[i]].spec.text();
    notes(op);
    text_ << "\n";
  }

  void notes(const PlanOp& op) {
    if (op.runsIn != op.home) text_ << "  [taken out of " << plan_.zones[op.home].path << "]";
    if (op.when >= 0)
      text_ << "  [when " << plan_.slots[op.when].node << "." << plan_.slots[op.when].port << "]";
    if (!op.freeAfter.empty()) {
      text_ << "  [frees";
      for (SlotId slot : op.freeAfter)
        text_ << " " << plan_.slots[slot].node << "." << plan_.slots[slot].port;
      text_ << "]";
    }
  }

  void table(const PlanOp& op, int depth) {
    text_ << "for all steps of " << op.path << " at once:\n";
    for (OpId member : op.members) this->op(plan_.ops[member], depth + 1);
  }

  void zone(const PlanOp& op, int depth) {
    const PlanZone& zone = plan_.zones[op.zone];
    text_ << "zone " << op.path;
    if (zone.count >= 0) text_ << ", " << zone.count << " steps";
    for (const auto& over : zone.over)
      text_ << ", " << over.name << " over " << plan_.slots[over.source].node << "."
            << plan_.slots[over.source].port;
    for (const auto& state : zone.state)
      text_ << ", state " << state.name << ": " << plan_.slots[state.slot].spec.text();
    if (zone.gradients) text_ << ", with gradients";
    notes(op);
    text_ << "\n";
    list(zone.body, depth + 1);
  }

  const Plan& plan_;
  std::ostringstream text_;
};

}  // namespace

std::string printPlan(const Plan& plan) { return Printer(plan).run(); }

}  // namespace loom
