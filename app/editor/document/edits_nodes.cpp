// Nodes come, go, get names, and move between zones.
#include <algorithm>

#include "app/editor/document/graph_edit.h"
#include "app/editor/document/types.h"
#include "engine/core/error.h"
#include "engine/core/text.h"

namespace loom::editor {
namespace {

void requireRoom(const Document& document, const std::string& place, size_t more) {
  if (GraphIndex::of(graphAt(document, place))->size() + more > kMostNodes)
    throw Error("A graph holds at most " + std::to_string(kMostNodes) + " nodes.");
}

// How deep zones may still be put into this one.
void requireDepth(const GraphIndex& index, const std::string& zone, int levels) {
  const int depth = zone.empty() ? 0 : index.at(zone).depth + 1;
  if (depth + levels > kMostNesting)
    throw Error("Zones can be nested " + std::to_string(kMostNesting) + " deep, no deeper.");
}

int levelsOf(const Node& node) {
  if (!node.zone) return 0;
  int levels = 1;
  for (const NodePtr& inner : node.zone->nodes) levels = std::max(levels, 1 + levelsOf(*inner));
  return levels;
}

Node newNode(const Document& document, const std::string& place, const Catalog& catalog,
             const std::string& type) {
  Node node;
  node.type = type;
  if (type == kZoneType) return node;
  if (type.starts_with(kGroupPrefix)) {
    const std::string group = type.substr(kGroupPrefix.size());
    graphAt(document, group);
    requireNoSelfUse(document, place, group);
    return node;
  }
  const NodeType* known = catalog.node(type);
  if (!known) throw Error("There is no node type \"" + shortened(type, 64) + "\".");
  node.type = known->id;
  node.version = known->version;
  return node;
}

// One state that goes round unchanged until the body is wired: what is missing is its first value.
std::shared_ptr<const Zone> newZone(const std::string& id) {
  Zone zone;
  zone.count = kNewCount;
  Zone::State state;
  state.name = "x";
  state.next = {id, "x"};
  zone.state.push_back(std::move(state));
  return std::make_shared<const Zone>(std::move(zone));
}

// The better the match, the higher; 0: none.
int matchOf(const Catalog& catalog, const std::string& from, const PortType& to) {
  const int fit = catalog.fit(from, to.type);
  if (!fit) return 0;
  const ValueType* type = catalog.type(to.type);
  return fit * 100 + (to.required ? 10 : 0) + (type && type->scalar ? 0 : 5);
}

std::string titleOfType(const Catalog& catalog, const std::string& type) {
  const NodeType* known = catalog.node(type);
  return known ? known->title : type == kZoneType ? "A zone" : type;
}

const Node& nodeAt(const Document& document, const std::string& place, const std::string& id) {
  return *GraphIndex::of(graphAt(document, place))->at(id).node;
}

}  // namespace

std::string bestInput(const Face& face, const Catalog& catalog, const std::string& from) {
  std::string best;
  int most = 0;
  const std::string element = elementOf(catalog, from);
  for (const Socket& input : face.inputs) {
    int match = matchOf(catalog, from, input.port);
    // A zone goes over timesteps; a tensor rather goes round.
    if (input.adds)
      match = input.slot == "over." && element != "any" && !element.empty() && element != from &&
                      !catalog.fits(from, element)
                  ? 300
                  : 0;
    if (match > most) {
      most = match;
      best = input.slot;
    }
  }
  return best;
}

std::string bestOutput(const Face& face, const Catalog& catalog, const std::string& to) {
  std::string best;
  int most = 0;
  for (const Socket& output : face.outputs) {
    const int match = catalog.fit(output.port.type, to);
    if (match > most) {
      most = match;
      best = output.slot;
    }
  }
  return best;
}

Edited addNode(const Document& before, const std::string& place, const Catalog& catalog,
               const std::string& type, Point at, const std::string& zone) {
  Document document = before;
  Node node = newNode(document, place, catalog, type);
  requireRoom(document, place, 1);
  requireDepth(*GraphIndex::of(graphAt(document, place)), zone, type == kZoneType ? 1 : 0);
  node.id = FreshIds(document, place).make(stemOfType(type));
  if (type == kZoneType) node.zone = newZone(node.id);
  const std::string id = node.id;
  editBody(graphIn(document, place), zone, [&](std::vector<NodePtr>& nodes) {
    nodes.push_back(std::make_shared<const Node>(std::move(node)));
  });
  setAt(document, place, id, at);
  return {std::move(document), {id}};
}

Edited addNodeFrom(const Document& before, const std::string& place, const Catalog& catalog,
                   const std::string& type, Point at, const std::string& zone, const Link& from) {
  Edited added = addNode(before, place, catalog, type, at, zone);
  const std::string id = *added.made.begin();
  const std::string carried = typeOf(before, place, from, catalog);
  const Face face = faceOf(added.document, place, nodeAt(added.document, place, id), catalog);
  const std::string slot = bestInput(face, catalog, carried);
  if (slot.empty()) throw Error(titleOfType(catalog, type) + " takes no " + typeName(catalog, carried) + ".");
  added.document = connect(added.document, place, catalog, from, {id, slot});
  return added;
}

Edited addNodeTo(const Document& before, const std::string& place, const Catalog& catalog,
                 const std::string& type, Point at, const std::string& zone, const InputSlot& to) {
  Edited added = addNode(before, place, catalog, type, at, zone);
  const std::string id = *added.made.begin();
  const Face face = faceOf(added.document, place, nodeAt(added.document, place, id), catalog);
  const Face reader = faceOf(before, place, nodeAt(before, place, to.node), catalog);
  const Socket* wanted = reader.input(to.slot);
  const std::string taken = wanted ? wanted->port.type : to.slot == "@when" ? "bool" : "any";
  const std::string port = bestOutput(face, catalog, taken);
  if (port.empty()) throw Error(titleOfType(catalog, type) + " gives no " + typeName(catalog, taken) + ".");
  added.document = connect(added.document, place, catalog, {id, port}, to);
  return added;
}

namespace {

// For each output of the node what its readers get when it goes: its first linked input of a type that fits.
class Bypass {
 public:
  Bypass(const Document& document, const std::string& place, const Catalog& catalog, const Ids& gone)
      : document_(document),
        place_(place),
        catalog_(catalog),
        gone_(gone),
        types_(document, catalog),
        index_(GraphIndex::of(graphAt(document, place))) {}

