#include <algorithm>
#include <queue>

#include "engine/plan/compiler.h"

namespace loom {

Compiler::Compiler(std::shared_ptr<const Document> document, const Registry& registry,
                   const CompileOptions& options, const FlatGraph& flat, std::vector<char> compiled)
    : document_(std::move(document)),
      registry_(registry),
      options_(options),
      flat_(flat),
      compiled_(std::move(compiled)) {}

Plan Compiler::run() {
  plan_.document = document_;
  slots_.resize(flat_.nodes.size());
  insideSlots_.resize(flat_.nodes.size());
  zoneOfNode_.assign(flat_.nodes.size(), -1);
  opOfNode_.assign(flat_.nodes.size(), -1);
  order_ = orderScopes();
  visitScope(0, -1);
  for (const auto& [name, source] : flat_.outputs) use(source, -1);  // plans what it becomes on the way
  requireForks();
  finishDepths();
  if (options_.merge) {
    mergeCalls(plan_.root);
    for (PlanZone& zone : plan_.zones)
      if (!zone.gradients) mergeCalls(zone.body);
  }
  fillTargets();
  lifetimes(plan_.root, -1);
  for (size_t zone = 0; zone < plan_.zones.size(); ++zone)
    lifetimes(plan_.zones[zone].body, static_cast<int>(zone));
  return std::move(plan_);
}

namespace {

// Calls `edge(source node, consumer lifted into the source's scope)` for one link. What is inside of a zone
// may read the zone; a node, or a zone from outside, that reads itself is a circle of one.
template <class Edge>
void liftLink(const FlatGraph& flat, Source source, int consumer, int consumerScope, Edge edge) {
  if (!source) return;
  const int home = flat.nodes[source.node].scope;
  int scope = consumerScope, node = consumer;
  while (scope != home) {
    node = flat.scopes[scope].zone;
    scope = flat.scopes[scope].parent;
  }
  const bool ownZone = node == source.node && scope != consumerScope;
  if (node >= 0 && !ownZone) edge(source.node, node);
}

template <class Edge>
void forEachEdge(const FlatGraph& flat, Edge edge) {
  for (size_t i = 0; i < flat.nodes.size(); ++i) {
    const FlatNode& node = flat.nodes[i];
    const int consumer = static_cast<int>(i);
    liftLink(flat, node.when, consumer, node.scope, edge);
    for (const auto& port : node.links)
      for (Source source : port) liftLink(flat, source, consumer, node.scope, edge);
    for (const auto& [name, source] : node.named) {
      const bool atEnd = name.starts_with("next.") || name == "until" || name.starts_with("collect.");
      if (atEnd)
        liftLink(flat, source, -1, node.body, edge);  // read at the end of the body: no node of it waits
      else
        liftLink(flat, source, consumer, node.scope, edge);
    }
  }
}

}  // namespace

std::vector<std::vector<int>> Compiler::orderScopes() const {
  std::vector<std::vector<int>> next(flat_.nodes.size());
  std::vector<int> waiting(flat_.nodes.size(), 0);
  forEachEdge(flat_, [&](int from, int to) {
    if (!isCompiled(from) || !isCompiled(to)) return;
    next[from].push_back(to);
    ++waiting[to];
  });
  // Among those that are ready the first of the file goes first: plans are the same every time.
  std::vector<std::vector<int>> order(flat_.scopes.size());
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  size_t done = 0;
  for (size_t i = 0; i < waiting.size(); ++i)
    if (!waiting[i]) ready.push(static_cast<int>(i));
  while (!ready.empty()) {
    const int node = ready.top();
    ready.pop();
    ++done;
    order[flat_.nodes[node].scope].push_back(node);
    for (int to : next[node])
      if (--waiting[to] == 0) ready.push(to);
  }
  if (done != flat_.nodes.size()) refuseCycle(waiting, next);
  return order;
}

void Compiler::refuseCycle(const std::vector<int>& waiting, const std::vector<std::vector<int>>& next) const {
  // Every waiting node has a waiting predecessor: walking back from any one runs into a cycle.
  std::vector<int> before(waiting.size(), -1);
  int start = -1;
  for (size_t from = 0; from < next.size(); ++from)
    if (waiting[from])
      for (int to : next[from])
        if (waiting[to]) before[to] = start = static_cast<int>(from);
  std::vector<char> seen(waiting.size(), 0);
  int node = start;
  while (!seen[node]) {
    seen[node] = 1;
    node = before[node];
  }
  std::string text = flat_.nodes[node].path;
  int walk = before[node];
  for (int shown = 0; walk != node && shown < 20; walk = before[walk], ++shown)
    text = flat_.nodes[walk].path + " -> " + text;
  throw Error(flat_.nodes[node].path, "",
              "the links go round in a circle: " + flat_.nodes[node].path + " -> " + text +
                  ". Only a zone's state may come back to where it began");
}

void Compiler::visitScope(int scope, int zone) {
  for (int index : order_[scope]) {
    const FlatNode& node = flat_.nodes[index];
    if (!isCompiled(index)) continue;
    if (node.problem) throw *node.problem;
    if (node.type)
      visitNode(index, zone);
    else
      visitZone(index, zone);
  }
}

// A fork that no zone of this graph begins with would be forgotten without a word.
void Compiler::requireForks() const {
  for (const auto& [path, fork] : options_.forks)
    if (std::none_of(plan_.zones.begin(), plan_.zones.end(),
                     [&path = path](const PlanZone& zone) { return zone.path == path; }))
      throw Error(
          path, "",
          "is no zone that this graph runs, so nothing can go on from its step " + std::to_string(fork.done));
}

// A hoisted zone has left the zones around it, and so has what is inside of it.
void Compiler::finishDepths() {
  for (PlanZone& zone : plan_.zones)
    zone.depth = zone.parent < 0 ? 1 : plan_.zones[static_cast<size_t>(zone.parent)].depth + 1;
}

SlotId Compiler::newSlot(const std::string& node, const std::string& port, Spec spec, int zone, Key key,
                         std::optional<Key> loopKey) {
  plan_.slots.push_back({node, port, std::move(spec), {}, zone});
  keys_.push_back(key);
  loopKeys_.push_back(loopKey.value_or(key));
  stepOnly_.push_back(0);
  skippable_.push_back(0);
  return static_cast<SlotId>(plan_.slots.size()) - 1;
}

Key Compiler::constantKey(const Port& port, const Value& value) {
  return KeyBuilder("constant").add(port.type->id).add(port.type->format(value).dump()).key();
}

SlotId Compiler::constantSlot(const std::string& node, const Port& port, Value value) {
  Spec spec;
  spec.type = port.type;
  spec.constant = value;
  const SlotId slot = newSlot(node, port.id, std::move(spec), -1, constantKey(port, value));
  plan_.slots[slot].constant = std::move(value);
  return slot;
}

bool Compiler::inZone(int zone, int inner) const {
  while (inner >= 0 && inner != zone) inner = plan_.zones[inner].parent;
  return inner == zone;
}

SlotId Compiler::use(Source source, int zone) {
  const int plan = zoneOfNode_[source.node];
  const bool inside = plan >= 0 && inZone(plan, zone);
  SlotId slot = slotOf(source, inside);
  std::vector<int> casts;
  for (int cast = source.cast; cast >= 0; cast = flat_.casts[cast].before) casts.push_back(cast);
  const SlotId first = slot;
  for (auto cast = casts.rbegin(); cast != casts.rend(); ++cast) {
    const auto [known, isNew] = casts_.try_emplace({*cast, first, zone}, -1);
    if (isNew) {
      const std::string node = plan_.slots[slot].node, port = plan_.slots[slot].port;
      known->second = stateConverted(slot, *flat_.casts[*cast].type, node, port, zone);
    }
    slot = known->second;
  }
  return slot;
}

SlotId Compiler::slotOf(Source source, bool inside) const {
  return inside ? insideSlots_[source.node][source.output] : slots_[source.node][source.output];
}

// The zone it can run in: its own, or further out as long as nothing it reads changes there. A zone with a
// `when` is a border: what is inside must not be computed where it may never be wanted.
int Compiler::place(const PlanOp& op, bool movable) const {
  int zone = op.home;
  if (!movable || !options_.hoist) return zone;
  const auto changesIn = [&](int candidate) {
    const auto changes = [&](SlotId slot) { return slot >= 0 && plan_.slots[slot].zone == candidate; };
    if (changes(op.when) || changes(op.prepared)) return true;
    for (SlotId slot : op.in)
      if (changes(slot)) return true;
    for (SlotId slot : op.reads)
      if (changes(slot)) return true;
    return false;
  };
  while (zone >= 0 && !plan_.zones[zone].conditional && !changesIn(zone)) zone = plan_.zones[zone].parent;
  return zone;
}

OpId Compiler::add(PlanOp op, bool movable) {
  op.runsIn = place(op, movable);
  const OpId id = static_cast<OpId>(plan_.ops.size());
  op.maySkip = op.when >= 0;
  for (SlotId slot : op.in) op.maySkip |= skippable_[slot] != 0;
  if (op.prepared >= 0) op.maySkip |= skippable_[op.prepared] != 0;
  for (SlotId slot : op.out) {
    plan_.slots[slot].zone = op.runsIn;
    skippable_[slot] = op.maySkip;
  }
  const bool tabled = canTable(op);
  if (tabled) {
    PlanZone& zone = plan_.zones[op.runsIn];
    zone.tableOps.push_back(id);
    for (SlotId slot : op.out) {
      stepOnly_[slot] = 1;
      zone.tabled.push_back(slot);
      tellApartByValue(slot, op.runsIn);
    }
  } else {
    (op.runsIn < 0 ? plan_.root : plan_.zones[op.runsIn].body).push_back(id);
  }
  plan_.ops.push_back(std::move(op));
  return id;
}

// What comes with each step of an outermost zone, and is a number or has a form that can be compared: a run
// looks at its values, not at where they come from.
void Compiler::tellApartByValue(SlotId slot, int zone) {
  const Slot& each = plan_.slots[slot];
  if (plan_.zones[zone].parent >= 0 || !each.spec.type) return;
  if (!each.spec.type->isScalar() && !each.spec.type->save) return;
  loopKeys_[slot] = KeyBuilder("step value").add(each.node).add(each.port).key();
  plan_.zones[zone].stepValues.push_back(slot);
}

bool Compiler::canTable(const PlanOp& op) const {
  if (!options_.tabulate || op.runsIn < 0 || op.maySkip || op.effect) return false;
  if (op.kind != PlanOp::Kind::prepare && op.kind != PlanOp::Kind::node && op.kind != PlanOp::Kind::convert)
    return false;
  if (op.type && (!op.type->pure || op.type->usesStep)) return false;
  bool readsStep = false;
  std::vector<SlotId> inputs = op.in;
  if (op.prepared >= 0) inputs.push_back(op.prepared);
  for (SlotId slot : inputs) {
    if (plan_.slots[slot].zone != op.runsIn) continue;
    if (!stepOnly_[slot]) return false;
    readsStep = true;
  }
  if (!readsStep) return false;
  if (op.kind == PlanOp::Kind::prepare) return true;
  // A table of scalars is small; one of tensors may not be.
  for (SlotId slot : op.out)
    if (!plan_.slots[slot].spec.type || !plan_.slots[slot].spec.type->isScalar()) return false;
  return true;
}

namespace {

// What a run needs: effects, exposed outputs, what is kept, and all that these read.
class Needed {
 public:
  Needed(const FlatGraph& flat, const CompileOptions& options) : flat_(flat), needed_(flat.nodes.size(), 0) {
    for (const auto& [name, source] : flat.outputs) need(source.node);
    std::set<std::string_view> kept;
    for (const std::string& port : options.keep)
      kept.insert(std::string_view(port).substr(0, port.rfind('.')));
    for (size_t i = 0; i < flat.nodes.size(); ++i)
      if (flat.nodes[i].absent < 0 &&
          ((flat.nodes[i].type && flat.nodes[i].type->effect) || kept.contains(flat.nodes[i].path)))
        need(static_cast<int>(i));
    while (!waiting_.empty()) {
      const int node = waiting_.back();
      waiting_.pop_back();
      visit(flat_.nodes[node]);
    }
  }
  bool any() const { return any_; }
  std::vector<char> take() { return std::move(needed_); }

