#include "app/cli/parameters.h"

#include <set>

namespace loom {
namespace {

using nlohmann::json;

/// What a group's user decides of it, by "node.port" inside.
struct FromOutside {
  std::map<std::string, json> values;
  std::set<std::string> linked;
};

class Walk {
 public:
  Walk(const Document& document, const Registry& registry, const ParameterVisit& visit)
      : document_(document), registry_(registry), visit_(visit) {}

  void nodes(const std::vector<NodePtr>& nodes, const std::string& prefix, const FromOutside& outside,
             int depth) {
    for (const NodePtr& node : nodes) {
      if (node->zone) this->nodes(node->zone->nodes, prefix, outside, depth);
      if (node->type.starts_with(kGroupPrefix))
        group(*node, prefix, outside, depth);
      else if (const NodeType* type = registry_.find(node->type))
        one(*node, *type, prefix, outside);
    }
  }

 private:
  static bool linked(const Node& node, const std::string& port, const FromOutside& outside) {
    return node.inputs.contains(port) || outside.linked.contains(node.id + "." + port);
  }

  static const json* valueOf(const Node& node, const std::string& port, const FromOutside& outside) {
    if (const auto given = outside.values.find(node.id + "." + port); given != outside.values.end())
      return &given->second;
    const auto own = node.params.find(port);
    return own == node.params.end() ? nullptr : &own->second;
  }

  void one(const Node& node, const NodeType& type, const std::string& prefix, const FromOutside& outside) {
    for (const Port& port : type.inputs) {
      if (linked(node, port.id, outside)) continue;
      if (const json* value = valueOf(node, port.id, outside))
        visit_(prefix + node.id, port, *value);
      else if (!port.fallback.empty() && port.type->format)
        visit_(prefix + node.id, port, port.type->format(port.fallback));
    }
  }

  void group(const Node& node, const std::string& prefix, const FromOutside& outside, int depth) {
    const auto found = document_.groups.find(node.type.substr(kGroupPrefix.size()));
    if (found == document_.groups.end() || depth >= kMostNesting) return;
    FromOutside inside;
    for (const ExposedInput& input : found->second.inputs) {
      const bool isLinked = linked(node, input.name, outside);
      const json* value = isLinked ? nullptr : valueOf(node, input.name, outside);
      for (const Link& to : input.to) {
        if (isLinked) inside.linked.insert(to.text());
        if (value) inside.values[to.text()] = *value;
      }
    }
    nodes(found->second.nodes, prefix + node.id + "/", inside, depth + 1);
  }

  const Document& document_;
  const Registry& registry_;
  const ParameterVisit& visit_;
};

}  // namespace

void forEachParameter(const Document& document, const Registry& registry, const ParameterVisit& visit) {
  Walk(document, registry, visit).nodes(document.graph.nodes, "", {}, 0);
}

}  // namespace loom