  std::optional<Link> instead(const Link& link, const std::string& wanted) {
    Link at = link;
    for (int steps = 0; gone_.contains(at.node); ++steps) {
      const std::optional<Link> before = steps < 10'000 ? feeding(at, wanted) : std::nullopt;
      if (!before) return {};
      at = *before;
    }
    return at;
  }

 private:
  std::optional<Link> feeding(const Link& link, const std::string& wanted) {
    const GraphIndex::Place* place = index_->find(link.node);
    if (!place) return {};
    if (place->node->zone) {
      for (const Zone::State& state : place->node->zone->state)
        if (state.name == link.port && !state.init.empty()) return state.init;
      return {};
    }
    const std::string given = types_.of(place_, link);
    std::optional<Link> best;
    int most = 0;
    for (const Socket& input : faceOf(document_, place_, *place->node, catalog_).inputs) {
      if (input.slot == "@when") continue;
      for (const Link& from : linksInto(graphAt(document_, place_), {link.node, input.slot})) {
        const std::string type = types_.of(place_, from);
        const int fit = catalog_.fits(type, wanted) ? catalog_.fit(type, given) : 0;
        if (fit > most) {
          most = fit;
          best = from;
        }
      }
    }
    return best;
  }

  const Document& document_;
  const std::string& place_;
  const Catalog& catalog_;
  const Ids& gone_;
  Types types_;
  std::shared_ptr<const GraphIndex> index_;
};

}  // namespace

Document removeNodes(const Document& before, const std::string& place, const Catalog& catalog, const Ids& ids,
                     bool reconnect) {
  const StillGraph still(graphAt(before, place));
  Document document = before;
  const Ids gone = withInner(graphAt(before, place), ids);
  renameInLayout(document, place, [&](const std::string& id) {
    return gone.contains(id) || ids.contains(id) ? std::string() : id;
  });
  if (gone.empty()) return document;
  Graph& graph = graphIn(document, place);
  takeOut(graph, gone);
  Bypass bypass(before, place, catalog, gone);
  changeLinksIn(document, place,
                [&](const Node& reader, const SlotRef& slot, const Link& link) -> std::optional<Link> {
                  if (!gone.contains(link.node)) return link;
                  if (!reconnect) return std::nullopt;
                  if (reader.id.empty()) return bypass.instead(link, "any");
                  const Face face = faceOf(before, place, nodeAt(before, place, reader.id), catalog);
                  const Socket* socket = face.input(slot.text());
                  return bypass.instead(link, socket ? socket->port.type : "any");
                });
  for (ExposedInput& input : graph.inputs)
    std::erase_if(input.to, [&](const Link& to) { return gone.contains(to.node); });
  // A group keeps the input, so that what its users wired to it stays; for the document it would set nothing.
  if (place.empty()) std::erase_if(graph.inputs, [](const ExposedInput& input) { return input.to.empty(); });
  pruneReroutes(document, place);
  return document;
}

std::vector<NodePtr> renamedNodes(std::vector<NodePtr> nodes, const std::map<std::string, std::string>& ids) {
  for (NodePtr& node : nodes) {
    Node changed = *node;
    if (const auto id = ids.find(node->id); id != ids.end()) changed.id = id->second;
    if (changed.zone) {
      Zone zone = *changed.zone;
      zone.nodes = renamedNodes(std::move(zone.nodes), ids);
      changed.zone = std::make_shared<const Zone>(std::move(zone));
    }
    node = std::make_shared<const Node>(std::move(changed));
  }
  return nodes;
}

std::vector<NodePtr> withIds(std::vector<NodePtr> nodes, const std::map<std::string, std::string>& ids) {
  changeLinks(nodes, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
    const auto id = ids.find(link.node);
    return id == ids.end() ? link : Link{id->second, link.port};
  });
  return renamedNodes(std::move(nodes), ids);
}

