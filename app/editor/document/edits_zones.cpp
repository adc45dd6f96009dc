// What a zone goes over, carries and collects; and nodes that become its body.
#include <algorithm>

#include "app/editor/document/graph_edit.h"
#include "app/editor/document/types.h"
#include "engine/core/error.h"

namespace loom::editor {

Document addState(const Document& before, const std::string& place, const std::string& zone,
                  const std::string& name) {
  requireName(name, "a state's name");
  Document document = before;
  editZone(graphIn(document, place), zone, [&](Zone& changed) {
    if (name == "index" || name == "count") throw Error("Every zone has an " + name + " of its own.");
    if (hasZonePort(changed, name)) throw Error("The zone has a port called " + name + " already.");
    freshZonePort(changed, name);  // bounded
    Zone::State state;
    state.name = name;
    state.next = {zone, name};
    changed.state.push_back(std::move(state));
  });
  return document;
}

namespace {

bool takePort(Zone& zone, const SlotRef& slot) {
  const std::string name(slot.name);
  const auto named = [&](const auto& port) { return port.name == name; };
  switch (slot.kind) {
    case SlotRef::Kind::over: {
      const bool had = std::erase_if(zone.over, [&](const auto& over) { return over.first == name; }) > 0;
      if (had && zone.over.empty() && !zone.count && !zone.countFrom) zone.count = kNewCount;
      return had;
    }
    case SlotRef::Kind::init:
    case SlotRef::Kind::next:
      return std::erase_if(zone.state, named) > 0;
    case SlotRef::Kind::collect:
      return std::erase_if(zone.collect, named) > 0;
    default:
      return false;
  }
}

bool namePort(Zone& zone, const SlotRef& slot, const std::string& to) {
  const std::string name(slot.name);
  bool found = false;
  const auto put = [&](std::string& port) {
    if (port != name) return;
    port = to;
    found = true;
  };
  if (slot.kind == SlotRef::Kind::over)
    for (auto& [over, link] : zone.over) put(over);
  if (slot.kind == SlotRef::Kind::init || slot.kind == SlotRef::Kind::next)
    for (Zone::State& state : zone.state) put(state.name);
  if (slot.kind == SlotRef::Kind::collect)
    for (Zone::Collect& collect : zone.collect) put(collect.name);
  return found;
}

}  // namespace

Document renameZonePort(const Document& before, const std::string& place, const std::string& zone,
                        const std::string& slotText, const std::string& to) {
  Document document = before;
  Graph& graph = graphIn(document, place);
  const Node& node = *GraphIndex::of(graph)->at(zone).node;
  if (!node.zone) throw Error(zone + " is no zone.");
  const SlotRef slot = slotOf(node, slotText);
  const std::string name(slot.name);
  if (name == to) return document;
  const bool removes = to.empty();
  if (!removes) {
    requireName(to, "a port's name");
    if (to == "index" || to == "count") throw Error("Every zone has an " + to + " of its own.");
    if (hasZonePort(*node.zone, to)) throw Error("The zone has a port called " + to + " already.");
  }
  bool found = false;
  editZone(graph, zone,
           [&](Zone& changed) { found = removes ? takePort(changed, slot) : namePort(changed, slot, to); });
  if (!found) throw Error(zone + " has no " + slotText + ".");
  renamePortInLayout(document, place, zone, name, to);
  changeLinksIn(document, place, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
    if (link.node != zone || link.port != name) return link;
    if (removes) return std::nullopt;
    return Link{zone, to};
  });
  for (ExposedInput& input : graph.inputs) {
    for (Link& target : input.to)
      if (target.node == zone && target.port == name) target.port = to;
    std::erase_if(input.to, [](const Link& target) { return target.port.empty(); });
  }
  if (place.empty()) std::erase_if(graph.inputs, [](const ExposedInput& input) { return input.to.empty(); });
  pruneReroutes(document, place);
  return document;
}

Document setCollectEvery(const Document& before, const std::string& place, const std::string& zone,
                         const std::string& name, int64_t every) {
  if (every < 1) throw Error(zone, name, "It is recorded at every 1st step at the most.");
  Document document = before;
  bool found = false;
  editZone(graphIn(document, place), zone, [&](Zone& changed) {
    for (Zone::Collect& collect : changed.collect)
      if (collect.name == name) {
        collect.every = every;
        found = true;
      }
  });
  if (!found) throw Error(zone, name, "The zone collects nothing of this name.");
  return document;
}

