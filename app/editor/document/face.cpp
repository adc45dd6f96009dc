#include "app/editor/document/face.h"

#include <algorithm>

#include "app/editor/document/graph_edit.h"
#include "app/editor/document/types.h"
#include "engine/core/error.h"
#include "engine/core/text.h"

namespace loom::editor {
namespace {

const Socket* find(const std::vector<Socket>& sockets, std::string_view slot) {
  const auto found =
      std::find_if(sockets.begin(), sockets.end(), [&](const Socket& socket) { return socket.slot == slot; });
  return found == sockets.end() ? nullptr : &*found;
}

// "log variance" for log_variance, but x_t and x_prev as they are written in papers.
std::string labelOf(const std::string& id) {
  std::string label = id;
  for (size_t i = 2; i < label.size(); ++i)
    if (label[i] == '_' && label[i - 2] != '_' && label[i - 2] != ' ') label[i] = ' ';
  return label;
}

PortType portOfType(const std::string& id, const std::string& type, const std::string& doc) {
  PortType port;
  port.id = id;
  port.type = type;
  port.doc = doc;
  return port;
}

Socket socketOf(const PortType& port) { return {port.id, labelOf(port.id), port}; }

// What the node names and its type does not: of a newer version, or of a type that is not known.
void addStrangers(Face& face, const Node& node) {
  std::set<std::string> names;
  for (const auto& [name, input] : node.inputs) names.insert(name);
  for (const auto& [name, value] : node.params) names.insert(name);
  for (const std::string& name : names) {
    if (find(face.inputs, name)) continue;
    Socket socket = socketOf(portOfType(name, "any", "Not known to this program"));
    const auto input = node.inputs.find(name);
    socket.port.many = input != node.inputs.end() && input->second.list;
    face.inputs.push_back(std::move(socket));
  }
}

void addOutputsRead(Face& face, const Graph& graph, const Node& node) {
  for (const std::string& port : GraphIndex::of(graph)->portsRead(node.id))
    if (!find(face.outputs, port))
      face.outputs.push_back(socketOf(portOfType(port, "any", "Not known to this program")));
}

void plainFace(Face& face, const Graph& graph, const Node& node, const Catalog& catalog) {
  const NodeType* type = catalog.node(node.type);
  face.known = type != nullptr;
  face.kind = type ? type->title : "Unknown: " + shortened(node.type, 64);
  if (type) {
    face.doc = type->doc;
    face.group = type->group;
    for (const PortType& port : type->inputs) face.inputs.push_back(socketOf(port));
    for (const PortType& port : type->outputs) face.outputs.push_back(socketOf(port));
  } else {
    face.doc = "This program does not know the type " + shortened(node.type, 64) +
               ". The node stays in the file as it is; only a run that needs it is stopped.";
  }
  addStrangers(face, node);
  addOutputsRead(face, graph, node);
}

void groupFace(Face& face, const Document& document, const Graph& graph, const Node& node,
               const Catalog& catalog) {
  const std::string name = node.type.substr(kGroupPrefix.size());
  const auto group = document.groups.find(name);
  face.group = "group";
  face.known = group != document.groups.end();
  face.kind = (face.known ? "Group " : "Unknown group ") + shortened(name, 64);
  if (face.known) {
    face.doc = "A graph of its own, in the place of one node.";
    for (const ExposedInput& input : group->second.inputs) {
      PortType port = input.to.empty() ? portOfType(input.name, "any", "")
                                       : portOfTarget(document, name, input.to.front(), catalog);
      port.id = input.name;
      if (!input.doc.empty()) port.doc = input.doc;
      face.inputs.push_back(socketOf(port));
    }
    Types types(document, catalog);
    for (const ExposedOutput& output : group->second.outputs)
      face.outputs.push_back(socketOf(portOfType(output.name, types.of(name, output.from), output.doc)));
  } else {
    face.doc = "The file does not hold this group.";
  }
  addStrangers(face, node);
  addOutputsRead(face, graph, node);
}

Socket zoneSocket(const std::string& slot, const std::string& label, const std::string& type,
                  const std::string& doc, bool inside) {
  Socket socket{slot, label, portOfType(slot, type, doc), inside};
  return socket;
}

Socket adder(const std::string& slot, const std::string& label, const std::string& doc, bool inside) {
  Socket socket = zoneSocket(slot, label, "any", doc, inside);
  socket.adds = true;
  return socket;
}

PortType countPort(const Zone& zone) {
  PortType port = portOfType("count", "int", "How many iterations");
  port.value = kNewCount;
  port.min = 0;
  port.max = static_cast<double>(kMostCount);
  port.required = !zone.count;
  return port;
}

void zoneFace(Face& face, const Document& document, const std::string& place, const Node& node,
              const Catalog& catalog) {
  const Zone& zone = *node.zone;
  Types types(document, catalog);
  face.kind = "Zone";
  face.group = "zone";
  face.doc = "A loop: what is in it runs in each iteration, and its states go round.";
  const auto inside = [&](const std::string& name, const std::string& type, const std::string& doc) {
    face.bodyOutputs.push_back(zoneSocket(name, labelOf(name), type, doc, true));
  };
  for (const auto& [name, link] : zone.over) {
    const std::string type = types.of(place, {node.id, name});
    Socket socket = zoneSocket("over." + name, labelOf(name), link.empty() ? "any" : types.of(place, link),
                               "What the zone goes over", false);
    socket.port.required = true;
    face.inputs.push_back(std::move(socket));
    inside(name, type, "The element of this iteration");
  }
  if (zone.over.empty()) {
    Socket socket{"@count", "count", countPort(zone)};
    face.inputs.push_back(std::move(socket));
  }
  for (const Zone::State& state : zone.state) {
    const std::string type = types.of(place, {node.id, state.name});
    Socket init = zoneSocket("init." + state.name, labelOf(state.name), type,
                             "The state's value before the first iteration", false);
    init.port.required = true;
    face.inputs.push_back(std::move(init));
    inside(state.name, type, "The state's value in this iteration");
    Socket next = zoneSocket("next." + state.name, labelOf(state.name), type,
                             "What the state becomes after each iteration", true);
    next.port.required = true;
    face.bodyInputs.push_back(std::move(next));
    face.outputs.push_back(zoneSocket(state.name, labelOf(state.name), type,
                                      "The state's value after the last iteration", false));
  }
  inside("index", "int", "The iteration, from 0");
  inside("count", "int", "How many iterations there are");
  face.inputs.push_back(
      adder("init.", "new state", "Link a first value: makes a state that goes round", false));
  face.inputs.push_back(adder("over.", "new sequence", "Link a sequence: the zone goes over it", false));
  face.bodyInputs.push_back(
      zoneSocket("@until", "until", "bool", "Where it is yes, the loop ends after this iteration", true));
  for (const Zone::Collect& collect : zone.collect) {
    Socket from = zoneSocket("collect." + collect.name, labelOf(collect.name),
                             collect.from.empty() ? "any" : types.of(place, collect.from),
                             "What is recorded in each iteration", true);
    from.port.required = true;
    face.bodyInputs.push_back(std::move(from));
    face.outputs.push_back(zoneSocket(collect.name, labelOf(collect.name), "recording",
                                      "What was recorded, iteration by iteration", false));
  }
  face.bodyInputs.push_back(
      adder("collect.", "collect", "Link an output: it is recorded in each iteration", true));
}

}  // namespace

const Socket* Face::input(std::string_view slot) const {
  const Socket* found = find(inputs, slot);
  return found ? found : find(bodyInputs, slot);
}

const Socket* Face::output(std::string_view port, bool inside) const {
  return find(inside ? bodyOutputs : outputs, port);
}

const Graph& graphAt(const Document& document, const std::string& place) {
  if (place.empty()) return document.graph;
  const auto found = document.groups.find(place);
  if (found == document.groups.end()) throw Error("there is no group \"" + place + "\"");
  return found->second;
}

Face faceOf(const Document& document, const std::string& place, const Node& node, const Catalog& catalog) {
  Face face;
  if (node.zone)
    zoneFace(face, document, place, node, catalog);
  else if (node.type.starts_with(kGroupPrefix))
    groupFace(face, document, graphAt(document, place), node, catalog);
  else
    plainFace(face, graphAt(document, place), node, catalog);
  if (node.when)
    face.inputs.push_back(zoneSocket("@when", "when", "bool", "Where it is no, the node is skipped", false));
  const bool named = node.zone || node.type.starts_with(kGroupPrefix);
  face.title = !node.title.empty() ? node.title : named ? node.id : face.known ? face.kind : node.id;
  return face;
}

Faces::Faces(const Document& document, const std::string& place, const Catalog& catalog)
    : document_(document), place_(place), catalog_(catalog), still_(graphAt(document, place)) {}

std::shared_ptr<const Face> Faces::of(const Node& node) {
  const auto make = [&] { return std::make_shared<const Face>(faceOf(document_, place_, node, catalog_)); };
  const NodeType* type = catalog_.node(node.type);
  if (!type || node.zone || node.when || !node.title.empty()) return make();
  const auto declared = [&](const auto& named) { return type->input(named.first) != nullptr; };
  const auto given = [&](const std::string& port) { return type->output(port) != nullptr; };
  const auto& read = GraphIndex::of(graphAt(document_, place_))->portsRead(node.id);
  if (!std::all_of(node.inputs.begin(), node.inputs.end(), declared) ||
      !std::all_of(node.params.begin(), node.params.end(), declared) ||
      !std::all_of(read.begin(), read.end(), given))
    return make();
  std::shared_ptr<const Face>& face = plain_[type];
  if (!face) face = make();
  return face;
}

void forEachNode(const std::vector<NodePtr>& nodes, const std::function<void(const Node&)>& visit) {
  for (const NodePtr& node : nodes) {
    visit(*node);
    if (node->zone) forEachNode(node->zone->nodes, visit);
  }
}

std::set<std::string> nodesAmong(const Graph& graph, const std::set<std::string>& ids) {
  std::set<std::string> found;
  if (!ids.empty())
    forEachNode(graph.nodes, [&](const Node& node) {
      if (ids.contains(node.id)) found.insert(node.id);
    });
  return found;
}

std::vector<std::string> zonesAround(const Graph& graph, std::string_view id) {
  const auto index = GraphIndex::of(graph);
  std::vector<std::string> zones;
  for (const Node* zone = index->at(id).zone; zone; zone = index->at(zone->id).zone)
    zones.push_back(zone->id);
  std::reverse(zones.begin(), zones.end());
  return zones;
}

namespace {

void addWires(const std::vector<NodePtr>& nodes, std::vector<Wire>& wires) {
  for (const NodePtr& node : nodes) {
    forEachLink(*node, [&](const SlotRef& slot, const Link& link) {
      wires.push_back({link, {node->id, slot.text()}, slot.index});
    });
    if (node->zone) addWires(node->zone->nodes, wires);
  }
}

}  // namespace

std::vector<Wire> wiresOf(const Graph& graph) {
  std::vector<Wire> wires;
  addWires(graph.nodes, wires);
  return wires;
}

std::vector<Link> linksInto(const Graph& graph, const InputSlot& slot) {
  std::vector<Link> links;
  const GraphIndex::Place* at = GraphIndex::of(graph)->find(slot.node);
  if (!at) return links;
  const SlotRef wanted = slotOf(*at->node, slot.slot);
  forEachLink(*at->node, [&](const SlotRef& ref, const Link& link) {
    if (ref.kind == wanted.kind && ref.name == wanted.name) links.push_back(link);
  });
  return links;
}

}  // namespace loom::editor
