#include "engine/plan/flatten.h"

#include <algorithm>
#include <deque>
#include <set>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/plan/modes.h"
#include "engine/plan/port_types.h"

namespace loom {

namespace {

struct Instance;

// What a name means inside of one graph.
struct Name {
  int node = -1;                 // a flat node, or
  Instance* group = nullptr;     // what a group became, or
  std::optional<Error> problem;  // why the group can't be used
};

// What comes onto an input inside of a group: links, resolved where the group is used, or a value.
struct Drive {
  const Instance* at = nullptr;
  int scope = 0;
  const std::vector<Link>* links = nullptr;
  const nlohmann::json* value = nullptr;
  std::string path, port;  // where it was written, for messages
};

// One graph: the document's own, or a group's wherever it is used.
struct Instance {
  const Graph* graph = nullptr;
  const Instance* outer = nullptr;
  std::string group;  // its name; empty for the document
  int scope = 0;
  int depth = 0;
  std::string prefix;  // "outer/inner/"
  std::optional<Drive> when;
  std::map<std::string, Name, std::less<>> names;
  std::map<std::pair<std::string, std::string>, Drive> driven;  // by node and port
};

// A group's exposed names. Looked up: a file may expose very many, and use a group very often.
struct Definition {
  const Graph* graph = nullptr;
  std::map<std::string_view, const ExposedInput*> inputs;
  std::map<std::string_view, const ExposedOutput*> outputs;
};

constexpr size_t kLongestPath = 1'000;

class Flattener {
 public:
  Flattener(const Document& document, const Registry& registry)
      : document_(document), registry_(registry), types_(document, registry) {}

  FlatGraph run() {
    flat_.scopes.push_back({});
    Instance& root = instances_.emplace_back();
    root.graph = &document_.graph;
    declare(root, root.graph->nodes, 0);
    for (Instance& instance : instances_) linkAll(instance, instance.graph->nodes);
    checkExposedInputs(root);
    std::vector<Source> outputs;
    for (const ExposedOutput& output : root.graph->outputs)
      outputs.push_back(resolve(root, output.from, 0, "outputs", output.name));
    applyModes(outputs);
    for (const auto& [node, error] : problems_)
      if (node < 0 || flat_.nodes[static_cast<size_t>(node)].absent < 0) flat_.problems.push_back(error);
    return std::move(flat_);
  }

 private:
  void declare(Instance& instance, const std::vector<NodePtr>& nodes, int scope) {
    for (const NodePtr& node : nodes) {
      if (++used_ > kMostNodes)
        throw Error("with its groups expanded the graph has more than " + std::to_string(kMostNodes) +
                    " nodes");
      if (node->type.starts_with(kGroupPrefix) && node->mode == NodeMode::on) {
        useGroup(instance, *node, scope);
        continue;
      }
      const int index = static_cast<int>(flat_.nodes.size());
      FlatNode& flat = flat_.nodes.emplace_back();
      flat.doc = node.get();
      flat.path = instance.prefix + node->id;
      flat.scope = scope;
      if (!node->zone && !isGroup(flat)) findType(flat);
      flat_.scopes[scope].nodes.push_back(index);
      instance.names[node->id].node = index;
      if (node->zone) declare(instance, node->zone->nodes, openScope(index, scope));
    }
  }

  int openScope(int zone, int scope) {
    const int body = static_cast<int>(flat_.scopes.size());
    FlatScope inner;
    inner.parent = scope;
    inner.zone = zone;
    inner.depth = flat_.scopes[scope].depth + 1;
    if (inner.depth > kMostNesting)
      throw Error(flat_.nodes[zone].path, "",
                  "zones are nested deeper than " + std::to_string(kMostNesting) + " levels");
    flat_.scopes.push_back(inner);
    flat_.nodes[zone].body = body;
    return body;
  }

