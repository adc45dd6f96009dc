#include "app/editor/document/zone_places.h"

namespace loom::editor {
namespace {

// Groups of groups of groups, in a file from a stranger:
constexpr size_t kMostZones = 10'000;
constexpr int64_t kMostVisited = 1'000'000;

using Places = std::vector<std::vector<std::string>>;

void collect(const Document& document, const std::vector<NodePtr>& nodes, const std::string& way,
             const std::vector<std::string>& around, int depth, int64_t& left, Places& places) {
  for (const NodePtr& node : nodes) {
    if (--left < 0 || places.size() >= kMostZones) return;
    if (node->mode != NodeMode::on) continue;
    if (node->zone) {
      places.push_back(around);
      places.back().push_back(way + node->id);
      const std::vector<std::string> inner = places.back();
      collect(document, node->zone->nodes, way, inner, depth, left, places);
    } else if (node->type.starts_with(kGroupPrefix) && depth < kMostNesting) {
      const auto group = document.groups.find(node->type.substr(kGroupPrefix.size()));
      if (group != document.groups.end())
        collect(document, group->second.nodes, way + node->id + "/", around, depth + 1, left, places);
    }
  }
}

}  // namespace

std::vector<std::vector<std::string>> zonePlaces(const Document& document) {
  Places places;
  int64_t left = kMostVisited;
  collect(document, document.graph.nodes, "", {}, 0, left, places);
  return places;
}

}  // namespace loom::editor
