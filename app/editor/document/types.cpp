#include "app/editor/document/types.h"

#include <algorithm>

#include "app/editor/document/face.h"
#include "app/editor/document/graph_edit.h"

namespace loom::editor {

std::string Types::of(const std::string& place, const Link& link) {
  if (link.empty()) return "any";
  constexpr int kDeepest = 200;  // chains of states and groups in a stranger's file
  const std::string key = place + "\n" + link.text();
  const auto [at, isNew] = known_.try_emplace(key, "any");  // what asks for itself gets "any"
  if (!isNew || depth_ >= kDeepest) return at->second;
  ++depth_;
  std::string type = found(place, link);
  --depth_;
  return known_[key] = std::move(type);
}

std::string Types::first(const std::string& place, const Zone::State& state) { return of(place, state.init); }

std::string Types::next(const std::string& place, const Node& zone, const Zone::State& state) {
  if (state.next.node == zone.id && state.next.port == state.name) return "any";
  return of(place, state.next);
}

std::string Types::ofZone(const std::string& place, const Node& node, const std::string& port) {
  for (const Zone::State& state : node.zone->state) {
    if (state.name != port) continue;
    // As the engine has it: noise that enters a sampler goes round as what the body gives back.
    const std::string begins = first(place, state), comes = next(place, node, state);
    if (begins == "any") return comes;
    return comes != "any" && comes != begins && catalog_.fits(begins, comes) ? comes : begins;
  }
  for (const auto& [name, link] : node.zone->over) {
    if (name != port) continue;
    const std::string element = elementOf(catalog_, of(place, link));
    return element.empty() ? "any" : element;
  }
  if (port == "index" || port == "count") return "int";
  return hasZonePort(*node.zone, port) ? "recording" : "any";
}

std::string Types::found(const std::string& place, const Link& link) {
  const GraphIndex::Place* at = GraphIndex::of(graphAt(document_, place))->find(link.node);
  if (!at) return "any";
  const Node& node = *at->node;
  if (node.zone) return ofZone(place, node, link.port);
  if (node.type.starts_with(kGroupPrefix)) {
    const std::string name = node.type.substr(kGroupPrefix.size());
    const auto group = document_.groups.find(name);
    if (group == document_.groups.end()) return "any";
    for (const ExposedOutput& output : group->second.outputs)
      if (output.name == link.port) return of(name, output.from);
    return "any";
  }
  const NodeType* type = catalog_.node(node.type);
  const PortType* port = type ? type->output(link.port) : nullptr;
  return port ? port->type : "any";
}

std::string typeOf(const Document& document, const std::string& place, const Link& link,
                   const Catalog& catalog) {
  return Types(document, catalog).of(place, link);
}

namespace {

PortType targetPort(const Document& document, const std::string& place, const Link& to,
                    const Catalog& catalog, int depth) {
  PortType port;
  port.id = to.port;
  port.type = "any";
  const auto group = place.empty() ? document.groups.end() : document.groups.find(place);
  if (!place.empty() && group == document.groups.end()) return port;
  const Graph& graph = place.empty() ? document.graph : group->second;
  const GraphIndex::Place* at = GraphIndex::of(graph)->find(to.node);
  if (!at || depth > kMostNesting) return port;
  const Node& node = *at->node;
  if (node.zone) {
    if (to.port == "count") {
      port.type = "int";
      port.min = 0;
      port.max = static_cast<double>(kMostCount);
      port.value = node.zone->count.value_or(kNewCount);
      return port;
    }
    Types types(document, catalog);
    for (const Zone::State& state : node.zone->state)
      if (state.name == to.port) port.type = types.of(place, {node.id, state.name});
    for (const auto& [name, link] : node.zone->over)
      if (name == to.port) port.type = types.of(place, link);
    port.required = true;
    return port;
  }
  if (node.type.starts_with(kGroupPrefix)) {
    const std::string name = node.type.substr(kGroupPrefix.size());
    const auto inner = document.groups.find(name);
    if (inner != document.groups.end())
      for (const ExposedInput& input : inner->second.inputs)
        if (input.name == to.port && !input.to.empty())
          port = targetPort(document, name, input.to.front(), catalog, depth + 1);
  } else if (const NodeType* type = catalog.node(node.type)) {
    if (const PortType* declared = type->input(to.port)) port = *declared;
  }
  // Where the group's node says nothing, what is set inside holds.
  if (const auto param = node.params.find(to.port); param != node.params.end()) port.value = param->second;
  if (node.inputs.contains(to.port)) port.required = false;
  return port;
}

}  // namespace

PortType portOfTarget(const Document& document, const std::string& place, const Link& to,
                      const Catalog& catalog) {
  return targetPort(document, place, to, catalog, 0);
}

}  // namespace loom::editor
