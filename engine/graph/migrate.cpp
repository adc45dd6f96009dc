#include "engine/core/error.h"
#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"

namespace loom {
namespace {

nlohmann::json linksToJson(const std::map<std::string, Input>& inputs) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, input] : inputs) {
    nlohmann::json list = nlohmann::json::array();
    for (const Link& link : input.links) list.push_back(link.text());
    json[name] = input.list ? list : list[0];
  }
  return json;
}

std::map<std::string, Input> linksFromJson(const nlohmann::json& json) {
  std::map<std::string, Input> inputs;
  for (const auto& [name, value] : json.items()) {
    Input input;
    input.list = value.is_array();
    for (const nlohmann::json& link : input.list ? value : nlohmann::json::array({value}))
      input.links.push_back(parseLink(link.get<std::string>()).value());
    inputs[name] = std::move(input);
  }
  return inputs;
}

// A migration sees {"params": {...}, "inputs": {...}} and changes it in place.
Node migratedNode(Node node, const NodeType& type) {
  node.type = type.id;
  if (node.version >= type.version) return node;
  nlohmann::json json{{"params", node.params}, {"inputs", linksToJson(node.inputs)}};
  for (const Migration& migration : type.migrations)
    if (migration.from == node.version) {
      migration.apply(json);
      ++node.version;
    }
  if (node.version != type.version)
    throw Error(node.id, "",
                type.id + " has no migration from version " + std::to_string(node.version) + " to " +
                    std::to_string(type.version));
  node.params = json["params"].get<std::map<std::string, nlohmann::json>>();
  node.inputs = linksFromJson(json["inputs"]);
  return node;
}

void migrateAll(std::vector<NodePtr>& nodes, const Registry& registry) {
  for (NodePtr& node : nodes) {
    const NodeType* type = registry.find(node->type);
    if (node->zone) {
      Zone zone = *node->zone;
      migrateAll(zone.nodes, registry);
      Node changed = *node;
      changed.zone = std::make_shared<const Zone>(std::move(zone));
      node = std::make_shared<const Node>(std::move(changed));
    } else if (type && (type->version > node->version || type->id != node->type)) {
      node = std::make_shared<const Node>(migratedNode(*node, *type));
    }
  }
}

}  // namespace

Document migrated(const Document& document, const Registry& registry) {
  Document current = document;
  migrateAll(current.graph.nodes, registry);
  for (auto& [name, group] : current.groups) migrateAll(group.nodes, registry);
  return current;
}

}  // namespace loom
