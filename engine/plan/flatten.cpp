#include "engine/plan/flatten.h"

#include <set>

#include "engine/core/error.h"

namespace loom {

// States, then items, index and count, then collections.
int zonePort(const Zone& zone, const std::string& name) {
  int port = 0;
  for (const Zone::State& state : zone.state) {
    if (state.name == name) return port;
    ++port;
  }
  for (const auto& [over, link] : zone.over) {
    if (over == name) return port;
    ++port;
  }
  if (name == "index") return port;
  if (name == "count") return port + 1;
  port += 2;
  for (const Zone::Collect& collect : zone.collect) {
    if (collect.name == name) return port;
    ++port;
  }
  return -1;
}

bool isZoneState(const Zone& zone, int port) { return port < static_cast<int>(zone.state.size()); }
bool isZoneCollect(const Zone& zone, int port) {
  return port >= static_cast<int>(zone.state.size() + zone.over.size() + 2);
}
int zonePortCount(const Zone& zone) {
  return static_cast<int>(zone.state.size() + zone.over.size() + 2 + zone.collect.size());
}
std::string zonePortName(const Zone& zone, int port) {
  const int states = static_cast<int>(zone.state.size()), overs = static_cast<int>(zone.over.size());
  if (port < states) return zone.state[port].name;
  if (port < states + overs) return zone.over[port - states].first;
  if (port == states + overs) return "index";
  if (port == states + overs + 1) return "count";
  return zone.collect[port - states - overs - 2].name;
}

namespace {

// What a name means where a graph, a zone or a group is being flattened.
struct Name {
  int node = -1;                        // a flat node, or
  std::map<std::string, Source> group;  // the outputs of an expanded group
  bool isGroup = false;
};

// One graph instance: the document's own, or a group's wherever it is used.
struct Instance {
  const Graph* graph;
  std::string prefix;  // "outer/inner/"
  std::map<std::string, Name> names;
  std::map<std::pair<std::string, std::string>, Source> driven;  // links from outside onto node.port
  std::map<std::pair<std::string, std::string>, nlohmann::json> parameters;  // values from outside
  std::vector<std::string> groupStack;
};

class Flattener {
 public:
  Flattener(const Document& document, const Registry& registry) : document_(document), registry_(registry) {}

  FlatGraph run() {
    flat_.scopes.push_back({});
    Instance root;
    root.graph = &document_.graph;
    expand(root, 0);
    for (const ExposedOutput& output : document_.graph.outputs)
      flat_.outputs.emplace_back(output.name, resolve(root, output.from, 0, "outputs", output.name));
    checkExposedInputs(document_.graph);
    return std::move(flat_);
  }

 private:
  void expand(Instance& instance, int scope) {
    std::vector<std::pair<const Node*, int>> groups;
    declare(instance, instance.graph->nodes, scope, groups);
    // Groups may feed each other: in the order in which their inputs are known.
    std::set<const Node*> open;
    for (auto& [node, at] : groups) waiting_[&instance][node->id] = {node, at};
    for (auto& [node, at] : groups) expandGroup(instance, node->id, open);
    link(instance, instance.graph->nodes);
    waiting_.erase(&instance);
  }

  void declare(Instance& instance, const std::vector<NodePtr>& nodes, int scope,
               std::vector<std::pair<const Node*, int>>& groups) {
    for (const NodePtr& node : nodes) {
      if (node->type.starts_with(kGroupPrefix)) {
        groups.emplace_back(node.get(), scope);
        instance.names[node->id].isGroup = true;
        continue;
      }
      const int index = static_cast<int>(flat_.nodes.size());
      if (flat_.nodes.size() >= kMostNodes)
        throw Error("with its groups expanded the graph has more than " + std::to_string(kMostNodes) +
                    " nodes");
      FlatNode flat;
      flat.doc = node.get();
      flat.path = instance.prefix + node->id;
      flat.scope = scope;
      if (!node->zone) flat.type = typeOfNode(*node, flat.path);
      flat_.nodes.push_back(std::move(flat));
      flat_.scopes[scope].nodes.push_back(index);
      instance.names[node->id].node = index;
      if (node->zone) {
        const int body = static_cast<int>(flat_.scopes.size());
        FlatScope inner;
        inner.parent = scope;
        inner.zone = index;
        inner.depth = flat_.scopes[scope].depth + 1;
        if (inner.depth > kMostNesting)
          throw Error(instance.prefix + node->id, "",
                      "zones are nested deeper than " + std::to_string(kMostNesting) + " levels");
        flat_.scopes.push_back(inner);
        flat_.nodes[index].body = body;
        declare(instance, node->zone->nodes, body, groups);
      }
    }
  }