Edited duplicate(const Document& before, const std::string& place, const Catalog&, const Ids& ids, Point by,
                 bool keepInputs) {
  Document document = before;
  Graph& graph = graphIn(document, place);
  const Ids outer = outermost(graph, ids), all = withInner(graph, ids);
  requireRoom(before, place, all.size());
  FreshIds fresh(before, place);
  std::map<std::string, std::string> names;
  Ids made;
  for (const std::string& id : all) names[id] = fresh.make(id);
  for (const std::string& id : outer) made.insert(names[id]);
  for (const char* part : {"frames", "notes"})
    if (const nlohmann::json* entries = findLayoutPart(before, place, part))
      for (const std::string& id : ids)
        if (entries->contains(id) && !names.contains(id)) made.insert(names[id] = fresh.make(id));

  const auto index = GraphIndex::of(graphAt(before, place));
  std::map<std::string, std::vector<NodePtr>> byZone;
  for (const std::string& id : outer) {
    const GraphIndex::Place& at = index->at(id);
    byZone[at.zone ? at.zone->id : ""].push_back(std::make_shared<const Node>(*at.node));
  }
  for (auto& [zone, nodes] : byZone) {
    if (!keepInputs)
      changeLinks(nodes, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
        if (all.contains(link.node)) return link;
        return std::nullopt;
      });
    nodes = withIds(std::move(nodes), names);
    editBody(graph, zone,
             [&](std::vector<NodePtr>& body) { body.insert(body.end(), nodes.begin(), nodes.end()); });
  }
  copyLayout(before, place, document, place, names, by);
  return {std::move(document), std::move(made)};
}

void copyLayout(const Document& from, const std::string& fromPlace, Document& to, const std::string& toPlace,
                const std::map<std::string, std::string>& ids, Point by) {
  const auto moved = [&](nlohmann::json entry) {
    if (entry.contains("at"))
      if (const auto at = pointFrom(entry["at"])) entry["at"] = toJson(Point{at->x + by.x, at->y + by.y});
    if (entry.contains("rect") && entry["rect"].is_array() && entry["rect"].size() == 4)
      if (const auto at = pointFrom({entry["rect"][0], entry["rect"][1]})) {
        const nlohmann::json corner = toJson(Point{at->x + by.x, at->y + by.y});
        entry["rect"][0] = corner[0];
        entry["rect"][1] = corner[1];
      }
    return entry;
  };
  for (const char* part : {"nodes", "frames", "notes"}) {
    const nlohmann::json* entries = findLayoutPart(from, fromPlace, part);
    if (!entries) continue;
    std::vector<std::pair<std::string, nlohmann::json>> copies;
    for (const auto& [id, copy] : ids)
      if (const auto entry = entries->find(id); entry != entries->end() && entry->is_object())
        copies.emplace_back(copy, moved(*entry));
    for (auto& [id, entry] : copies) layoutPart(to, toPlace, part)[id] = std::move(entry);
  }
  const nlohmann::json* reroutes = findLayoutPart(from, fromPlace, "reroutes");
  if (!reroutes) return;
  std::vector<std::pair<std::string, nlohmann::json>> copies;
  for (const auto& [key, corners] : reroutes->items()) {
    std::optional<RerouteKey> wire = parseReroute(key);
    if (!wire || !corners.is_array() || !ids.contains(wire->from.node) || !ids.contains(wire->to.node))
      continue;
    wire->from.node = ids.at(wire->from.node);
    wire->to.node = ids.at(wire->to.node);
    nlohmann::json copy = nlohmann::json::array();
    for (const nlohmann::json& corner : corners)
      if (const auto at = pointFrom(corner)) copy.push_back(toJson(Point{at->x + by.x, at->y + by.y}));
    copies.emplace_back(wire->text(), std::move(copy));
  }
  for (auto& [key, corners] : copies) layoutPart(to, toPlace, "reroutes")[key] = std::move(corners);
}