// The states of the new zone: what leaves the nodes goes round. Where one picture enters and one leaves, the
// one that enters is what the loop begins with.
namespace {

struct Crossing {
  std::vector<Link> entering, leaving;  // each link once, in the order of the file
};

Crossing crossingOf(const Graph& graph, const Ids& body) {
  Crossing crossing;
  const auto note = [](std::vector<Link>& links, const Link& link) {
    if (std::find(links.begin(), links.end(), link) == links.end()) links.push_back(link);
  };
  for (const NodePtr& node : graph.nodes)
    forEachLinkWithin(*node, [&](const Node& reader, const SlotRef&, const Link& link) {
      const bool from = body.contains(link.node), to = body.contains(reader.id);
      if (from && !to) note(crossing.leaving, link);
      if (!from && to) note(crossing.entering, link);
    });
  for (const ExposedOutput& output : graph.outputs)
    if (body.contains(output.from.node)) note(crossing.leaving, output.from);
  return crossing;
}

// Where the nodes are that have places, so that nothing has to be placed anew.
void placeAround(Document& document, const std::string& place, const std::string& zone, const Ids& nodes) {
  constexpr float kBeside = 118, kAbove = 58;  // of a region, around what is in it
  const nlohmann::json* entries = findLayoutPart(std::as_const(document), place, "nodes");
  std::optional<Point> corner;
  for (const std::string& id : nodes) {
    const auto entry = entries ? entries->find(id) : nlohmann::json::const_iterator();
    if (!entries || entry == entries->end() || !entry->is_object() || !entry->contains("at")) return;
    const std::optional<Point> at = pointFrom((*entry)["at"]);
    if (!at) return;
    corner = corner ? Point{std::min(corner->x, at->x), std::min(corner->y, at->y)} : *at;
  }
  if (corner) setAt(document, place, zone, {corner->x - kBeside, corner->y - kAbove});
}

}  // namespace

Edited wrapInZone(const Document& before, const std::string& place, const Catalog& catalog, const Ids& ids) {
  Document document = before;
  Graph& graph = graphIn(document, place);
  const Ids outer = outermost(graph, ids);
  const std::string home = commonScope(graph, outer);
  requireConvex(document, place, catalog, outer);
  const Ids body = withInner(graph, outer);
  const Crossing crossing = crossingOf(graph, body);
  Types types(before, catalog);
  const auto isPicture = [&](const Link& link) {
    const ValueType* type = catalog.type(types.of(place, link));
    return type && type->picture;
  };

  Node node;
  node.id = FreshIds(before, place).make("zone");
  node.type = std::string(kZoneType);
  Zone zone;
  zone.count = kNewCount;
  std::map<std::string, std::string> stateOf;  // what leaves, by link
  for (const Link& link : crossing.leaving) {
    Zone::State state;
    state.name = freshZonePort(zone, link.port);
    state.next = link;
    stateOf[link.text()] = state.name;
    zone.state.push_back(std::move(state));
  }
  std::optional<Link> begins;
  std::vector<Link> pictures;
  if (crossing.leaving.size() == 1 && isPicture(crossing.leaving[0])) {
    const std::string goes = types.of(place, crossing.leaving[0]);
    for (const Link& link : crossing.entering)
      if (const std::string comes = types.of(place, link);
          comes != "any" && comes != "tensor" && catalog.fits(comes, goes))
        pictures.push_back(link);
    if (pictures.size() == 1) begins = pictures[0];
  }
  if (begins) zone.state[0].init = *begins;
  const std::string begun = begins ? zone.state[0].name : "";

  std::vector<NodePtr> nodes = takeOut(graph, outer);
  changeLinks(nodes, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
    return begins && link == *begins ? Link{node.id, begun} : link;
  });
  changeLinksIn(document, place, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
    const auto state = stateOf.find(link.text());
    return state == stateOf.end() ? link : Link{node.id, state->second};
  });
  zone.nodes = std::move(nodes);
  const std::string id = node.id;
  node.zone = std::make_shared<const Zone>(std::move(zone));
  editBody(graph, home, [&](std::vector<NodePtr>& siblings) {
    siblings.push_back(std::make_shared<const Node>(std::move(node)));
  });
  pruneReroutes(document, place);
  placeAround(document, place, id, outer);
  return {std::move(document), {id}};
}

}  // namespace loom::editor
