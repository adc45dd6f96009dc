// Seeds that each run draws anew.
#include "app/editor/document/graph_edit.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr const char* kRolled = "rolled";

// Of the graphs at all places: "nodes" entries that name seeds.
template <class Each>
void forEachRolled(const Document& document, Each each) {
  const auto at = [&](const std::string& place) {
    const json* nodes = findLayoutPart(document, place, "nodes");
    if (!nodes) return;
    for (const auto& [id, entry] : nodes->items()) {
      if (!entry.is_object() || !entry.contains(kRolled) || !entry[kRolled].is_array()) continue;
      for (const json& port : entry[kRolled])
        if (port.is_string()) each(place, id, port.get<std::string>());
    }
  };
  at("");
  for (const auto& [name, group] : document.groups) at(name);
}

// A stranger's file may name what is no seed.
bool isFreeSeed(const Document& document, const std::string& place, const std::string& id,
                const std::string& port, const Catalog& catalog) {
  const GraphIndex::Place* at = GraphIndex::of(graphAt(document, place))->find(id);
  if (!at) return false;
  const Node& node = *at->node;
  if (const auto input = node.inputs.find(port); input != node.inputs.end() && !input->second.links.empty())
    return false;
  for (const Socket& socket : faceOf(document, place, node, catalog).inputs)
    if (socket.slot == port) return socket.port.type == "seed";
  return false;
}

}  // namespace

Document lockSeed(const Document& before, const std::string& place, const std::string& id,
                  const std::string& port, Lock lock) {
  Layout layout = *layoutOf(before, place);
  std::set<std::string>& rolled = layout.nodes[id].rolled;
  if (lock == Lock::on)
    rolled.erase(port);
  else
    rolled.insert(port);
  return withLayout(before, place, layout);
}

bool anyRolled(const Document& document, const Catalog& catalog) {
  bool any = false;
  forEachRolled(document, [&](const std::string& place, const std::string& id, const std::string& port) {
    any = any || isFreeSeed(document, place, id, port, catalog);
  });
  return any;
}

Document rollSeeds(const Document& before, const Catalog& catalog, const std::function<uint64_t()>& draw) {
  // By place and node: all of a graph's at once, which is copied for it.
  std::map<std::string, std::map<std::string, std::map<std::string, uint64_t>>> drawn;
  forEachRolled(before, [&](const std::string& place, const std::string& id, const std::string& port) {
    if (isFreeSeed(before, place, id, port, catalog)) drawn[place][id][port] = draw();
  });
  Document document = before;
  for (const auto& [place, seeds] : drawn)
    changeNodes(
        graphIn(document, place).nodes, [&](const Node& node) { return seeds.contains(node.id); },
        [&](Node& node) {
          for (const auto& [port, seed] : seeds.at(node.id)) node.params[port] = seed;
        });
  return document;
}

}  // namespace loom::editor
