// Nodes become a group, and a group becomes its nodes again.
#include <algorithm>

#include "app/editor/document/graph_edit.h"
#include "engine/core/error.h"

namespace loom::editor {

std::string commonScope(const Graph& graph, const Ids& ids) {
  if (ids.empty()) throw Error("Select nodes first.");
  const auto index = GraphIndex::of(graph);
  const Node* scope = index->at(*ids.begin()).zone;
  for (const std::string& id : ids)
    if (index->at(id).zone != scope)
      throw Error("The nodes lie in different zones: select nodes of one zone, or the whole zone.");
  return scope ? scope->id : "";
}

void requireConvex(const Document& document, const std::string& place, const Catalog& catalog,
                   const Ids& ids) {
  const auto index = GraphIndex::of(graphAt(document, place));
  std::set<const Node*> seen;  // none of them needs a selected one
  for (const std::string& id : ids)
    for (const Node* before : index->upstream(index->at(id).node)) {
      if (ids.contains(before->id) || !seen.insert(before).second) continue;
      std::vector<const Node*> open{before};
      while (!open.empty()) {
        const Node* node = open.back();
        open.pop_back();
        for (const Node* further : index->upstream(node)) {
          if (ids.contains(further->id))
            throw Error(nameOf(*before, catalog) + " lies between the selected nodes: it needs " +
                        nameOf(*further, catalog) + " and feeds " + nameOf(*index->at(id).node, catalog) +
                        ". Select it too.");
          if (seen.insert(further).second) open.push_back(further);
        }
      }
    }
}

namespace {

using Kind = SlotRef::Kind;

std::optional<Link> targetFor(const Node& reader, const SlotRef& slot) {
  switch (slot.kind) {
    case Kind::port:
    case Kind::over:
    case Kind::init:
      return Link{reader.id, std::string(slot.name)};
    case Kind::count:
      return Link{reader.id, "count"};
    default:
      return {};
  }
}

// As freshName() makes them, for thousands that want the same: each goes on from the last number.
class FreshNames {
 public:
  std::string make(const std::string& wanted) {
    int& tried = tried_[wanted];
    for (;;)
      if (std::string name = numberedName(wanted, ++tried); taken_.insert(name).second) return name;
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> tried_;
};

// Makes one group of nodes; its parts in the order in which things are found out.
class Grouping {
 public:
  Grouping(const Document& before, const std::string& place, const Catalog& catalog, const Ids& ids,
           const std::string& name)
      : before_(before), document_(before), place_(place), catalog_(catalog), name_(name) {
    const Graph& graph = graphAt(before, place);
    outer_ = outermost(graph, ids);
    home_ = commonScope(graph, outer_);
    requireConvex(before, place, catalog, outer_);
    inner_ = withInner(graph, outer_);
    for (const std::string& used : groupsUsed(before, nodesOf(graph)))
      if (used == name) throw Error("There is a group called " + name + " already.");
  }

  Edited run() {
    const std::string name =
        freshName(name_, [&](const std::string& text) { return document_.groups.contains(text); });
    node_.id = FreshIds(before_, place_).make(name);
    node_.type = std::string(kGroupPrefix) + name;
    takeNodes();
    takeWhen();
    exposeInputs();
    moveExposed();
    exposeOutputs();
    group_.nodes = std::move(nodes_);
    document_.groups[name] = std::move(group_);
    const std::string id = node_.id;
    editBody(graphIn(document_, place_), home_, [&](std::vector<NodePtr>& siblings) {
      siblings.push_back(std::make_shared<const Node>(node_));
    });
    moveLayout(name);
    pruneReroutes(document_, place_);
    return {std::move(document_), {id}};
  }

 private:
  std::vector<NodePtr> nodesOf(const Graph& graph) const {
    std::vector<NodePtr> nodes;
    const auto index = GraphIndex::of(graph);
    for (const std::string& id : outer_) nodes.push_back(std::make_shared<const Node>(*index->at(id).node));
    return nodes;
  }

  void takeNodes() { nodes_ = takeOut(graphIn(document_, place_), outer_); }