  void findType(FlatNode& flat) {
    const Node& node = *flat.doc;
    flat.type = registry_.find(node.type);
    if (!flat.type) {
      const std::string near = registry_.nearest(node.type);
      report(flat, Error(flat.path, "",
                         "there is no node type \"" + shortened(node.type, 64) + "\"" +
                             (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                             " `noiseloom nodes` lists all"));
    } else if (node.version > flat.type->version) {
      report(flat, Error(flat.path, "",
                         flat.type->id + " is of version " + std::to_string(node.version) +
                             ", this program knows version " + std::to_string(flat.type->version) +
                             ": a newer Noiseloom wrote it"));
    }
  }

  void report(FlatNode& flat, const Error& error) {
    if (!flat.problem) flat.problem = error;
    problems_.emplace_back(static_cast<int>(&flat - flat_.nodes.data()), error);
  }

  // --- groups ---

  void useGroup(Instance& outer, const Node& node, int scope) {
    Name& name = outer.names[node.id];
    Instance inner;
    inner.outer = &outer;
    inner.scope = scope;
    inner.depth = outer.depth + 1;
    inner.group = node.type.substr(kGroupPrefix.size());
    const std::string path = outer.prefix + node.id;
    inner.prefix = path + "/";
    if (inner.depth > kMostNesting || inner.prefix.size() > kLongestPath)
      throw Error(path.substr(0, 200), "", "groups are nested too deep");
    try {
      const Definition& definition = definitionOf(inner.group, path);
      for (const Instance* user = &outer; user; user = user->outer)
        if (user->group == inner.group)
          throw Error(path, "", "the group \"" + inner.group + "\" contains itself");
      inner.graph = definition.graph;
      inner.when = node.when ? Drive{&outer, scope, nullptr, nullptr, path, "when"} : outer.when;
      if (node.when) inner.when->links = &(whens_.emplace_back() = {*node.when});
      drive(inner, definition, outer, node, path);
    } catch (const Error& error) {
      name.problem = error;
      problems_.emplace_back(-1, error);
      return;
    }
    name.group = &instances_.emplace_back(std::move(inner));
    declare(*name.group, name.group->graph->nodes, scope);
  }

  const Definition& definitionOf(const std::string& name, const std::string& path) {
    const auto group = document_.groups.find(name);
    if (group == document_.groups.end())
      throw Error(path, "", "the graph has no group \"" + shortened(name, 64) + "\"");
    Definition& definition = definitions_[name];
    if (!definition.graph) {
      definition.graph = &group->second;
      for (const ExposedInput& input : group->second.inputs) definition.inputs[input.name] = &input;
      for (const ExposedOutput& output : group->second.outputs) definition.outputs[output.name] = &output;
    }
    return definition;
  }

  // The group's inputs, from its own links and values and, where it is in a group itself, from outside of
  // that.
  static void drive(Instance& inner, const Definition& definition, const Instance& outer, const Node& node,
                    const std::string& path) {
    const auto put = [&](const std::string& name, const Drive& drive) {
      const auto exposed = definition.inputs.find(name);
      if (exposed == definition.inputs.end()) throw Error(path, name, "the group has no such input");
      for (const Link& to : exposed->second->to) inner.driven[{to.node, to.port}] = drive;
    };
    for (const auto& [name, value] : node.params)
      put(name, {&outer, inner.scope, nullptr, &value, path, name});
    for (const auto& [name, input] : node.inputs)
      put(name, {&outer, inner.scope, &input.links, nullptr, path, name});
    for (auto at = outer.driven.lower_bound({node.id, ""});
         at != outer.driven.end() && at->first.first == node.id; ++at)
      put(at->first.second, at->second);
  }

  // --- links ---

  bool isAncestor(int outer, int inner) const {
    while (inner >= 0 && inner != outer) inner = flat_.scopes[inner].parent;
    return inner == outer;
  }

  Source resolve(const Instance& instance, const Link& link, int scope, const std::string& path,
                 const std::string& port) {
    const auto found = instance.names.find(link.node);
    if (found == instance.names.end())
      throw Error(path, port, "there is no node \"" + link.node + "\" to link from");
    const Name& name = found->second;
    if (name.problem) throw *name.problem;
    requireVisible(name.group ? name.group->scope : flat_.nodes[name.node].scope, scope, link, path, port);
    if (name.group) return resolveGroup(*name.group, link, path, port);
    const FlatNode& node = flat_.nodes[name.node];
    if (node.body >= 0) return zoneSource(node, name.node, link, isAncestor(node.body, scope), path, port);
    if (isGroup(node)) return {name.node, groupOutput(node, link, path, port)};
    if (!node.type && node.doc->mode != NodeMode::on) return {name.node, 0};  // read by nobody in the end
    if (!node.type) throw *node.problem;
    for (size_t i = 0; i < node.type->outputs.size(); ++i)
      if (node.type->outputs[i].id == link.port) return {name.node, static_cast<int>(i)};
    throw Error(path, port,
                node.path + " (" + node.type->id + ") has no output \"" + link.port +
                    "\"; it has: " + outputsOf(*node.type));
  }

  void requireVisible(int home, int scope, const Link& link, const std::string& path,
                      const std::string& port) const {
    if (isAncestor(home, scope)) return;
    const std::string& zone = flat_.nodes[flat_.scopes[home].zone].path;
    throw Error(path, port,
                link.text() + " is inside the zone " + zone +
                    ", which is left only through its result: make it " +
                    "a state or a collection of the zone and link " + zone + "'s output");
  }

  Source resolveGroup(const Instance& group, const Link& link, const std::string& path,
                      const std::string& port) {
    const Definition& definition = definitions_.at(group.group);
    const auto output = definition.outputs.find(link.port);
    if (output == definition.outputs.end())
      throw Error(path, port, "the group " + link.node + " has no output \"" + link.port + "\"");
    const std::string inside = group.prefix.substr(0, group.prefix.size() - 1);
    return resolve(group, output->second->from, group.scope, inside, link.port);
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

  void linkAll(const Instance& instance, const std::vector<NodePtr>& nodes) {
    for (const NodePtr& node : nodes) {
      const Name& name = instance.names.at(node->id);
      if (name.node < 0) continue;  // a group
      FlatNode& flat = flat_.nodes[name.node];
      try {
        linkWhen(instance, flat);
        if (flat.body >= 0)
          linkZone(instance, flat);
        else if (flat.type)
          linkNode(instance, flat);
        else if (isGroup(flat))
          linkPassedGroup(instance, flat);
      } catch (const Error& error) {
        report(flat, error);
      }
      if (node->zone) linkAll(instance, node->zone->nodes);
    }
  }

  // A node's own `when` comes from inside of its group, so it is skipped with the group too.
  void linkWhen(const Instance& instance, FlatNode& flat) {
    if (flat.doc->when)
      flat.when = resolve(instance, *flat.doc->when, flat.scope, flat.path, "when");
    else if (instance.when && flat.scope == instance.scope)
      flat.when = resolveDrive(*instance.when);
  }

  Source resolveDrive(const Drive& drive) {
    if (drive.links->size() != 1) throw Error(drive.path, drive.port, "takes one link");
    return resolve(*drive.at, drive.links->front(), drive.scope, drive.path, drive.port);
  }

  template <class Each>
  static void forEachDrive(const Instance& instance, const std::string& id, Each each) {
    for (auto at = instance.driven.lower_bound({id, ""});
         at != instance.driven.end() && at->first.first == id; ++at)
      each(at->first.second, at->second);
  }

  void linkNode(const Instance& instance, FlatNode& flat) {
    const Node& node = *flat.doc;
    flat.links.resize(flat.type->inputs.size());
    const auto linksOf = [&](const std::string& id) -> std::vector<Source>& {
      const Port* port = flat.type->input(id);
      if (!port) throw Error(flat.path, shortened(id, 64), flat.type->id + " has no such input");
      return flat.links[port - flat.type->inputs.data()];
    };
    for (const auto& [id, input] : node.inputs) {
      std::vector<Source>& links = linksOf(id);
      if (!flat.type->input(id)->many && input.links.size() != 1)
        throw Error(flat.path, id, "takes one link");
      for (const Link& link : input.links)
        links.push_back(resolve(instance, link, flat.scope, flat.path, id));
    }
    std::optional<Node> changed;
    forEachDrive(instance, node.id, [&](const std::string& id, const Drive& drive) {
      std::vector<Source>& links = linksOf(id);
      links.clear();
      if (drive.value) {
        if (!changed) changed = node;
        changed->params[id] = *drive.value;
        return;
      }
      if (!flat.type->input(id)->many && drive.links->size() != 1)
        throw Error(drive.path, drive.port, "takes one link");
      for (const Link& link : *drive.links)
        links.push_back(resolve(*drive.at, link, drive.scope, drive.path, drive.port));
    });
    if (changed) replaceDoc(flat, std::move(*changed));
  }

  void replaceDoc(FlatNode& flat, Node changed) {
    flat_.owned.push_back(std::make_shared<const Node>(std::move(changed)));
    flat.doc = flat_.owned.back().get();
  }

  void linkZone(const Instance& instance, FlatNode& flat) {
    driveCount(instance, flat);
    const Zone& zone = *flat.doc->zone;
    checkZone(zone, flat.path);
    std::map<std::string, const Drive*> driven;
    forEachDrive(instance, flat.doc->id,
                 [&](const std::string& id, const Drive& drive) { driven[id] = &drive; });
    const auto outside = [&](const std::string& key, const std::string& port, const Link& link,
                             const char* what) {
      const auto drive = driven.find(port);
      if (drive != driven.end() && drive->second->links)
        flat.named[key] = resolveDrive(*drive->second);
      else if (!link.empty())
        flat.named[key] = resolve(instance, link, flat.scope, flat.path, port);
      else if (flat.doc->mode == NodeMode::on)
        throw Error(flat.path, port, what);
      driven.erase(port);
    };
    const auto inside = [&](const std::string& key, const std::string& port, const Link& link,
                            const char* what) {
      if (flat.doc->mode != NodeMode::on) return;
      if (link.empty()) throw Error(flat.path, port, what);
      flat.named[key] = resolve(instance, link, flat.body, flat.path, port);
    };
    for (const auto& [name, link] : zone.over)
      outside("over." + name, name, link, "needs a link: what the zone goes over");
    if (zone.countFrom) outside("count", "count", *zone.countFrom, "needs a link");
    driven.erase("count");
    for (const Zone::State& state : zone.state) {
      outside("init." + state.name, state.name, state.init, "needs a link to its first value, \"init\"");
      inside("next." + state.name, state.name, state.next,
             "needs \"next\": a link to what it becomes in a step");
    }
    if (!driven.empty()) throw Error(flat.path, driven.begin()->first, "the zone has no such input");
    if (zone.until) inside("until", "until", *zone.until, "");
    for (const Zone::Collect& collect : zone.collect)
      inside("collect." + collect.name, collect.name, collect.from,
             "needs \"from\": a link to what is collected");
  }

  // A group's input may set a zone's count, by a value or a link.
  void driveCount(const Instance& instance, FlatNode& flat) {
    const auto drive = instance.driven.find({flat.doc->id, "count"});
    if (drive == instance.driven.end()) return;
    Node changed = *flat.doc;
    Zone zone = *changed.zone;
    zone.count.reset();
    zone.countFrom.reset();
    if (!drive->second.value)
      zone.countFrom = Link{};
    else if (drive->second.value->is_number_integer())
      zone.count = drive->second.value->get<int64_t>();
    else
      throw Error(drive->second.path, drive->second.port, "a zone's count is a whole number");
    changed.zone = std::make_shared<const Zone>(std::move(zone));
    replaceDoc(flat, std::move(changed));
  }

  static void checkZone(const Zone& zone, const std::string& path) {
    std::set<std::string_view> names;
    const auto once = [&](const std::string& name) {
      if (!names.insert(name).second) throw Error(path, name, "two ports of the zone have this name");
    };
    for (const auto& [name, link] : zone.over) once(name);
    for (const Zone::State& state : zone.state) once(state.name);
    for (const Zone::Collect& collect : zone.collect) once(collect.name);
    const bool counts = zone.count || zone.countFrom;
    if (!zone.over.empty() && counts)
      throw Error(path, "count", "a zone goes over sequences or has a count, not both");
    if (zone.over.empty() && !counts)
      throw Error(path, "", "a zone needs \"over\" (what it goes over) or \"count\"");
  }

  void checkExposedInputs(const Instance& root) {
    for (const ExposedInput& input : root.graph->inputs)
      for (const Link& to : input.to) {
        const auto found = root.names.find(to.node);
        const FlatNode* node =
            found == root.names.end() || found->second.node < 0 ? nullptr : &flat_.nodes[found->second.node];
        if (found == root.names.end())
          problems_.emplace_back(-1,
                                 Error("the exposed input " + input.name + " names no node: " + to.text()));
        else if (node && node->type && !node->type->input(to.port))
          problems_.emplace_back(-1,
                                 Error("the exposed input " + input.name + " names no input: " + to.text()));
      }
  }

  // --- muted and bypassed ---

  // Only one that is not on: others are in the flat graph as what is in them.
  static bool isGroup(const FlatNode& node) { return node.doc->type.starts_with(kGroupPrefix); }

  const Graph* graphOf(const FlatNode& group) const {
    const auto found = document_.groups.find(group.doc->type.substr(kGroupPrefix.size()));
    return found == document_.groups.end() ? nullptr : &found->second;
  }

  // Of a bypassed group; whatever is read of a muted one is lost.
  int groupOutput(const FlatNode& node, const Link& link, const std::string& path, const std::string& port) {
    const Graph* graph = graphOf(node);
    if (node.doc->mode == NodeMode::muted || !graph) return 0;
    const ExposedOutput* output = types_.outputOf(*graph, link.port);
    if (!output) throw Error(path, port, "the group " + link.node + " has no output \"" + link.port + "\"");
    return static_cast<int>(output - graph->outputs.data());
  }

  void linkPassedGroup(const Instance& instance, FlatNode& flat) {
    const Graph* graph = graphOf(flat);
    if (flat.doc->mode == NodeMode::muted || !graph) return;
    std::map<const ExposedInput*, Source> linked;  // in the order of the group
    for (const auto& [name, input] : flat.doc->inputs)
      if (const ExposedInput* exposed = types_.inputOf(*graph, name); exposed && !input.links.empty())
        linked[exposed] = resolve(instance, input.links.front(), flat.scope, flat.path, name);
    forEachDrive(instance, flat.doc->id, [&](const std::string& name, const Drive& drive) {
      const ExposedInput* exposed = types_.inputOf(*graph, name);
      if (!exposed) return;
      linked.erase(exposed);
      if (drive.links && drive.links->size() == 1) linked[exposed] = resolveDrive(drive);
    });
    Passage& passage = passages_[static_cast<int>(&flat - flat_.nodes.data())];
    passage.outputs = types_.ofOutputs(*graph);
    for (const auto& [exposed, source] : linked)
      if (!exposed->to.empty())
        passage.inputs.emplace_back(types_.ofInput(*graph, exposed->to.front()), source);
  }

  void passNodes() {
    for (size_t i = 0; i < flat_.nodes.size(); ++i) {
      const FlatNode& node = flat_.nodes[i];
      if (node.doc->mode != NodeMode::bypassed || !node.type) continue;
      Passage& passage = passages_[static_cast<int>(i)];
      std::vector<const TypeInfo*> outputs;
      for (const Port& port : node.type->outputs) outputs.push_back(port.type);
      passage.outputs = std::make_shared<const std::vector<const TypeInfo*>>(std::move(outputs));
      for (size_t port = 0; port < node.links.size(); ++port)
        if (!node.links[port].empty())
          passage.inputs.emplace_back(node.type->inputs[port].type, node.links[port].front());
    }
  }

  void applyModes(const std::vector<Source>& outputs) {
    passNodes();
    Modes modes(flat_, registry_, std::move(passages_));
    modes.apply([this](FlatNode& node, const Error& error) { report(node, error); });
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::string& name = document_.graph.outputs[i].name;
      const Source source = modes.through(outputs[i]);
      if (const int culprit = modes.lostBy(source); culprit >= 0)
        throw Error("outputs", name,
                    "nothing gives " + document_.graph.outputs[i].from.text() + ": " +
                        absenceText(flat_.nodes[culprit]) +
                        ". Switch that node on again, or take the output out of the graph");
      flat_.outputs.emplace_back(name, source);
    }
  }

  const Document& document_;
  const Registry& registry_;
  FlatGraph flat_;
  std::vector<std::pair<int, Error>> problems_;  // of flat nodes; -1: of none
  PortTypes types_;
  std::map<int, Passage> passages_;
  size_t used_ = 0;
  std::deque<Instance> instances_;
  std::deque<std::vector<Link>> whens_;
  std::map<std::string, Definition> definitions_;
};

bool anyOff(const std::vector<NodePtr>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), [](const NodePtr& node) {
    return node->mode != NodeMode::on || (node->zone && anyOff(node->zone->nodes));
  });
}

}  // namespace

FlatGraph flatten(const Document& document, const Registry& registry) {
  return Flattener(document, registry).run();
}

std::vector<LostNode> lostNodes(const Document& document, const Registry& registry) {
  const auto inGroup = [](const auto& group) { return anyOff(group.second.nodes); };
  if (!anyOff(document.graph.nodes) && std::none_of(document.groups.begin(), document.groups.end(), inGroup))
    return {};
  Document inside = document;
  inside.graph.outputs.clear();  // one that is lost would be refused
  const FlatGraph flat = flatten(inside, registry);
  std::vector<LostNode> lost;
  for (size_t i = 0; i < flat.nodes.size(); ++i)
    if (const int because = flat.nodes[i].absent; because >= 0 && because != static_cast<int>(i))
      lost.push_back({flat.nodes[i].path, flat.nodes[static_cast<size_t>(because)].path});
  return lost;
}

}  // namespace loom
