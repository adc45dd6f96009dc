// Going on where an earlier run stopped, or from one of its steps by choice: in an outermost loop, and from
// there in the loops that its step holds.
#include <algorithm>

#include "engine/run/implementation.h"
#include "engine/run/saved_value.h"

namespace loom {
namespace {

void addValue(KeyBuilder& key, const Value& value) {
  key.add(value.type().id);
  if (value.type().isScalar())
    key.add(value.type().format(value).dump());
  else
    key.add(digestOf(value.type().save(value)));
}

}  // namespace

// Which zones' loops have names for their states: outermost ones, all where inner steps are kept, and those
// on the way to where a fork begins.
void Run::Implementation::listKept() {
  hasKeys_.assign(plan_->zones.size(), 0);
  if (options_.checkpoints) keepsInner_ = options_.checkpoints->keepsInner();
  for (const PlanZone& zone : plan_->zones) {
    if (isKept(zone)) hasKeys_[indexOf(zone)] = 1;
    if (!zone.fork || zone.parent < 0) continue;
    inwardForks_.push_back(&zone);
    for (int each = zone.parent; each >= 0; each = plan_->zones[static_cast<size_t>(each)].parent)
      hasKeys_[static_cast<size_t>(each)] = 1;
    hasKeys_[indexOf(zone)] = 1;
  }
}

// A fork within other loops begins in the first step that those take after their own beginnings.
bool Run::Implementation::forksHere(const PlanZone& zone) const {
  if (!zone.fork) return false;
  for (size_t i = 0; i < running_.size(); ++i) {
    const std::optional<ForkPoint>& around = running_[i]->zone.fork;
    if (iteration_[i] != (around ? around->done : 0)) return false;
  }
  return true;
}

// After that step: a zone that did not go round in it, as its `when` was false or there was no such step, has
// not begun where it was to begin.
void Run::Implementation::requireForks(const Round& round) const {
  for (const PlanZone* each : inwardForks_)
    if (each->parent == static_cast<int>(indexOf(round.zone)) && forksHere(*each))
      throw Error(each->path, "",
                  "does not go round here" + whereInLoop() + ", so it can't go on from its step " +
                      std::to_string(each->fork->done) + ". Fork from another step");
}

// What comes with each step of an outermost loop is told apart by value where it is known before it. A loop
// within a step is named by that step, which says what it begins with, and by what it does.
void Run::Implementation::nameStates(Round& round, const std::optional<ForkPoint>& fork) {
  const PlanZone& zone = round.zone;
  if (!running_.empty()) {
    const Round& around = *running_.back();
    round.byValue = around.byValue;
    const Key step = around.keys.after(iteration_.back() + 1);
    const Key base = round.byValue ? zone.loopBase : zone.base;
    if (step && base) round.keys = StepKeys(KeyBuilder("within").add(step).add(base).key(), {}, fork);
    return;
  }
  const bool known = zone.tableOps.empty() || tableFilled_[indexOf(zone)];
  round.byValue = zone.loopBase && known && round.count <= kMostTabled;
  if (!round.byValue || zone.stepValues.empty()) {
    round.keys = StepKeys(round.byValue ? zone.loopBase : zone.base, {}, fork);
    return;
  }
  std::vector<Key> items;
  items.reserve(static_cast<size_t>(round.count));
  const auto valueAt = [&](SlotId slot, int64_t step) {
    for (const PlanZone::Over& over : zone.over)
      if (over.item == slot) return over.sequence->at(slots_[over.source], step);
    return tables_.at(slot).at(static_cast<size_t>(step));
  };
  for (int64_t step = 0; step < round.count; ++step) {
    KeyBuilder key("step");
    for (SlotId slot : zone.stepValues) {
      const Value value = valueAt(slot, step);
      addValue(key, value);
    }
    items.push_back(key.key());
  }
  round.keys = StepKeys(zone.loopBase, std::move(items), fork);
}

int64_t Run::Implementation::resume(Round& round) {
  const PlanZone& zone = round.zone;
  const bool forks = forksHere(zone);
  if (forks && !options_.checkpoints) throw Error(zone.path, "", "has nothing kept to fork from");
  // What is gone through again to find a NaN is looked at as a whole.
  if (!hasKeys_[indexOf(zone)] || (finding_ && !forks)) return 0;
  nameStates(round, forks ? zone.fork : std::nullopt);
  if (!round.keys || !(isKept(zone) || forks)) return 0;
  const CheckpointStore::State found =
      options_.checkpoints->find({zone, round.keys, round.count, iteration_});
  const bool complete = found.done > 0 && found.done <= round.count &&
                        std::all_of(zone.state.begin(), zone.state.end(), [&](const PlanZone::State& state) {
                          return found.states.contains(state.name);
                        });
  if (forks && (!complete || found.done < zone.fork->done))
    throw Error(zone.path, "",
                "the state after step " + std::to_string(zone.fork->done) + whereInLoop() +
                    ", to fork from, was not kept, or is not one that this graph's zone can begin with");
  if (forks) std::erase(inwardForks_, &zone);
  if (!complete) return 0;
  for (const PlanZone::State& state : zone.state) slots_[state.slot] = found.states.at(state.name);
  for (size_t i = 0; i < zone.collect.size(); ++i) {
    const auto kept = found.collected.find(zone.collect[i].name);
    if (kept == found.collected.end()) continue;
    // The last frame of a shorter loop may be one that a longer loop does not have.
    for (const Recording::Frame& frame : kept->second.as<Recording>().frames)
      if (frame.iteration.back() % zone.collect[i].every == 0 || frame.iteration.back() + 1 == round.count)
        round.recordings[i].frames.push_back(frame);
  }
  log(zone.path, "goes on after step " + std::to_string(found.done) + " of " + std::to_string(round.count) +
                     whereInLoop());
  return found.done;
}

void Run::Implementation::offerCheckpoint(const Round& round, int64_t done) {
  const PlanZone& zone = round.zone;
  if (!round.keys || !isKept(zone)) return;
  const std::span<const int64_t> around = std::span(iteration_).first(iteration_.size() - 1);
  options_.checkpoints->offer({zone, round.keys, round.count, around}, done, [&] {
    CheckpointStore::State state;
    state.done = done;
    for (const PlanZone::State& each : zone.state) state.states[each.name] = slots_[each.slot];
    for (size_t i = 0; i < zone.collect.size(); ++i)
      state.collected[zone.collect[i].name] = Value::of<Recording>(round.recordings[i]);
    return state;
  });
}

// Stopped within a step: the steps before it are done, and their states still there unless this one took
// them.
void Run::Implementation::offerInterrupted(const Round& round) {
  const int64_t done = iteration_.back();
  for (const PlanZone::State& state : round.zone.state)
    if (slots_[state.slot].empty()) return;
  if (done > round.first) offerCheckpoint(round, done);
}

}  // namespace loom