  const NodeType* typeOfNode(const Node& node, const std::string& path) {
    const NodeType* type = registry_.find(node.type);
    if (!type) {
      const std::string near = registry_.nearest(node.type);
      throw Error(path, "",
                  "there is no node type \"" + node.type.substr(0, 64) + "\"" +
                      (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                      " `noiseloom nodes` lists all");
    }
    if (node.version > type->version)
      throw Error(path, "",
                  type->id + " is of version " + std::to_string(node.version) +
                      ", this program knows version " + std::to_string(type->version) +
                      ": a newer Noiseloom wrote it");
    return type;
  }

  struct Waiting {
    const Node* node = nullptr;
    int scope = 0;
  };

  void expandGroup(Instance& outer, const std::string& id, std::set<const Node*>& open) {
    auto& waiting = waiting_[&outer];
    const auto found = waiting.find(id);
    if (found == waiting.end() || !found->second.node) return;  // done already
    const Waiting group = found->second;
    const std::string path = outer.prefix + id;
    if (!open.insert(group.node).second) throw Error(path, "", "this group feeds itself");
    const std::string name = group.node->type.substr(kGroupPrefix.size());
    const auto definition = document_.groups.find(name);
    if (definition == document_.groups.end())
      throw Error(path, "", "the graph has no group \"" + name.substr(0, 64) + "\"");
    Instance inner;
    inner.graph = &definition->second;
    inner.prefix = path + "/";
    inner.groupStack = outer.groupStack;
    for (const std::string& used : outer.groupStack)
      if (used == name) throw Error(path, "", "the group \"" + name + "\" contains itself");
    inner.groupStack.push_back(name);
    if (inner.groupStack.size() > kMostNesting) throw Error(path, "", "groups are nested too deep");
    checkGroupPorts(*group.node, *inner.graph, path);
    for (const ExposedInput& input : inner.graph->inputs) {
      const auto linked = group.node->inputs.find(input.name);
      const auto value = group.node->params.find(input.name);
      for (const Link& to : input.to) {
        if (linked != group.node->inputs.end()) {
          const Link& from = linked->second.links.at(0);
          if (const auto other = outer.names.find(from.node);
              other != outer.names.end() && other->second.isGroup)
            expandGroup(outer, from.node, open);
          inner.driven[{to.node, to.port}] = resolve(outer, from, group.scope, path, input.name);
        } else if (value != group.node->params.end()) {
          inner.parameters[{to.node, to.port}] = value->second;
        }
      }
    }
    expand(inner, group.scope);
    Name& result = outer.names[id];
    for (const ExposedOutput& output : inner.graph->outputs)
      result.group[output.name] = resolve(inner, output.from, group.scope, path, output.name);
    waiting_[&outer][id].node = nullptr;
    open.erase(group.node);
  }

  static void checkGroupPorts(const Node& node, const Graph& graph, const std::string& path) {
    const auto known = [&](const std::string& name) {
      for (const ExposedInput& input : graph.inputs)
        if (input.name == name) return true;
      return false;
    };
    for (const auto& [name, input] : node.inputs) {
      if (!known(name)) throw Error(path, name, "the group has no such input");
      if (input.links.size() != 1) throw Error(path, name, "a group's input takes one link");
    }
    for (const auto& [name, value] : node.params)
      if (!known(name)) throw Error(path, name, "the group has no such input");
  }

  bool isAncestor(int outer, int inner) const {
    while (inner >= 0 && inner != outer) inner = flat_.scopes[inner].parent;
    return inner == outer;
  }

  Source resolve(const Instance& instance, const Link& link, int scope, const std::string& path,
                 const std::string& port) const {
    const auto found = instance.names.find(link.node);
    if (found == instance.names.end())
      throw Error(path, port, "there is no node \"" + link.node + "\" to link from");
    if (found->second.isGroup) {
      const auto output = found->second.group.find(link.port);
      if (output == found->second.group.end())
        throw Error(path, port, "the group " + link.node + " has no output \"" + link.port + "\"");
      return output->second;
    }
    const int index = found->second.node;
    const FlatNode& node = flat_.nodes[index];
    if (!isAncestor(node.scope, scope)) {
      const std::string zone = flat_.nodes[flat_.scopes[node.scope].zone].path;
      throw Error(path, port,
                  link.text() + " is inside the zone " + zone +
                      ", which is left only through its result: make it " +
                      "a state or a collection of the zone and link " + zone + "'s output");
    }
    if (node.type) {
      for (size_t i = 0; i < node.type->outputs.size(); ++i)
        if (node.type->outputs[i].id == link.port) return {index, static_cast<int>(i)};
      throw Error(path, port,
                  node.path + " (" + node.type->id + ") has no output \"" + link.port +
                      "\"; it has: " + outputsOf(*node.type));
    }
    return zoneSource(node, index, link, isAncestor(node.body, scope), path, port);
  }

  Source zoneSource(const FlatNode& node, int index, const Link& link, bool inside, const std::string& path,
                    const std::string& port) const {
    const Zone& zone = *node.doc->zone;
    const int output = zonePort(zone, link.port);
    if (output < 0) throw Error(path, port, "the zone " + node.path + " has no port \"" + link.port + "\"");
    if (isZoneCollect(zone, output) && inside)
      throw Error(path, port,
                  link.text() + " is collected over all steps: it is seen only outside of the zone");
    if (!isZoneState(zone, output) && !isZoneCollect(zone, output) && !inside)
      throw Error(path, port, link.text() + " changes with the step: it is seen only inside the zone");
    return {index, output};
  }

  static std::string outputsOf(const NodeType& type) {
    std::string all;
    for (const Port& port : type.outputs) all += (all.empty() ? "" : ", ") + port.id;
    return all.empty() ? "none" : all;
  }

  void link(Instance& instance, const std::vector<NodePtr>& nodes) {
    for (const NodePtr& node : nodes) {
      const Name& name = instance.names.at(node->id);
      if (name.isGroup) continue;
      const int index = name.node;
      const int scope = flat_.nodes[index].scope;
      if (node->when)
        flat_.nodes[index].when = resolve(instance, *node->when, scope, flat_.nodes[index].path, "when");
      if (node->zone)
        linkZone(instance, *node, index);
      else
        linkNode(instance, *node, index);
    }
  }

  void linkNode(Instance& instance, const Node& node, int index) {
    FlatNode& flat = flat_.nodes[index];
    flat.links.resize(flat.type->inputs.size());
    for (const auto& [portId, input] : node.inputs) {
      const Port* port = flat.type->input(portId);
      if (!port) throw Error(flat.path, portId, flat.type->id + " has no such input");
      if (!port->many && input.links.size() != 1) throw Error(flat.path, portId, "takes one link");
      for (const Link& link : input.links)
        flat.links[port - flat.type->inputs.data()].push_back(
            resolve(instance, link, flat.scope, flat.path, portId));
    }
    for (const auto& [target, source] : instance.driven) {
      if (target.first != node.id) continue;
      const Port* port = flat.type->input(target.second);
      if (!port) throw Error(flat.path, target.second, flat.type->id + " has no such input");
      flat.links[port - flat.type->inputs.data()] = {source};
    }
    for (const auto& [target, value] : instance.parameters)
      if (target.first == node.id) {
        overrides_.push_back(overridden(*flat.doc, target.second, value));
        flat.doc = overrides_.back().get();
      }
  }

  static NodePtr overridden(const Node& node, const std::string& port, const nlohmann::json& value) {
    Node changed = node;
    changed.params[port] = value;
    return std::make_shared<const Node>(std::move(changed));
  }

  void linkZone(Instance& instance, const Node& node, int index) {
    const Zone& zone = *node.zone;
    const std::string path = flat_.nodes[index].path;
    const int scope = flat_.nodes[index].scope, body = flat_.nodes[index].body;
    std::map<std::string, Source> named;
    for (const auto& [name, link] : zone.over)
      named["over." + name] = resolve(instance, link, scope, path, name);
    if (zone.countFrom) named["count"] = resolve(instance, *zone.countFrom, scope, path, "count");
    std::set<std::string> names;
    for (const auto& [name, link] : zone.over) names.insert(name);
    for (const Zone::State& state : zone.state) {
      if (!names.insert(state.name).second)
        throw Error(path, state.name, "two ports of the zone have this name");
      named["init." + state.name] = resolve(instance, state.init, scope, path, state.name);
    }
    flat_.nodes[index].named = std::move(named);
    link(instance, zone.nodes);
    auto& inner = flat_.nodes[index].named;
    for (const Zone::State& state : zone.state)
      inner["next." + state.name] = resolve(instance, state.next, body, path, state.name);
    if (zone.until) inner["until"] = resolve(instance, *zone.until, body, path, "until");
    for (const Zone::Collect& collect : zone.collect) {
      if (!names.insert(collect.name).second)
        throw Error(path, collect.name, "two ports of the zone have this name");
      inner["collect." + collect.name] = resolve(instance, collect.from, body, path, collect.name);
    }
    if (!zone.over.empty() && (zone.count || zone.countFrom))
      throw Error(path, "count", "a zone goes over sequences or has a count, not both");
    if (zone.over.empty() && !zone.count && !zone.countFrom)
      throw Error(path, "", "a zone needs \"over\" (what it goes over) or \"count\"");
  }

  void checkExposedInputs(const Graph& graph) const {
    for (const ExposedInput& input : graph.inputs)
      for (const Link& to : input.to)
        if (!findNode(graph, to.node))
          throw Error("the exposed input " + input.name + " names no node: " + to.text());
  }

  const Document& document_;
  const Registry& registry_;
  FlatGraph flat_;
  std::map<const Instance*, std::map<std::string, Waiting>> waiting_;
  std::vector<NodePtr> overrides_;

 public:
  std::vector<NodePtr> takeOverrides() { return std::move(overrides_); }
};

}  // namespace

FlatGraph flatten(const Document& document, const Registry& registry) {
  Flattener flattener(document, registry);
  FlatGraph flat = flattener.run();
  flat.owned = flattener.takeOverrides();
  return flat;
}

}  // namespace loom