  // A group is skipped as a whole: so a `when` from outside must be that of all nodes in it.
  void takeWhen() {
    std::set<std::string> whens;
    bool all = true;
    for (const NodePtr& node : nodes_) {
      const bool outside = node->when && !inner_.contains(node->when->node);
      all &= outside;
      if (outside) whens.insert(node->when->text());
    }
    for (const NodePtr& node : nodes_)
      forEachLinkWithin(*node, [&](const Node& reader, const SlotRef& slot, const Link& link) {
        if (inner_.contains(link.node)) return;
        const bool own = slot.kind == Kind::when && outer_.contains(reader.id);
        if (own ? all && whens.size() == 1 : targetFor(reader, slot).has_value()) return;
        throw Error(nameOf(reader, catalog_) + " takes its " + (slot.kind == Kind::when ? "when" : "result") +
                    " from " + link.text() + ", outside of the group, where it can't be led in. Select " +
                    link.node + " too, or leave " + reader.id + " out.");
      });
    if (whens.empty()) return;
    node_.when = parseLink(*whens.begin());
    for (NodePtr& node : nodes_) {
      Node changed = *node;
      changed.when.reset();
      node = std::make_shared<const Node>(std::move(changed));
    }
  }

  ExposedInput& newInput(const std::string& wanted, const Link& to) {
    ExposedInput input;
    input.name = inputNames_.make(wanted);
    input.to.push_back(to);
    return group_.inputs.emplace_back(std::move(input));
  }

  // One input for each output outside that feeds nodes inside; lists of links have inputs of their own.
  void exposeInputs() {
    std::map<std::string, size_t> bySource;
    std::map<std::string, size_t> byList;
    for (const NodePtr& node : nodes_)
      forEachLinkWithin(*node, [&](const Node& reader, const SlotRef& slot, const Link& link) {
        if (inner_.contains(link.node)) return;
        const Link to = *targetFor(reader, slot);
        const Input* input = nullptr;
        if (slot.kind == Kind::port) input = &reader.inputs.at(std::string(slot.name));
        if (input && (input->list || input->links.size() > 1)) {
          for (const Link& other : input->links)
            if (inner_.contains(other.node))
              throw Error(to.text() + " takes links from inside and from outside of the group. Select " +
                          link.node + " too, or leave " + reader.id + " out.");
          if (byList.contains(to.text())) return;
          byList[to.text()] = group_.inputs.size();
          node_.inputs[newInput(to.port, to).name] = *input;
          return;
        }
        const auto known = bySource.find(link.text());
        if (known != bySource.end()) {
          group_.inputs[known->second].to.push_back(to);
          return;
        }
        bySource[link.text()] = group_.inputs.size();
        node_.inputs[newInput(to.port, to).name].links.push_back(link);
      });
    changeLinks(nodes_, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
      if (inner_.contains(link.node)) return link;
      return std::nullopt;
    });
  }

  // Names that set what is now inside set it through the group.
  void moveExposed() {
    for (ExposedInput& input : graphIn(document_, place_).inputs) {
      std::vector<Link> to;
      std::string own;
      for (const Link& target : input.to) {
        if (!inner_.contains(target.node)) {
          to.push_back(target);
          continue;
        }
        std::string through;
        for (const ExposedInput& known : group_.inputs)
          if (std::find(known.to.begin(), known.to.end(), target) != known.to.end()) through = known.name;
        if (through.empty() && !own.empty()) {
          for (ExposedInput& known : group_.inputs)
            if (known.name == own) known.to.push_back(target);
          continue;
        }
        if (through.empty()) {
          ExposedInput& made = newInput(input.name, target);
          made.doc = input.doc;
          through = own = made.name;
        }
        const Link link{node_.id, through};
        if (std::find(to.begin(), to.end(), link) == to.end()) to.push_back(link);
      }
      input.to = std::move(to);
    }
  }

  void exposeOutputs() {
    std::map<std::string, std::string> names;
    const auto nameFor = [&](const Link& link) {
      std::string& name = names[link.text()];
      if (!name.empty()) return name;
      name = outputNames_.make(link.port);
      ExposedOutput output;
      output.name = name;
      output.from = link;
      group_.outputs.push_back(std::move(output));
      return name;
    };
    changeLinksIn(document_, place_,
                  [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
                    return inner_.contains(link.node) ? Link{node_.id, nameFor(link)} : link;
                  });
  }

  void moveLayout(const std::string& name) {
    const auto layout = layoutOf(before_, place_);
    std::optional<Point> corner;
    std::map<std::string, std::string> ids;
    for (const std::string& id : inner_) {
      ids[id] = id;
      const auto entry = layout->nodes.find(id);
      if (entry == layout->nodes.end() || !entry->second.at) continue;
      const Point at = *entry->second.at;
      corner = corner ? Point{std::min(corner->x, at.x), std::min(corner->y, at.y)} : at;
    }
    copyLayout(before_, place_, document_, name, ids, {});
    if (nlohmann::json* entries = findLayoutPart(document_, place_, "nodes"))
      for (const std::string& id : inner_) entries->erase(id);
    if (corner) setAt(document_, place_, node_.id, *corner);
    watchThrough();
  }

