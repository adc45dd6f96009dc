#include "engine/graph/document.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "engine/core/error.h"

namespace loom {
namespace {

constexpr std::array<std::string_view, 3> kModes{"on", "muted", "bypassed"};

const Node* findIn(const std::vector<NodePtr>& nodes, std::string_view id) {
  for (const NodePtr& node : nodes) {
    if (node->id == id) return node.get();
    if (node->zone)
      if (const Node* inside = findIn(node->zone->nodes, id)) return inside;
  }
  return nullptr;
}

bool editIn(std::vector<NodePtr>& nodes, std::string_view id, const std::function<void(Node&)>& edit) {
  for (NodePtr& node : nodes) {
    if (node->id == id) {
      Node changed = *node;
      edit(changed);
      node = std::make_shared<const Node>(std::move(changed));
      return true;
    }
    if (!node->zone || !findIn(node->zone->nodes, id)) continue;
    Zone zone = *node->zone;
    editIn(zone.nodes, id, edit);
    Node changed = *node;
    changed.zone = std::make_shared<const Zone>(std::move(zone));
    node = std::make_shared<const Node>(std::move(changed));
    return true;
  }
  return false;
}

std::string exposedNames(const Graph& graph) {
  std::string names;
  for (const ExposedInput& input : graph.inputs) names += (names.empty() ? "" : ", ") + input.name;
  return names.empty() ? "none" : names;
}

}  // namespace

SharedJson::SharedJson() {
  static const auto empty = std::make_shared<nlohmann::json>(nlohmann::json::object());
  json_ = empty;
}

nlohmann::json& SharedJson::own() {
  if (json_.use_count() == 1)
    std::atomic_thread_fence(std::memory_order_acquire);  // after the last reader on another thread let go
  else
    json_ = std::make_shared<nlohmann::json>(*json_);
  return *json_;
}

bool isIdentifier(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::optional<Link> parseLink(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  Link link{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  if (!isIdentifier(link.node) || !isIdentifier(link.port)) return std::nullopt;
  return link;
}

std::string_view modeName(NodeMode mode) { return kModes[static_cast<size_t>(mode)]; }

std::optional<NodeMode> modeNamed(std::string_view name) {
  for (size_t i = 0; i < kModes.size(); ++i)
    if (kModes[i] == name) return static_cast<NodeMode>(i);
  return std::nullopt;
}

const Node* findNode(const Graph& graph, std::string_view id) { return findIn(graph.nodes, id); }

Document withNode(const Document& document, std::string_view id, const std::function<void(Node&)>& edit) {
  Document changed = document;
  if (!editIn(changed.graph.nodes, id, edit)) throw Error("there is no node " + std::string(id));
  return changed;
}

Document withValue(const Document& document, const std::string& name, const nlohmann::json& value) {
  for (const ExposedInput& input : document.graph.inputs) {
    if (input.name != name) continue;
    Document changed = document;
    for (const Link& to : input.to) changed = withValue(changed, to.text(), value);
    return changed;
  }
  const std::optional<Link> target = parseLink(name);
  if (!target)
    throw Error("there is no exposed name " + name + "; there are: " + exposedNames(document.graph) +
                ". A parameter is set as node.param");
  if (!findNode(document.graph, target->node)) throw Error(name + ": there is no node " + target->node);
  return withNode(document, target->node, [&](Node& node) {
    if (node.zone && target->port == "count") {
      const bool tooLarge =
          value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
      if (!value.is_number_integer() || tooLarge) throw Error(name + ": a zone's count is a whole number");
      Zone zone = *node.zone;
      zone.count = value.get<int64_t>();
      zone.countFrom.reset();
      node.zone = std::make_shared<const Zone>(std::move(zone));
      return;
    }
    node.inputs.erase(target->port);
    node.params[target->port] = value;
  });
}

}  // namespace loom
