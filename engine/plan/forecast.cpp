#include "engine/plan/forecast.h"

#include <algorithm>
#include <limits>
#include <set>

#include "engine/core/text.h"

namespace loom {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 4;  // sums of a few of these do not overflow

int64_t times(int64_t bytes, int64_t count) {
  return count > 0 && bytes > kMost / count ? kMost : bytes * std::max<int64_t>(count, 0);
}
int64_t plus(int64_t a, int64_t b) { return std::min(kMost, a + b); }

// Goes through the plan as a run would, once through each zone's body, and adds up what is alive.
class Forecaster {
 public:
  explicit Forecaster(const Plan& plan) : plan_(plan) {}

  Forecast run() {
    list(plan_.root);
    std::sort(result_.holders.begin(), result_.holders.end(),
              [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    result_.unknown.assign(unknown_.begin(), unknown_.end());
    return std::move(result_);
  }

 private:
  std::string nameOf(SlotId slot) const { return plan_.slots[slot].node + "." + plan_.slots[slot].port; }

  // Nothing where the size is not known; what has neither shape nor bytes is small (numbers, schedules).
  std::optional<int64_t> sizeOf(SlotId slot) const {
    const Spec& spec = plan_.slots[slot].spec;
    if (spec.heldBytes) return spec.heldBytes;
    if (!spec.type || spec.type->isScalar()) return 0;
    const bool small = !spec.type->bytes || spec.type->sequence;
    if (!spec.type->tensor) return small ? std::optional<int64_t>(0) : std::nullopt;
    if (!spec.shape) return {};
    int64_t bytes = static_cast<int64_t>(c10::elementSize(spec.dtype.value_or(at::kFloat)));
    for (const Dim& dim : *spec.shape) {
      if (!dim.known()) return {};
      bytes = times(bytes, dim.size);
    }
    return bytes;
  }

  void hold(SlotId slot, const std::string& what, int64_t count = 1) {
    const std::optional<int64_t> bytes = sizeOf(slot);
    if (!bytes && plan_.slots[slot].port != "(prepared)") unknown_.insert(nameOf(slot));
    put(what, times(bytes.value_or(0), count));
  }
  void put(const std::string& what, int64_t bytes) {
    if (bytes <= 0) return;
    held_[what] = plus(held_[what], bytes);
    total_ = plus(total_, bytes);
  }
  void drop(const std::string& what) {
    const auto found = held_.find(what);
    if (found == held_.end()) return;
    total_ -= std::min(total_, found->second);
    held_.erase(found);
  }

  void list(const std::vector<OpId>& ops) {
    for (OpId id : ops) {
      const PlanOp& op = plan_.ops[id];
      if (op.kind == PlanOp::Kind::zone)
        zone(op);
      else if (op.kind == PlanOp::Kind::table)
        table(op);
      else
        node(op);
      for (SlotId slot : op.freeAfter) drop(nameOf(slot));
    }
  }

  void node(const PlanOp& op) {
    int64_t work = op.workBytes;
    for (OpId member : op.members) work = plus(work, plan_.ops[member].workBytes);
    if (!op.workKnown) unknown_.insert(op.path + " while it runs");
    // A conversion shows the same memory as another type.
    if (op.kind != PlanOp::Kind::convert)
      for (SlotId slot : op.out) hold(slot, nameOf(slot));
    peak(op.path, work);
  }

  int64_t stepsOf(const PlanZone& zone) const {
    if (zone.count >= 0) return zone.count;
    for (const PlanZone::Over& over : zone.over) {
      const auto& shape = plan_.slots[over.source].spec.shape;
      if (shape && shape->size() == 1 && shape->front().known()) return shape->front().size;
    }
    return -1;
  }

  void table(const PlanOp& op) {
    const int64_t steps = stepsOf(plan_.zones[op.zone]);
    if (steps > kMostTabled) return;
    for (OpId member : op.members)
      for (SlotId slot : plan_.ops[member].out)
        hold(slot, nameOf(slot) + " for all steps", std::max<int64_t>(steps, 1));
    peak(op.path, 0);
  }

  void zone(const PlanOp& op) {
    const PlanZone& zone = plan_.zones[op.zone];
    const int64_t steps = stepsOf(zone);
    for (const PlanZone::State& state : zone.state) hold(state.slot, nameOf(state.slot) + " (state)");
    for (const PlanZone::Collect& collect : zone.collect) {
      const int64_t frames = steps < 0 ? 1 : (steps + collect.every - 1) / collect.every;
      if (steps < 0) unknown_.insert(zone.path + "." + collect.name);
      hold(collect.from, zone.path + "." + collect.name + ", " + std::to_string(frames) + " frames", frames);
    }
    list(zone.body);
    for (SlotId slot : zone.freeAtEnd) drop(nameOf(slot));
    for (const PlanZone::State& state : zone.state) {
      drop(nameOf(state.slot) + " (state)");
      hold(state.result, nameOf(state.result));
    }
  }

  void peak(const std::string& path, int64_t work) {
    if (plus(total_, work) <= result_.peakBytes) return;
    result_.peakBytes = plus(total_, work);
    result_.peakAt = path;
    result_.holders.clear();
    for (const auto& [what, bytes] : held_) result_.holders.push_back({what, bytes});
    if (work > 0) result_.holders.push_back({path + " while it runs", work});
  }

  const Plan& plan_;
  Forecast result_;
  std::map<std::string, int64_t> held_;
  std::set<std::string> unknown_;
  int64_t total_ = 0;
};

}  // namespace

Forecast forecastOf(const Plan& plan) { return Forecaster(plan).run(); }

std::string forecastText(const Forecast& forecast) {
  constexpr size_t most = 3;
  std::string text = "about " + sizeText(static_cast<uint64_t>(forecast.peakBytes));
  if (!forecast.peakAt.empty()) text += ", while " + forecast.peakAt + " runs";
  for (size_t i = 0; i < std::min(most, forecast.holders.size()); ++i)
    text += (i ? ", " : ": ") + forecast.holders[i].what + " " +
            sizeText(static_cast<uint64_t>(forecast.holders[i].bytes));
  if (forecast.unknown.empty()) return text;
  text += "; not known before the run: ";
  for (size_t i = 0; i < std::min(most, forecast.unknown.size()); ++i)
    text += (i ? ", " : "") + forecast.unknown[i];
  return text + (forecast.unknown.size() > most ? ", ..." : "");
}

}  // namespace loom
