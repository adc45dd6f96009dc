#include "engine/plan/port_types.h"

namespace loom {
namespace {

// States that follow from each other, and groups in groups.
constexpr int kMostSteps = 2 * kMostNesting;

void list(const std::vector<NodePtr>& nodes, std::unordered_map<std::string_view, const Node*>& by) {
  for (const NodePtr& node : nodes) {
    by[node->id] = node.get();
    if (node->zone) list(node->zone->nodes, by);
  }
}

template <class Map>
auto found(const Map& map, const std::string& name) -> typename Map::mapped_type {
  const auto at = map.find(name);
  return at == map.end() ? nullptr : at->second;
}

}  // namespace

PortTypes::Names& PortTypes::namesOf(const Graph& graph) {
  const auto [known, isNew] = names_.try_emplace(&graph);
  Names& names = known->second;
  if (!isNew) return names;
  list(graph.nodes, names.nodes);
  for (const ExposedInput& input : graph.inputs) names.inputs.emplace(input.name, &input);
  for (const ExposedOutput& output : graph.outputs) names.outputs.emplace(output.name, &output);
  return names;
}

const Node* PortTypes::find(const Graph& graph, const std::string& id) {
  return found(namesOf(graph).nodes, id);
}

const ExposedInput* PortTypes::inputOf(const Graph& group, const std::string& name) {
  return found(namesOf(group).inputs, name);
}

const ExposedOutput* PortTypes::outputOf(const Graph& group, const std::string& name) {
  return found(namesOf(group).outputs, name);
}

std::shared_ptr<const std::vector<const TypeInfo*>> PortTypes::ofOutputs(const Graph& group) {
  if (!namesOf(group).types) {
    std::vector<const TypeInfo*> types;
    for (const ExposedOutput& each : group.outputs) types.push_back(ofOutput(group, each.from));
    namesOf(group).types = std::make_shared<const std::vector<const TypeInfo*>>(std::move(types));
  }
  return namesOf(group).types;
}

const Graph* PortTypes::groupOf(const Node& node) const {
  if (!node.type.starts_with(kGroupPrefix)) return nullptr;
  const auto group = document_.groups.find(node.type.substr(kGroupPrefix.size()));
  return group == document_.groups.end() ? nullptr : &group->second;
}

const TypeInfo* PortTypes::output(const Graph& graph, const Link& from, int depth) {
  const Node* node = depth > kMostSteps ? nullptr : find(graph, from.node);
  if (!node) return nullptr;
  if (node->zone) {
    for (const Zone::State& state : node->zone->state)
      if (state.name == from.port) return output(graph, state.next, depth + 1);
    for (const Zone::Collect& collect : node->zone->collect)
      if (collect.name == from.port) return &typeOf<Recording>();
    return nullptr;
  }
  if (const Graph* group = groupOf(*node)) {
    const ExposedOutput* exposed = outputOf(*group, from.port);
    return exposed ? output(*group, exposed->from, depth + 1) : nullptr;
  }
  const NodeType* type = registry_.find(node->type);
  const Port* port = type ? type->output(from.port) : nullptr;
  return port ? port->type : nullptr;
}

const TypeInfo* PortTypes::input(const Graph& graph, const Link& to, int depth) {
  const Node* node = depth > kMostSteps ? nullptr : find(graph, to.node);
  if (!node) return nullptr;
  if (node->zone) {
    if (to.port == "count") return &typeOf<Int>();
    for (const Zone::State& state : node->zone->state)
      if (state.name == to.port) return output(graph, state.next, depth + 1);
    return nullptr;
  }
  if (const Graph* group = groupOf(*node)) {
    const ExposedInput* exposed = inputOf(*group, to.port);
    return exposed && !exposed->to.empty() ? input(*group, exposed->to.front(), depth + 1) : nullptr;
  }
  const NodeType* type = registry_.find(node->type);
  const Port* port = type ? type->input(to.port) : nullptr;
  return port ? port->type : nullptr;
}

}  // namespace loom
