// Where NaN and infinity first appear. Zone states are looked at after every step, which costs little; only
// when one is no longer finite does that step run again, with every output looked at.
#include <ATen/ATen.h>

#include <algorithm>

#include "engine/run/implementation.h"
#include "engine/run/statistics.h"

namespace loom {
namespace {

bool isFinite(const Value& value) {
  const at::Tensor* tensor = value.empty() ? nullptr : value.tensor();
  return !tensor || !tensor->defined() || allFinite(*tensor);
}

// "4 NaN and 0 infinite of 12288 values, the first in sample 3"
std::string describeNotFinite(const at::Tensor& tensor) {
  const Statistics all = statisticsOf(tensor);
  std::string text = std::to_string(all.nan) + " NaN and " + std::to_string(all.inf) + " infinite of " +
                     std::to_string(all.count) + " values";
  if (tensor.dim() < 2) return text;
  for (int64_t sample = 0; sample < tensor.size(0); ++sample)
    if (!allFinite(tensor[sample])) return text + ", the first in sample " + std::to_string(sample);
  return text;
}

}  // namespace

// Before the states change: what this step began with is still there to begin with again.
void Run::Implementation::checkStates(const PlanZone& zone, const std::vector<Value>& next) {
  for (size_t i = 0; i < next.size(); ++i)
    if (!isFinite(next[i])) findNotFinite(zone, zone.state[i], next[i]);
}

void Run::Implementation::findNotFinite(const PlanZone& zone, const PlanZone::State& state,
                                        const Value& next) {
  const std::string what = describeNotFinite(*next.tensor());
  // A node may have used a state up, to write into its memory; then there is nothing to begin with.
  const bool again = std::none_of(zone.state.begin(), zone.state.end(),
                                  [&](const PlanZone::State& each) { return slots_[each.slot].empty(); });
  if (again && !finding_) {
    finding_ = true;
    Observer* const observer = std::exchange(options_.observer, nullptr);  // it has been told of this step
    const auto leave = [&] {
      finding_ = false;
      options_.observer = observer;
    };
    try {
      enterStep(zone, iteration_.back());
      runList(zone.body);
    } catch (...) {
      leave();
      throw;
    }
    leave();
  }
  const Slot& from = plan_->slots[state.next];
  throw Error(zone.path, state.name,
              what + ", from " + from.node + "." + from.port + whereInLoop() +
                  ". Look at its inputs at this step with --record; the weights, the schedule and what the "
                  "network predicts must belong together");
}

// While finding: the first output that is not finite is the answer, and what it was made from the reason.
void Run::Implementation::checkFinite(const PlanOp& op, const Bound& bound) const {
  if (op.kind == PlanOp::Kind::merged) {
    for (OpId member : op.members)
      if (runs_[member]) checkFinite(plan_->ops[member], *bound_[member]);
    return;
  }
  for (size_t i = 0; i < bound.outs; ++i) {
    if (isFinite(*bound.out()[i])) continue;
    std::string why =
        ". Its inputs are finite: look at them at this step with --record; the weights, the schedule and "
        "what "
        "the network predicts must belong together";
    for (size_t in = 0; in < bound.ins; ++in) {
      if (isFinite(*bound.in()[in])) continue;
      const Slot& from = plan_->slots[op.in[in]];
      why = ". It was given such by " + from.node + "." + from.port + ": look at it with --record";
      break;
    }
    const Slot& out = plan_->slots[op.out[i]];
    throw Error(out.node, out.port,
                "gave " + describeNotFinite(*bound.out()[i]->tensor()) + whereInLoop() + why);
  }
}

}  // namespace loom