 private:
  void need(int node) {
    if (node < 0 || needed_[node]) return;
    needed_[node] = any_ = 1;
    waiting_.push_back(node);
  }
  void visit(const FlatNode& node) {
    need(node.when.node);
    need(flat_.scopes[node.scope].zone);
    for (const auto& port : node.links)
      for (Source source : port) need(source.node);
    for (const auto& [name, source] : node.named) need(source.node);
  }

  const FlatGraph& flat_;
  std::vector<char> needed_;
  std::vector<int> waiting_;
  bool any_ = false;
};

bool sameError(const Error& a, const Error& b) { return a.full() == b.full(); }

}  // namespace

// A node that can't run stops only what needs it. All is planned where all is right, so that every port can
// be watched; else only what effects and outputs need.
Plan compile(std::shared_ptr<const Document> document, const Registry& registry,
             const CompileOptions& options) {
  const FlatGraph flat = flatten(*document, registry);
  std::vector<Error> problems = flat.problems;
  try {
    if (!problems.empty()) throw problems.front();
    return Compiler(document, registry, options, flat, {}).run();
  } catch (const Error& error) {
    if (problems.empty()) problems.push_back(error);
  }
  Needed needed(flat, options);
  if (!needed.any()) throw problems.front();
  Plan plan = Compiler(document, registry, options, flat, needed.take()).run();
  for (const Error& problem : problems)
    if (plan.leftOut.empty() || !sameError(plan.leftOut.back(), problem)) plan.leftOut.push_back(problem);
  return plan;
}

const PlanOp* nodeLookedInto(const Plan& plan, const std::string& port) {
  const size_t colon = port.find(':');
  if (colon == std::string::npos) return nullptr;
  for (const PlanOp& op : plan.ops)
    if (op.kind == PlanOp::Kind::node && op.type->showsInside && op.path.size() == colon &&
        port.starts_with(op.path))
      return &op;
  return nullptr;
}

}  // namespace loom
