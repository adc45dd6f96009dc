#include <algorithm>

#include "engine/plan/compiler.h"

namespace loom {
namespace {

Spec withoutConstant(Spec spec) {
  spec.constant = {};
  return spec;
}

Spec elementSpec(const Spec& sequence, const TypeInfo& element) {
  Spec spec;
  spec.type = &element;
  spec.dtype = sequence.dtype;
  if (sequence.shape && !sequence.shape->empty() && &element == sequence.type)
    spec.shape = std::vector<Dim>(sequence.shape->begin() + 1, sequence.shape->end());
  return spec;
}

}  // namespace

void checkCollected(const PlanZone& zone, int64_t steps, const PlanZone::Collect& collect) {
  const int64_t values = steps <= 0 ? 0 : (steps - 1) / collect.every + 1;
  if (values <= kMostCollected) return;
  throw Error(zone.path, collect.name,
              "would hold " + std::to_string(values) + " values in memory, and may hold " +
                  std::to_string(kMostCollected) + ": set \"every\" to " +
                  std::to_string((steps - 1) / kMostCollected + 1) + " or more");
}

void Compiler::visitZone(int index, int outer) {
  const int zone = static_cast<int>(plan_.zones.size());
  plan_.zones.emplace_back();
  zoneOfNode_[index] = zone;
  const FlatNode& node = flat_.nodes[index];
  const OpId firstOp = static_cast<OpId>(plan_.ops.size());
  openZone(node, plan_.zones[zone], index, outer);
  visitScope(node.body, zone);
  closeZone(node, index, firstOp);
}

void Compiler::openZone(const FlatNode& node, PlanZone& zone, int index, int outer) {
  const Zone& declared = *node.doc->zone;
  const int self = zoneOfNode_[index];
  for (const auto& [name, value] : node.doc->params) throw Error(node.path, name, "a zone has no parameters");
  for (const auto& [name, value] : node.doc->inputs)
    throw Error(node.path, name, "a zone's inputs are its states and `over`");
  zone.path = node.path;
  zone.parent = outer;
  zone.depth = outer < 0 ? 1 : plan_.zones[outer].depth + 1;
  zone.conditional = static_cast<bool>(node.when);
  insideSlots_[index].assign(zonePortCount(declared), -1);
  slots_[index].assign(zonePortCount(declared), -1);
  for (const Zone::State& state : declared.state) openState(node, zone, index, outer, state);
  for (const auto& [name, link] : declared.over) {
    const SlotId source = use(node.named.at("over." + name), outer);
    const Slot from = plan_.slots[source];
    if (!from.spec.type || !from.spec.type->sequence)
      throw Error(node.path, name,
                  "a zone can't go over " + (from.spec.type ? from.spec.type->name : "something unknown") +
                      "; it goes over timesteps, a tensor's first dimension and the like");
    const auto itemKey = [&](Key key) {
      return key ? KeyBuilder("item").add(zone.depth).add(key).key() : Key{};
    };
    const SequenceInfo* sequence = &*from.spec.type->sequence;
    const SlotId item = newSlot(node.path, name, elementSpec(from.spec, sequence->element()), self,
                                itemKey(keys_[source]), itemKey(loopKeys_[source]));
    stepOnly_[item] = 1;
    tellApartByValue(item, self);
    zone.over.push_back({name, source, item, sequence});
    insideSlots_[index][zonePort(declared, name)] = item;
  }
  if (declared.count) {
    if (*declared.count < 0 || *declared.count > kMostSteps)
      throw Error(
          node.path, "count",
          std::to_string(*declared.count) + " steps: a zone takes from 0 to " + std::to_string(kMostSteps));
    zone.count = *declared.count;
  }
  if (declared.countFrom) {
    zone.countSource =
        stateConverted(use(node.named.at("count"), outer), typeOf<Int>(), node.path, "count", outer);
    const Spec& spec = plan_.slots[zone.countSource].spec;
    if (!spec.constant.empty() && (spec.constant.as<Int>() < 0 || spec.constant.as<Int>() > kMostSteps))
      throw Error(node.path, "count",
                  std::to_string(spec.constant.as<Int>()) + " steps: a zone takes from 0 to " +
                      std::to_string(kMostSteps));
  }
  Spec whole;
  whole.type = &typeOf<Int>();
  zone.index = newSlot(node.path, "index", whole, self, KeyBuilder("index").add(zone.depth).key());
  zone.countItem =
      newSlot(node.path, "count", whole, self, lengthKey(zone, keys_), lengthKey(zone, loopKeys_));
  for (const auto& [name, slot] : {std::pair{"index", zone.index}, std::pair{"count", zone.countItem}}) {
    stepOnly_[slot] = 1;
    insideSlots_[index][zonePort(declared, name)] = slot;
  }
  for (const auto& over : zone.over) plan_.ports[node.path + "." + over.name] = over.item;
  plan_.ports[node.path + ".index"] = zone.index;
  plan_.ports[node.path + ".count"] = zone.countItem;
}

// The type that an output will have, before its node is planned; null where only planning tells. A zone's
// result is of the type that its own body gives back.
const TypeInfo* Compiler::typeGivenBy(Source source) const {
  std::set<std::pair<int, int>> followed;
  if (source.cast >= 0) return flat_.casts[static_cast<size_t>(source.cast)].type;
  while (followed.insert({source.node, source.output}).second) {
    for (const auto* slots : {&slots_[source.node], &insideSlots_[source.node]}) {
      const size_t port = static_cast<size_t>(source.output);
      if (port < slots->size() && (*slots)[port] >= 0) return plan_.slots[(*slots)[port]].spec.type;
    }
    const FlatNode& node = flat_.nodes[source.node];
    if (node.type) {
      const TypeInfo* type = node.type->outputs[source.output].type;
      return type == &typeOf<Any>() ? nullptr : type;
    }
    if (!node.doc->zone) return nullptr;
    if (isZoneCollect(*node.doc->zone, source.output)) return &typeOf<Recording>();
    const auto next = node.named.find("next." + zonePortName(*node.doc->zone, source.output));
    if (next == node.named.end()) return nullptr;
    source = next->second;
    if (source.cast >= 0) return flat_.casts[static_cast<size_t>(source.cast)].type;
  }
  return nullptr;  // states that only change places with each other
}

// A state is of the type its body gives back where that is known and the first value can be made so:
// noise that enters a sampler goes round as x_t.
void Compiler::openState(const FlatNode& node, PlanZone& zone, int index, int outer,
                         const Zone::State& state) {
  SlotId init = use(node.named.at("init." + state.name), outer);
  const Source next = flat_.nodes[index].named.at("next." + state.name);
  const TypeInfo* first = plan_.slots[init].spec.type;
  const TypeInfo* given = typeGivenBy(next);
  if (given && given != first && first && registry_.conversion(*first, *given))
    init = stateConverted(init, *given, node.path, state.name, outer);
  const Spec spec = withoutConstant(plan_.slots[init].spec);
  if (!spec.type) throw Error(node.path, state.name, "the type of the first value isn't known");
  const Key key = KeyBuilder("state").add(zone.depth).add(state.name).key();
  const SlotId inside = newSlot(node.path, state.name, spec, zoneOfNode_[index], key);
  zone.state.push_back({state.name, init, -1, inside, -1});
  zone.gradients |= spec.type->trainable;
  insideSlots_[index][zonePort(*node.doc->zone, state.name)] = inside;
  plan_.ports[node.path + "." + state.name] = inside;
}

void Compiler::closeZone(const FlatNode& node, int index, OpId firstOp) {
  const int self = zoneOfNode_[index];
  const int outer = plan_.zones[self].parent;
  const Zone& declared = *node.doc->zone;
  for (size_t i = 0; i < declared.state.size(); ++i) {
    const std::string& name = declared.state[i].name;
    PlanZone::State state = plan_.zones[self].state[i];
    const Spec wanted = plan_.slots[state.slot].spec;
    state.next =
        stateConverted(use(node.named.at("next." + name), self), *wanted.type, node.path, name, self);
    const Spec& given = plan_.slots[state.next].spec;
    if (wanted.shape && !given.shapeFits(*wanted.shape))
      throw Error(
          node.path, name,
          "begins as " + wanted.text() + " but comes back as " + given.text() + ": a state keeps its shape");
    plan_.zones[self].state[i] = state;
  }
  // One that muted nodes have left without anything stops nothing, and nothing is collected.
  if (const auto until = node.named.find("until"); until != node.named.end())
    plan_.zones[self].until =
        stateConverted(use(until->second, self), typeOf<Bool>(), node.path, "until", self);
  for (const Zone::Collect& collect : declared.collect) {
    const auto collected = node.named.find("collect." + collect.name);
    if (collected == node.named.end()) continue;
    const SlotId from = use(collected->second, self);
    plan_.zones[self].collect.push_back({collect.name, from, -1, collect.every});
    checkCollected(plan_.zones[self], plan_.zones[self].count, plan_.zones[self].collect.back());
  }
  plan_.zones[self].base = baseKey(plan_.zones[self], keys_);
  plan_.zones[self].loopBase = baseKey(plan_.zones[self], loopKeys_);
  forkZone(plan_.zones[self]);
  addTable(node, self, outer);

  PlanOp op;
  op.kind = PlanOp::Kind::zone;
  op.path = node.path;
  op.zone = self;
  op.home = outer;
  op.when = whenOf(node, outer);
  // Without these there is no first step: where one was skipped, the zone is.
  for (const PlanZone::Over& over : plan_.zones[self].over) op.in.push_back(over.source);
  if (plan_.zones[self].countSource >= 0) op.in.push_back(plan_.zones[self].countSource);
  for (const PlanZone::State& state : plan_.zones[self].state) op.in.push_back(state.init);
  op.reads = readsOf(self, firstOp);
  const auto wholeKey = [&](Key base, const std::vector<Key>& keys) {
    const Key length = lengthKey(plan_.zones[self], keys);
    if (!base || !length) return Key{};
    if (op.when < 0) return chain(base, length);
    return keys[op.when] ? chain(chain(base, length), keys[op.when]) : Key{};
  };
  op.key = wholeKey(plan_.zones[self].base, keys_);
  const Key loopKey = wholeKey(plan_.zones[self].loopBase, loopKeys_);
  const auto resultKey = [](const char* kind, Key key, const std::string& name) {
    return key ? KeyBuilder(kind).add(key).add(name).key() : Key{};
  };
  for (PlanZone::State& state : plan_.zones[self].state) {
    const SlotId inside = state.slot;
    const SlotId out =
        newSlot(node.path, state.name, plan_.slots[inside].spec, outer,
                resultKey("result", op.key, state.name), resultKey("result", loopKey, state.name));
    state.result = out;
    op.out.push_back(out);
    slots_[index][zonePort(declared, state.name)] = out;
  }
  for (PlanZone::Collect& collect : plan_.zones[self].collect) {
    Spec spec;
    spec.type = &typeOf<Recording>();
    spec.shape = plan_.slots[collect.from].spec.shape;
    collect.out = newSlot(node.path, collect.name, spec, outer, resultKey("collected", op.key, collect.name),
                          resultKey("collected", loopKey, collect.name));
    op.out.push_back(collect.out);
    slots_[index][zonePort(declared, collect.name)] = collect.out;
    plan_.ports[node.path + "." + collect.name] = collect.out;
  }
  bool movable = true;
  for (size_t i = static_cast<size_t>(firstOp); i < plan_.ops.size(); ++i) {
    const PlanOp& inner = plan_.ops[i];
    if (inner.runsIn < 0 || !inZone(self, inner.runsIn)) continue;
    op.effect |= inner.effect;
    movable &= !inner.effect && (!inner.type || (inner.type->pure && !inner.type->usesStep));
  }
  const OpId id = add(std::move(op), movable);
  plan_.zones[self].parent = plan_.ops[id].runsIn;
}

// The loop without its length: with equal bases the state after step k is equal, so a run may take up where
// another, shorter one ended.
Key Compiler::baseKey(const PlanZone& zone, const std::vector<Key>& keys) const {
  KeyBuilder key("zone");
  bool known = true;
  const auto add = [&](SlotId slot) {
    known &= static_cast<bool>(keys[slot]);
    key.add(keys[slot]);
  };
  const auto byValue = [&](SlotId slot) {
    return &keys == &loopKeys_ &&
           std::find(zone.stepValues.begin(), zone.stepValues.end(), slot) != zone.stepValues.end();
  };
  for (const PlanZone::Over& over : zone.over)
    if (!byValue(over.item)) add(over.source);
  for (const PlanZone::State& state : zone.state) {
    key.add(state.name);
    add(state.init);
    add(state.next);
  }
  if (zone.until >= 0) add(zone.until);
  for (const PlanZone::Collect& collect : zone.collect) {
    key.add(collect.name).add(collect.every);
    add(collect.from);
  }
  return known ? key.key() : Key{};
}

// How many steps it takes.
Key Compiler::lengthKey(const PlanZone& zone, const std::vector<Key>& keys) const {
  KeyBuilder key("length");
  bool known = true;
  const auto add = [&](SlotId slot) {
    known &= static_cast<bool>(keys[slot]);
    key.add(keys[slot]);
  };
  for (const PlanZone::Over& over : zone.over) add(over.source);
  if (zone.count >= 0) key.add(zone.count);
  if (zone.countSource >= 0) add(zone.countSource);
  return known ? key.key() : Key{};
}

// A fork's results are of what it began from: all keys after it say so, those of the zones around it too.
void Compiler::forkZone(PlanZone& zone) {
  const auto fork = options_.forks.find(zone.path);
  if (fork == options_.forks.end()) return;
  if (!zone.base)
    throw Error(zone.path, "", "has no content key: what it does can't be told from another loop's");
  zone.fork = fork->second;
  const auto begun = [&](Key base) {
    return base ? KeyBuilder("fork").add(base).add(fork->second.state).add(fork->second.done).key() : Key{};
  };
  zone.base = begun(zone.base);
  zone.loopBase = begun(zone.loopBase);
}

// What a zone and the zones in it read from outside. All of them were added since the zone was opened.
std::vector<SlotId> Compiler::readsOf(int zone, OpId firstOp) const {
  std::set<SlotId> reads;
  const auto read = [&](SlotId slot) {
    if (slot >= 0 && !inZone(zone, plan_.slots[slot].zone)) reads.insert(slot);
  };
  for (size_t inner = static_cast<size_t>(zone); inner < plan_.zones.size(); ++inner) {
    if (!inZone(zone, static_cast<int>(inner))) continue;
    const PlanZone& each = plan_.zones[inner];
    for (const auto& over : each.over) read(over.source);
    read(each.countSource);
    for (const auto& state : each.state) read(state.init), read(state.next);
    read(each.until);
    for (const auto& collect : each.collect) read(collect.from);
  }
  for (size_t i = static_cast<size_t>(firstOp); i < plan_.ops.size(); ++i) {
    const PlanOp& op = plan_.ops[i];
    if (op.runsIn < 0 || !inZone(zone, op.runsIn)) continue;
    for (SlotId slot : op.in) read(slot);
    for (SlotId slot : op.reads) read(slot);
    read(op.when);
    read(op.prepared);
  }
  return {reads.begin(), reads.end()};
}

void Compiler::addTable(const FlatNode& node, int self, int outer) {
  if (plan_.zones[self].tableOps.empty()) return;
  PlanOp table;
  table.kind = PlanOp::Kind::table;
  table.path = node.path;
  table.zone = self;
  table.home = outer;
  table.members = plan_.zones[self].tableOps;
  // A zone that may be skipped makes its table only when it runs.
  table.when = whenOf(node, outer);
  std::set<SlotId> reads;
  for (const auto& over : plan_.zones[self].over) table.in.push_back(over.source);
  if (plan_.zones[self].countSource >= 0) table.in.push_back(plan_.zones[self].countSource);
  for (OpId member : table.members) {
    const PlanOp& op = plan_.ops[member];
    for (SlotId slot : op.in)
      if (plan_.slots[slot].zone != self) reads.insert(slot);
    if (op.prepared >= 0 && plan_.slots[op.prepared].zone != self) reads.insert(op.prepared);
  }
  table.reads.assign(reads.begin(), reads.end());
  add(std::move(table), !node.when);
}

}  // namespace loom