  // "predict.x0" is now "guess/predict.x0".
  void watchThrough() {
    if (!place_.empty() || !document_.layout->is_object() || !document_.layout->contains("watched")) return;
    for (nlohmann::json& watched : document_.layout.own()["watched"]) {
      if (!watched.is_string()) continue;
      const std::string text = watched.get<std::string>();
      if (inner_.contains(text.substr(0, text.find_first_of("./:")))) watched = node_.id + "/" + text;
    }
  }

  const Document& before_;
  Document document_;
  const std::string& place_;
  const Catalog& catalog_;
  std::string name_, home_;
  Ids outer_, inner_;
  std::vector<NodePtr> nodes_;
  Graph group_;
  FreshNames inputNames_, outputNames_;
  Node node_;
};

}  // namespace

Edited makeGroup(const Document& document, const std::string& place, const Catalog& catalog, const Ids& ids,
                 const std::string& name) {
  requireName(name, "a group's name");
  return Grouping(document, place, catalog, ids, name).run();
}

// --- the other way ---

namespace {

// What comes to a port inside: links or a value of the group's node.
struct Driven {
  const std::vector<Link>* links = nullptr;
  bool list = false;
  const nlohmann::json* value = nullptr;
};

void drive(Node& node, const std::string& port, const Driven& by) {
  if (!node.zone) {
    if (by.links)
      node.inputs[port] = Input{*by.links, by.list};
    else
      node.params[port] = *by.value;
    if (!by.links) node.inputs.erase(port);
    return;
  }
  Zone zone = *node.zone;
  if (port == "count") {
    if (by.links && !by.links->empty()) {
      zone.count.reset();
      zone.countFrom = by.links->front();
    } else if (by.value && by.value->is_number_integer()) {
      zone.countFrom.reset();
      zone.count = by.value->get<int64_t>();
    }
  } else if (by.links && !by.links->empty()) {
    for (auto& [name, link] : zone.over)
      if (name == port) link = by.links->front();
    for (Zone::State& state : zone.state)
      if (state.name == port) state.init = by.links->front();
  }
  node.zone = std::make_shared<const Zone>(std::move(zone));
}

}  // namespace

Edited expandGroup(const Document& before, const std::string& place, const Catalog&, const std::string& id) {
  const auto index = GraphIndex::of(graphAt(before, place));
  const GraphIndex::Place& at = index->at(id);
  const Node& use = *at.node;
  if (!use.type.starts_with(kGroupPrefix)) throw Error(id + " is no group.");
  const std::string name = use.type.substr(kGroupPrefix.size());
  const Graph& group = graphAt(before, name);
  Document document = before;
  Graph& graph = graphIn(document, place);

  FreshIds fresh(before, place);
  std::map<std::string, std::string> names;
  const auto inner = GraphIndex::of(group);
  if (index->size() + inner->size() > kMostNodes) throw Error("The graph would have too many nodes.");
  Ids all, made;
  for (const NodePtr& node : group.nodes) all.insert(node->id);
  for (const std::string& own : withInner(group, all)) {
    names[own] = fresh.take(own) ? own : fresh.make(own);
    const GraphIndex::Place& own_ = inner->at(own);
    if (own_.depth + at.depth + (own_.node->zone ? 1 : 0) > kMostNesting)
      throw Error("Zones can be nested " + std::to_string(kMostNesting) + " deep, no deeper.");
  }
  std::vector<NodePtr> nodes = group.nodes;
  std::map<std::string, std::vector<std::pair<std::string, Driven>>> drivers;  // ports by node
  for (const ExposedInput& input : group.inputs) {
    const auto link = use.inputs.find(input.name);
    const auto value = use.params.find(input.name);
    Driven by;
    if (link != use.inputs.end()) {
      by.links = &link->second.links;
      by.list = link->second.list;
    } else if (value != use.params.end()) {
      by.value = &value->second;
    } else {
      continue;
    }
    for (const Link& to : input.to) drivers[to.node].emplace_back(to.port, by);
  }
  changeNodes(
      nodes, [&](const Node& node) { return drivers.contains(node.id); },
      [&](Node& node) {
        for (const auto& [port, by] : drivers.at(node.id)) drive(node, port, by);
      });
  // Links from outside must not be taken for those of nodes inside that have the same ids.
  std::set<std::pair<std::string, std::string>> outside;
  for (const auto& [port, input] : use.inputs)
    for (const Link& link : input.links) outside.emplace(link.node, link.port);
  std::map<std::string, std::set<std::string>> driven;  // slots by node that the group's node fed
  for (const ExposedInput& input : group.inputs)
    if (use.inputs.contains(input.name))
      for (const Link& to : input.to) driven[to.node].insert(to.port);
  changeLinks(nodes, [&](const Node& reader, const SlotRef& slot, const Link& link) -> std::optional<Link> {
    const auto fed = driven.find(reader.id);
    const std::string port = slot.kind == Kind::count ? "count" : std::string(slot.name);
    const bool takes =
        !slot.atEnd() && slot.kind != Kind::when && fed != driven.end() && fed->second.contains(port);
    if (takes && outside.contains({link.node, link.port})) return link;
    const auto own = names.find(link.node);
    return own == names.end() ? link : Link{own->second, link.port};
  });
  nodes = renamedNodes(std::move(nodes), names);
  for (NodePtr& node : nodes) {
    made.insert(node->id);
    if ((!use.when || node->when) && use.mode == NodeMode::on) continue;
    Node changed = *node;
    if (!changed.when) changed.when = use.when;
    if (use.mode != NodeMode::on) changed.mode = use.mode;
    node = std::make_shared<const Node>(std::move(changed));
  }

  const std::string home = at.zone ? at.zone->id : "";
  editBody(graph, home, [&](std::vector<NodePtr>& siblings) {
    const auto where =
        std::find_if(siblings.begin(), siblings.end(), [&](const NodePtr& n) { return n->id == id; });
    siblings.insert(siblings.erase(where), nodes.begin(), nodes.end());
  });
  std::map<std::string, Link> outputs;
  for (const ExposedOutput& output : group.outputs)
    if (names.contains(output.from.node))
      outputs.emplace(output.name, Link{names.at(output.from.node), output.from.port});
  changeLinksIn(document, place, [&](const Node&, const SlotRef&, const Link& link) -> std::optional<Link> {
    if (link.node != id) return link;
    const auto output = outputs.find(link.port);
    return output == outputs.end() ? std::nullopt : std::optional<Link>(output->second);
  });
  for (ExposedInput& input : graph.inputs) {
    std::vector<Link> to;
    for (const Link& target : input.to) {
      if (target.node != id) {
        to.push_back(target);
        continue;
      }
      for (const ExposedInput& own : group.inputs)
        if (own.name == target.port)
          for (const Link& deep : own.to)
            if (names.contains(deep.node)) to.push_back({names.at(deep.node), deep.port});
    }
    input.to = std::move(to);
  }
  expandLayout(before, document, place, id, name, names);

  bool used = false;
  forEachGraph(document, [&](const std::string&, Graph& any) {
    changeNodes(
        any.nodes,
        [&](const Node& node) {
          used |= node.type == use.type;
          return false;
        },
        [](Node&) {});
  });
  if (!used) {
    document.groups.erase(name);
    if (nlohmann::json* layouts = findLayoutPart(document, "", "groups")) {
      layouts->erase(name);
      if (layouts->empty()) document.layout.own().erase("groups");
    }
  }
  pruneReroutes(document, place);
  return {std::move(document), std::move(made)};
}

void expandLayout(const Document& before, Document& document, const std::string& place, const std::string& id,
                  const std::string& group, const std::map<std::string, std::string>& names) {
  const auto outer = layoutOf(before, place), inner = layoutOf(before, group);
  std::optional<Point> corner;
  for (const auto& [own, entry] : inner->nodes)
    if (entry.at)
      corner = corner ? Point{std::min(corner->x, entry.at->x), std::min(corner->y, entry.at->y)} : *entry.at;
  const auto use = outer->nodes.find(id);
  const Point at = use != outer->nodes.end() && use->second.at ? *use->second.at : Point{};
  const Point by = corner ? Point{at.x - corner->x, at.y - corner->y} : Point{};
  if (nlohmann::json* entries = findLayoutPart(document, place, "nodes")) entries->erase(id);
  copyLayout(before, group, document, place, names, by);
  if (!document.layout->is_object() || !place.empty() || !document.layout->contains("watched")) return;
  for (nlohmann::json& watched : document.layout.own()["watched"]) {
    if (!watched.is_string()) continue;
    const std::string text = watched.get<std::string>();
    if (!text.starts_with(id + "/")) continue;
    const std::string rest = text.substr(id.size() + 1);
    const size_t end = rest.find_first_of("./:");
    const auto own = names.find(rest.substr(0, end));
    if (own != names.end()) watched = own->second + (end == std::string::npos ? "" : rest.substr(end));
  }
}

}  // namespace loom::editor
