#include "app/editor/session/shown_ports.h"

#include <algorithm>

#include "app/editor/document/layout.h"

namespace loom::editor {
namespace {

bool isPicture(const Catalog& catalog, const std::string& type) {
  const ValueType* found = catalog.type(type);
  return found && found->picture;
}

std::string firstPicture(const std::vector<Socket>& sockets, const Document& document, const Node& node,
                         const Catalog& catalog) {
  for (const Socket& socket : sockets) {
    std::string type = socket.port.type;
    if (type == "any" || type.empty()) type = typeOf(document, "", {node.id, socket.slot}, catalog);
    if (isPicture(catalog, type)) return node.id + "." + socket.slot;
  }
  return {};
}

void collect(const std::vector<NodePtr>& nodes, const Document& document, const Catalog& catalog,
             const Layout& layout, int depth, std::vector<std::pair<int, std::string>>& found) {
  for (const NodePtr& node : nodes) {
    if (node->zone) {
      for (const Zone::State& state : node->zone->state)
        if (isPicture(catalog, typeOf(document, "", {node->id, state.name}, catalog)))
          found.emplace_back(depth + 1, node->id + "." + state.name);
      collect(node->zone->nodes, document, catalog, layout, depth + 1, found);
      continue;
    }
    const auto laid = layout.nodes.find(node->id);
    if (laid != layout.nodes.end() && laid->second.collapsed) continue;
    const Face face = faceOf(document, "", *node, catalog);
    const std::string port = firstPicture(face.outputs, document, *node, catalog);
    if (!port.empty()) found.emplace_back(depth, port);
  }
}

}  // namespace

std::vector<std::string> shownPorts(const Document& document, const Catalog& catalog) {
  const StillGraph still(document.graph);
  std::vector<std::pair<int, std::string>> found;
  collect(document.graph.nodes, document, catalog, *layoutOf(document, ""), 0, found);
  std::reverse(found.begin(), found.end());
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> result;
  const auto add = [&](const std::string& port) {
    if (std::find(result.begin(), result.end(), port) == result.end()) result.push_back(port);
  };
  for (const ExposedOutput& output : document.graph.outputs)
    if (isPicture(catalog, typeOf(document, "", output.from, catalog))) add(output.from.text());
  for (const auto& [depth, port] : found) add(port);
  return result;
}

std::string groupAt(const Document& document, const std::string& path) {
  std::string place;
  for (size_t from = 0, to; from < path.size(); from = to + 1) {
    to = path.find('/', from);
    if (to == std::string::npos || (!place.empty() && !document.groups.contains(place))) return {};
    const Node* node = findNode(graphAt(document, place), path.substr(from, to - from));
    if (!node || !node->type.starts_with(kGroupPrefix)) return {};
    place = node->type.substr(kGroupPrefix.size());
  }
  return document.groups.contains(place) ? place : std::string();
}

std::string pathTo(const Document& document, const std::string& group) {
  // From the group outwards, through each group that has a node of it.
  std::string path, of = group;
  for (int depth = 0; depth < kMostNesting && !of.empty(); ++depth) {
    const std::string type = std::string(kGroupPrefix) + of;
    std::string node, in;
    const std::function<bool(const std::vector<NodePtr>&)> search = [&](const std::vector<NodePtr>& nodes) {
      for (const NodePtr& each : nodes) {
        if (each->type == type) return node = each->id, true;
        if (each->zone && search(each->zone->nodes)) return true;
      }
      return false;
    };
    if (!search(document.graph.nodes)) {
      for (const auto& [name, graph] : document.groups)
        if (name != of && search(graph.nodes)) {
          in = name;
          break;
        }
      if (node.empty()) return {};
    }
    path = node + "/" + path;
    of = in;
  }
  return of.empty() ? path : std::string();
}

}  // namespace loom::editor