Document rename(const Document& before, const std::string& place, const std::string& id,
                const std::string& to) {
  if (id == to) return before;
  requireName(to, "a node's id");
  const auto index = GraphIndex::of(graphAt(before, place));
  index->at(id);
  if (index->find(to)) throw Error("There is a node called " + to + " already.");
  Document document = before;
  renameInLayout(document, place, [&](const std::string& old) { return old == id ? to : old; });
  changeLinksIn(document, place, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
    return link.node == id ? Link{to, link.port} : link;
  });
  Graph& graph = graphIn(document, place);
  editNode(graph, id, [&](Node& node) { node.id = to; });
  for (ExposedInput& input : graph.inputs)
    for (Link& target : input.to)
      if (target.node == id) target.node = to;
  return document;
}

Document setTitle(const Document& before, const std::string& place, const std::string& id,
                  const std::string& title) {
  if (title.size() > 1000) throw Error("A title may have at most 1,000 bytes.");
  try {
    (void)nlohmann::json(title).dump();
  } catch (const nlohmann::json::exception&) {
    throw Error("A title is text in UTF-8.");
  }
  Document document = before;
  editNode(graphIn(document, place), id, [&](Node& node) { node.title = title; });
  return document;
}

Document setMode(const Document& before, const std::string& place, const Ids& ids, NodeMode mode) {
  Document document = before;
  changeNodes(
      graphIn(document, place).nodes, [&](const Node& node) { return ids.contains(node.id); },
      [&](Node& node) { node.mode = mode; });
  return document;
}

Document moveToZone(const Document& before, const std::string& place, const Catalog&, const Ids& ids,
                    const std::string& zone) {
  Document document = before;
  Graph& graph = graphIn(document, place);
  const auto index = GraphIndex::of(graphAt(before, place));
  Ids moving;
  std::set<std::string> left;  // zones that something leaves
  int levels = 0;
  for (const std::string& id : outermost(graph, ids)) {
    const GraphIndex::Place& at = index->at(id);
    const std::string home = at.zone ? at.zone->id : "";
    if (home == zone) continue;
    moving.insert(id);
    levels = std::max(levels, levelsOf(*at.node));
    for (const Node* around = at.zone; around; around = index->at(around->id).zone) left.insert(around->id);
  }
  if (moving.empty()) return document;
  if (!zone.empty()) {
    if (!index->at(zone).node->zone) throw Error(zone + " is no zone.");
    if (withInner(graph, moving).contains(zone)) throw Error("A zone can't be put into itself.");
    for (const Node* around = index->at(zone).node; around; around = index->at(around->id).zone)
      left.erase(around->id);
  }
  requireDepth(*index, zone, levels);
  std::vector<NodePtr> nodes = takeOut(graph, moving);
  editBody(graph, zone,
           [&](std::vector<NodePtr>& body) { body.insert(body.end(), nodes.begin(), nodes.end()); });
  // What a zone takes from its body it can't take from what has left it.
  const Ids all = withInner(graphAt(before, place), moving);
  changeLinksIn(document, place,
                [&](const Node& reader, const SlotRef& slot, const Link& link) -> std::optional<Link> {
                  if (slot.atEnd() && left.contains(reader.id) && all.contains(link.node))
                    return std::nullopt;
                  return link;
                });
  cutBadLinks(document, place, all);
  pruneReroutes(document, place);
  return document;
}

}  // namespace loom::editor
