// What a run tells of while it goes: ports and insides of nodes, fixed from the start or live.
#include "engine/run/implementation.h"

namespace loom {

void Run::Implementation::Inside::show(const std::string& name, at::Tensor value) {
  if (!run_.options_.observer) return;
  const Value shown = Value::of<at::Tensor>(std::move(value));
  for (size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) run_.options_.observer->probed({ports_[i], run_.iteration_, shown});
}

InsideWatch* Run::Implementation::insideOf(const std::string& node) {
  if (insides_.empty()) return nullptr;
  const auto found = insides_.find(node);
  return found == insides_.end() ? nullptr : &found->second;
}

// All probes anew: the fixed ones, and those of this moment.
void Run::Implementation::bindProbes() {
  watched_.clear();
  forced_.clear();
  forcedOps_.clear();
  insides_.clear();
  for (const std::string& port : options_.probes) watch(port, true);
  if (options_.live) {
    liveVersion_ = options_.live->version();
    for (const std::string& port : options_.live->ports()) watch(port, false);
  }
  listZoneProbes();
}

void Run::Implementation::watch(const std::string& port, bool forced) {
  const auto found = plan_->ports.find(port);
  if (found == plan_->ports.end()) {
    if (!watchInside(port, forced) && forced) throw Error("there is no port " + port + " to watch");
    return;
  }
  watched_[found->second] = &found->first;
  if (!forced) return;
  forced_.insert(found->second);
  for (int zone = plan_->slots[found->second].zone; zone >= 0; zone = plan_->zones[zone].parent)
    watchedZone_[zone] = 1;
}

// "path:name": what a node shows of its inside.
bool Run::Implementation::watchInside(const std::string& port, bool forced) {
  const PlanOp* op = nodeLookedInto(*plan_, port);
  if (!op) return false;
  insides_.try_emplace(op->path, *this).first->second.add(port.substr(op->path.size() + 1), port, forced);
  if (!forced) return true;
  forcedOps_.insert(static_cast<OpId>(op - plan_->ops.data()));
  for (int zone = op->runsIn; zone >= 0; zone = plan_->zones[zone].parent) watchedZone_[zone] = 1;
  return true;
}

// What no operation of a zone's body gives: its states, what it goes over, what was made for all steps.
void Run::Implementation::listZoneProbes() {
  itemProbes_.assign(plan_->zones.size(), {});
  stateProbes_.assign(plan_->zones.size(), {});
  if (watched_.empty()) return;
  for (size_t i = 0; i < plan_->zones.size(); ++i) {
    const PlanZone& zone = plan_->zones[i];
    const auto watch = [&](SlotId slot, std::vector<Watched>& probes) {
      if (const auto found = watched_.find(slot); found != watched_.end())
        probes.emplace_back(*found->second, slot);
    };
    for (const PlanZone::State& state : zone.state) watch(state.slot, stateProbes_[i]);
    for (const PlanZone::Over& over : zone.over) watch(over.item, itemProbes_[i]);
    watch(zone.index, itemProbes_[i]);
    watch(zone.countItem, itemProbes_[i]);
    for (SlotId slot : zone.tabled) watch(slot, itemProbes_[i]);
  }
}

void Run::Implementation::bindOutputs(Bound& bound, const PlanOp& op) {
  bound.probes.clear();
  for (SlotId slot : op.out)
    if (const auto found = watched_.find(slot); found != watched_.end())
      bound.probes.emplace_back(found->second, &slots_[slot]);
}

// Called where a step or an operation outside of zones begins: costs one atomic read while nothing changes.
void Run::Implementation::followLive() {
  if (options_.live->version() == liveVersion_) return;
  std::set<SlotId> before;
  for (const auto& [slot, port] : watched_) before.insert(slot);
  bindProbes();
  for (size_t id = 0; id < bound_.size(); ++id)
    if (bound_[id]) bindOutputs(*bound_[id], plan_->ops[id]);
  tellNow(before);
}

// What stands still outside of the zones is not computed again: it is told of when somebody comes to look.
void Run::Implementation::tellNow(const std::set<SlotId>& before) {
  if (!options_.observer) return;
  for (const auto& [slot, port] : watched_)
    if (!before.contains(slot) && plan_->slots[slot].zone < 0 && !slots_[slot].empty())
      options_.observer->probed({*port, {}, slots_[slot]});
}

void Run::Implementation::probe(const Bound& bound) {
  if (!options_.observer) return;
  for (const auto& [port, value] : bound.probes)
    if (!value->empty()) options_.observer->probed({*port, iteration_, *value});
}

void Run::Implementation::probe(const std::vector<Watched>& watched) {
  if (!options_.observer) return;
  for (const auto& [port, slot] : watched)
    if (!slots_[slot].empty()) options_.observer->probed({port, iteration_, slots_[slot]});
}

}  // namespace loom
