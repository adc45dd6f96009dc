#include "app/editor/document/schedule_ports.h"

#include <algorithm>

#include "app/editor/document/face.h"

namespace loom::editor {
namespace {

constexpr const char *kSchedule = "schedule", *kTimestep = "timestep";

// A graph with the way to it: the document's own, or a group's with the node that stands for it.
struct Within {
  std::string place;
  const Graph* graph = nullptr;
  std::string way;  // "outer/inner/"
  const Within* around = nullptr;
  const Node* group = nullptr;
};

struct Source {
  const Within* within;
  Link link;
  std::string text() const { return within->way + link.text(); }
};

class Search {
 public:
  Search(const Document& document, const Catalog& catalog) : document_(document), catalog_(catalog) {}

  void look(const Within& within, int depth) {
    for (const NodePtr& node : within.graph->nodes) {
      if (depth > kMostNesting || --budget_ < 0) return;
      if (node->zone) {
        if (auto ports = portsOf(within, *node)) found.push_back(std::move(*ports));
      } else if (node->type.starts_with(kGroupPrefix)) {
        const std::string name = node->type.substr(kGroupPrefix.size());
        const auto group = document_.groups.find(name);
        if (group != document_.groups.end())
          look({name, &group->second, within.way + node->id + "/", &within, node.get()}, depth + 1);
      }
    }
  }

  std::vector<SchedulePorts> found;

 private:
  std::string type(const Source& source) const {
    try {
      return typeOf(document_, source.within->place, source.link, catalog_);
    } catch (const std::exception&) {
      return {};
    }
  }

  // What feeds an input: its link, or what the group around it is given for it.
  std::optional<Source> sourceOf(const Within& within, const Node& node, const std::string& input) const {
    const auto own = node.inputs.find(input);
    if (own != node.inputs.end() && !own->second.links.empty() && !own->second.links.front().empty())
      return Source{&within, own->second.links.front()};
    if (!within.around) return {};
    const Link here{node.id, input};
    for (const ExposedInput& exposed : within.graph->inputs)
      if (std::find(exposed.to.begin(), exposed.to.end(), here) != exposed.to.end())
        return sourceOf(*within.around, *within.group, exposed.name);
    return {};
  }

  // The schedule of a node that is given the zone's timestep too.
  std::optional<Source> scheduleOf(const Within& within, const Node& node, const Link& timestep) const {
    std::vector<std::string> inputs;
    bool stepped = false;
    for (const auto& [name, input] : node.inputs) {
      inputs.push_back(name);
      stepped |= std::find(input.links.begin(), input.links.end(), timestep) != input.links.end();
    }
    if (!stepped) return {};
    if (const NodeType* type = catalog_.node(node.type))
      for (const PortType& input : type->inputs)
        if (input.type == kSchedule) inputs.push_back(input.id);
    for (const std::string& name : inputs)
      if (const auto source = sourceOf(within, node, name); source && type(*source) == kSchedule)
        return source;
    return {};
  }

  std::optional<SchedulePorts> portsOf(const Within& within, const Node& zone) const {
    for (const auto& [name, over] : zone.zone->over) {
      if (over.empty()) continue;
      const Source steps{&within, over};
      const ValueType* sequence = catalog_.type(type(steps));
      if (!sequence || sequence->element != kTimestep) continue;
      std::vector<const Node*> nodes;
      for (const NodePtr& node : zone.zone->nodes) nodes.push_back(node.get());
      std::stable_partition(nodes.begin(), nodes.end(), [&](const Node* node) {
        return std::any_of(zone.zone->state.begin(), zone.zone->state.end(),
                           [&](const Zone::State& state) { return state.next.node == node->id; });
      });
      for (const Node* node : nodes)
        if (const auto schedule = scheduleOf(within, *node, {zone.id, name}))
          return SchedulePorts{within.way + zone.id, schedule->text(), steps.text()};
    }
    return {};
  }

  const Document& document_;
  const Catalog& catalog_;
  int budget_ = 100'000;  // groups of a stranger's file may hold each other very often
};

}  // namespace

std::vector<SchedulePorts> schedulePorts(const Document& document, const Catalog& catalog) {
  Search search(document, catalog);
  search.look({"", &document.graph, "", nullptr, nullptr}, 0);
  return std::move(search.found);
}

std::vector<std::string> measuredPorts(const Document& document, const Catalog& catalog) {
  const ValueType *schedule = catalog.type(kSchedule), *timesteps = catalog.type("timesteps");
  if (!schedule || !timesteps || !schedule->numbers || !timesteps->numbers) return {};
  constexpr size_t kMost = 64;  // of the 256 that one run may be asked for
  std::vector<std::string> ports;
  for (const SchedulePorts& each : schedulePorts(document, catalog))
    for (const std::string& port : {each.schedule, each.timesteps})
      if (ports.size() < kMost && std::find(ports.begin(), ports.end(), port) == ports.end())
        ports.push_back(port);
  return ports;
}

}  // namespace loom::editor
