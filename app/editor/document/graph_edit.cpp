#include "app/editor/document/graph_edit.h"

#include <algorithm>
#include <numeric>

#include "engine/core/error.h"

namespace loom::editor {

std::string SlotRef::text() const {
  const std::string own(name);
  switch (kind) {
    case Kind::over:
      return "over." + own;
    case Kind::count:
      return "@count";
    case Kind::init:
      return "init." + own;
    case Kind::next:
      return "next." + own;
    case Kind::until:
      return "@until";
    case Kind::collect:
      return "collect." + own;
    case Kind::when:
      return "@when";
    case Kind::port:
      break;
  }
  return own;
}

SlotRef slotOf(const Node& node, std::string_view slot) {
  using Kind = SlotRef::Kind;
  if (slot == "@when") return {Kind::when, {}};
  if (!node.zone) return {Kind::port, slot};
  if (slot == "@count") return {Kind::count, {}};
  if (slot == "@until") return {Kind::until, {}};
  static const std::pair<std::string_view, Kind> kinds[] = {
      {"over.", Kind::over}, {"init.", Kind::init}, {"next.", Kind::next}, {"collect.", Kind::collect}};
  for (const auto& [prefix, kind] : kinds)
    if (slot.starts_with(prefix)) return {kind, slot.substr(prefix.size())};
  throw Error(node.id, std::string(slot), "A zone has no such socket.");
}

// --- changes ---

Graph& graphIn(Document& document, const std::string& place) {
  if (place.empty()) return document.graph;
  const auto found = document.groups.find(place);
  if (found == document.groups.end()) throw Error("there is no group \"" + place + "\"");
  return found->second;
}

void forEachGraph(Document& document, const std::function<void(const std::string&, Graph&)>& each) {
  each("", document.graph);
  for (auto& [name, group] : document.groups) each(name, group);
}

Ids withInner(const Graph& graph, const Ids& ids) {
  Ids all;
  const std::function<void(const std::vector<NodePtr>&, bool)> look = [&](const std::vector<NodePtr>& nodes,
                                                                          bool wanted) {
    for (const NodePtr& node : nodes) {
      const bool take = wanted || ids.contains(node->id);
      if (take) all.insert(node->id);
      if (node->zone) look(node->zone->nodes, take);
    }
  };
  look(graph.nodes, false);
  return all;
}

Ids outermost(const Graph& graph, const Ids& ids) {
  Ids all;
  const std::function<void(const std::vector<NodePtr>&)> look = [&](const std::vector<NodePtr>& nodes) {
    for (const NodePtr& node : nodes) {
      if (ids.contains(node->id))
        all.insert(node->id);
      else if (node->zone)
        look(node->zone->nodes);
    }
  };
  look(graph.nodes);
  return all;
}

namespace {

// From the outermost zone around a node to the node itself.
std::vector<const Node*> wayTo(const Graph& graph, std::string_view id) {
  const auto index = GraphIndex::of(graph);
  std::vector<const Node*> way;
  for (const Node* node = index->at(id).node; node; node = index->at(node->id).zone) way.push_back(node);
  std::reverse(way.begin(), way.end());
  return way;
}

void editAlong(std::vector<NodePtr>& nodes, const std::vector<const Node*>& way, size_t step,
               const std::function<void(Node&)>& edit) {
  const auto at =
      std::find_if(nodes.begin(), nodes.end(), [&](const NodePtr& node) { return node.get() == way[step]; });
  Node changed = **at;
  if (step + 1 == way.size()) {
    edit(changed);
  } else {
    Zone zone = *changed.zone;
    editAlong(zone.nodes, way, step + 1, edit);
    changed.zone = std::make_shared<const Zone>(std::move(zone));
  }
  *at = std::make_shared<const Node>(std::move(changed));
}

}  // namespace

void editNode(Graph& graph, std::string_view id, const std::function<void(Node&)>& edit) {
  const std::vector<const Node*> way = wayTo(graph, id);
  editAlong(graph.nodes, way, 0, edit);
}

void editZone(Graph& graph, std::string_view id, const std::function<void(Zone&)>& edit) {
  editNode(graph, id, [&](Node& node) {
    if (!node.zone) throw Error(node.id, "", "is no zone");
    Zone zone = *node.zone;
    edit(zone);
    node.zone = std::make_shared<const Zone>(std::move(zone));
  });
}

void editBody(Graph& graph, std::string_view zone, const std::function<void(std::vector<NodePtr>&)>& edit) {
  if (zone.empty())
    edit(graph.nodes);
  else
    editZone(graph, zone, [&](Zone& changed) { edit(changed.nodes); });
}

namespace {

bool changeNodesIn(std::vector<NodePtr>& nodes, const std::function<bool(const Node&)>& wanted,
                   const std::function<void(Node&)>& edit) {
  bool any = false;
  for (NodePtr& node : nodes) {
    const bool self = wanted(*node);
    std::optional<std::vector<NodePtr>> body;
    if (node->zone) {
      body = node->zone->nodes;
      if (!changeNodesIn(*body, wanted, edit)) body.reset();
    }
    if (!self && !body) continue;
    any = true;
    Node changed = *node;
    if (body) {
      Zone zone = *changed.zone;
      zone.nodes = std::move(*body);
      changed.zone = std::make_shared<const Zone>(std::move(zone));
    }
    if (self) edit(changed);
    node = std::make_shared<const Node>(std::move(changed));
  }
  return any;
}

bool takeOutOf(std::vector<NodePtr>& nodes, const Ids& ids, std::vector<NodePtr>& taken) {
  bool any = false;
  for (NodePtr& node : nodes) {
    if (ids.contains(node->id)) {
      taken.push_back(node);
      node.reset();
      any = true;
    } else if (node->zone) {
      std::vector<NodePtr> body = node->zone->nodes;
      if (!takeOutOf(body, ids, taken)) continue;
      any = true;
      Zone zone = *node->zone;
      zone.nodes = std::move(body);
      Node changed = *node;
      changed.zone = std::make_shared<const Zone>(std::move(zone));
      node = std::make_shared<const Node>(std::move(changed));
    }
  }
  nodes.erase(std::remove(nodes.begin(), nodes.end(), nullptr), nodes.end());
  return any;
}

}  // namespace

void changeNodes(std::vector<NodePtr>& nodes, const std::function<bool(const Node&)>& wanted,
                 const std::function<void(Node&)>& edit) {
  changeNodesIn(nodes, wanted, edit);
}

std::vector<NodePtr> takeOut(Graph& graph, const Ids& ids) {
  std::vector<NodePtr> taken;
  takeOutOf(graph.nodes, ids, taken);
  return taken;
}

// --- links ---

void changeOwnLinks(Node& node, const LinkChange& change) {
  using Kind = SlotRef::Kind;
  const Node before = node;
  if (node.when) node.when = change(before, {Kind::when, {}}, *node.when);
  if (!node.zone) {
    for (auto at = node.inputs.begin(); at != node.inputs.end();) {
      std::vector<Link> links;
      for (size_t i = 0; i < at->second.links.size(); ++i)
        if (auto link = change(before, {Kind::port, at->first, static_cast<int>(i)}, at->second.links[i]))
          links.push_back(std::move(*link));
      const bool gone = links.empty() && !at->second.links.empty();
      at->second.links = std::move(links);
      at = gone ? node.inputs.erase(at) : std::next(at);
    }
    return;
  }
  Zone zone = *node.zone;
  const auto put = [&](Link& link, Kind kind, const std::string& name) {
    if (!link.empty()) link = change(before, {kind, name}, link).value_or(Link{});
  };
  for (auto& [name, link] : zone.over) put(link, Kind::over, name);
  if (zone.countFrom && !zone.countFrom->empty()) {
    zone.countFrom = change(before, {Kind::count, {}}, *zone.countFrom);
    if (!zone.countFrom && !zone.count && zone.over.empty()) zone.count = kNewCount;
  }
  for (Zone::State& state : zone.state) {
    put(state.init, Kind::init, state.name);
    put(state.next, Kind::next, state.name);
  }
  if (zone.until) zone.until = change(before, {Kind::until, {}}, *zone.until);
  for (Zone::Collect& collect : zone.collect) put(collect.from, Kind::collect, collect.name);
  node.zone = std::make_shared<const Zone>(std::move(zone));
}

bool changeLinks(std::vector<NodePtr>& nodes, const LinkChange& change) {
  bool any = false;
  for (NodePtr& node : nodes) {
    bool self = false;
    forEachLink(*node, [&](const SlotRef& slot, const Link& link) {
      if (self) return;
      const std::optional<Link> after = change(*node, slot, link);
      self = !after || !(*after == link);
    });
    std::optional<std::vector<NodePtr>> body;
    if (node->zone && !node->zone->nodes.empty()) {
      body = node->zone->nodes;
      if (!changeLinks(*body, change)) body.reset();
    }
    if (!self && !body) continue;
    any = true;
    Node changed = *node;
    if (self) changeOwnLinks(changed, change);
    if (body) {
      Zone zone = *changed.zone;
      zone.nodes = std::move(*body);
      changed.zone = std::make_shared<const Zone>(std::move(zone));
    }
    node = std::make_shared<const Node>(std::move(changed));
  }
  return any;
}

void changeLinksIn(Document& document, const std::string& place, const LinkChange& change) {
  Graph& graph = graphIn(document, place);
  changeLinks(graph.nodes, change);
  static const Node outside;
  std::set<std::string> lost;
  std::vector<ExposedOutput> kept;
  for (ExposedOutput& output : graph.outputs) {
    std::optional<Link> link = change(outside, {SlotRef::Kind::port, output.name}, output.from);
    if (!link) {
      lost.insert(output.name);
      continue;
    }
    output.from = std::move(*link);
    kept.push_back(std::move(output));
  }
  graph.outputs = std::move(kept);
  if (!place.empty() && !lost.empty()) dropGroupPorts(document, place, {}, lost);
}

// Kahn's algorithm over the nodes of all bodies at once.
bool hasCircle(const Graph& graph) {
  const auto index = GraphIndex::of(graph);
  std::vector<std::pair<int, int>> edges;  // from whom, and who waits
  bool self = false;
  const auto look = [&](const Node& node, const SlotRef& slot, const Link& link) {
    self |= link.node == node.id && !slot.atEnd();
    const GraphIndex::Place* source = index->find(link.node);
    const GraphIndex::Place* reader = index->find(node.id);
    if (!source || !reader || reader->node != &node) return;
    const GraphIndex::Place* waits = index->whoWaits(*source, *reader, slot);
    if (waits && waits->node != source->node) edges.emplace_back(source->number, waits->number);
  };
  for (const NodePtr& node : graph.nodes) forEachLinkWithin(*node, look);
  if (self) return true;
  std::vector<int> waiting(index->size()), begin(index->size() + 1), next(edges.size());
  for (const auto& [from, to] : edges) {
    ++waiting[to];
    ++begin[from + 1];
  }
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<int> at(begin.begin(), begin.end() - 1), ready;
  for (const auto& [from, to] : edges) next[at[from]++] = to;
  for (size_t i = 0; i < waiting.size(); ++i)
    if (!waiting[i]) ready.push_back(static_cast<int>(i));
  size_t done = 0;
  for (; !ready.empty(); ++done) {
    const int from = ready.back();
    ready.pop_back();
    for (int i = begin[from]; i < begin[from + 1]; ++i)
      if (--waiting[next[i]] == 0) ready.push_back(next[i]);
  }
  return done != waiting.size();
}

void cutBadLinks(Document& document, const std::string& place, const Ids& touched) {
  {
    const Graph& graph = graphAt(document, place);
    const auto index = GraphIndex::of(graph);
    changeLinksIn(document, place,
                  [&](const Node& reader, const SlotRef& slot, const Link& link) -> std::optional<Link> {
                    if (!touched.contains(reader.id) && !touched.contains(link.node)) return link;
                    const GraphIndex::Place* at = reader.id.empty() ? nullptr : index->find(reader.id);
                    const Node* scope = at ? index->scopeOf(*at, slot) : nullptr;
                    if (!index->visible(link, scope)) return std::nullopt;
                    return link;
                  });
  }
  while (hasCircle(graphAt(document, place))) {
    // The first link of a touched node, or from one, that is part of a circle.
    const auto index = GraphIndex::of(graphAt(document, place));
    std::optional<Wire> bad;
    const auto look = [&](const Node& reader, const SlotRef& slot, const Link& link) {
      if (!touched.contains(reader.id) && !touched.contains(link.node)) return;
      // What a zone gave within its loop, its result now: that goes first.
      if (bad && !index->at(link.node).node->zone) return;
      if (index->closesCircle(link, index->at(reader.id), slot))
        bad = Wire{link, {reader.id, slot.text()}, slot.index};
    };
    for (const NodePtr& node : graphAt(document, place).nodes) forEachLinkWithin(*node, look);
    if (!bad) return;  // was there before
    document = disconnect(document, place, {*bad});
  }
}

// --- groups ---

void dropGroupPorts(Document& document, const std::string& group, const std::set<std::string>& inputs,
                    const std::set<std::string>& outputs) {
  const std::string type = std::string(kGroupPrefix) + group;
  // A group that shows what is lost loses that itself: again for its own users.
  std::vector<std::pair<std::string, std::set<std::string>>> further;
  forEachGraph(document, [&](const std::string& place, Graph& graph) {
    Ids users;
    changeNodes(
        graph.nodes,
        [&](const Node& node) {
          if (node.type != type) return false;
          users.insert(node.id);
          const auto lost = [&](const auto& named) { return inputs.contains(named.first); };
          return std::any_of(node.inputs.begin(), node.inputs.end(), lost) ||
                 std::any_of(node.params.begin(), node.params.end(), lost);
        },
        [&](Node& node) {
          for (const std::string& name : inputs) {
            node.inputs.erase(name);
            node.params.erase(name);
          }
        });
    if (users.empty()) return;
    const auto lost = [&](const Link& link) {
      return users.contains(link.node) && outputs.contains(link.port);
    };
    changeLinks(graph.nodes, [&](const Node&, const SlotRef&, const Link& link) {
      return lost(link) ? std::nullopt : std::optional<Link>(link);
    });
    std::set<std::string> gone;
    std::erase_if(graph.outputs, [&](const ExposedOutput& output) {
      if (!lost(output.from)) return false;
      gone.insert(output.name);
      return true;
    });
    for (ExposedInput& input : graph.inputs)
      std::erase_if(input.to,
                    [&](const Link& to) { return users.contains(to.node) && inputs.contains(to.port); });
    if (place.empty())
      std::erase_if(graph.inputs, [](const ExposedInput& input) { return input.to.empty(); });
    else if (!gone.empty())
      further.emplace_back(place, std::move(gone));
  });
  for (const auto& [place, gone] : further) dropGroupPorts(document, place, {}, gone);
}

std::set<std::string> groupsUsed(const Document& document, const std::vector<NodePtr>& nodes) {
  std::set<std::string> used;
  const std::function<void(const std::vector<NodePtr>&)> look = [&](const std::vector<NodePtr>& some) {
    for (const NodePtr& node : some) {
      if (node->zone) look(node->zone->nodes);
      if (!node->type.starts_with(kGroupPrefix)) continue;
      const std::string name = node->type.substr(kGroupPrefix.size());
      const auto group = document.groups.find(name);
      if (group != document.groups.end() && used.insert(name).second) look(group->second.nodes);
    }
  };
  look(nodes);
  return used;
}

void requireNoSelfUse(const Document& document, const std::string& place, const std::string& group) {
  if (place.empty()) return;
  const auto found = document.groups.find(group);
  if (group == place ||
      (found != document.groups.end() && groupsUsed(document, found->second.nodes).contains(place)))
    throw Error("The group " + place + " can't hold itself.");
}

// --- names ---

std::string stemOfType(const std::string& type) {
  const size_t cut = type.find_last_of(".:/");
  std::string stem = cut == std::string::npos ? type : type.substr(cut + 1);
  for (char& c : stem)
    if (!isIdentifier(std::string("_") + c)) c = '_';
  if (stem.size() > 48) stem.resize(48);
  if (!isIdentifier(stem)) stem = "node_" + stem;
  return stem;
}

FreshIds::FreshIds(const Document& document, const std::string& place)
    : index_(GraphIndex::of(graphAt(document, place))) {
  for (const char* part : {"frames", "notes"})
    if (const nlohmann::json* entries = findLayoutPart(document, place, part))
      for (const auto& [id, entry] : entries->items()) taken_.insert(id);
}

bool FreshIds::taken(const std::string& id) const { return index_->find(id) || taken_.contains(id); }

bool FreshIds::take(const std::string& id) {
  if (taken(id)) return false;
  taken_.insert(id);
  return true;
}

std::string FreshIds::make(std::string_view wanted) {
  std::string stem(wanted);
  const size_t end = stem.find_last_not_of("0123456789");
  if (end != std::string::npos && end > 0 && end + 1 < stem.size() && stem[end] == '_') stem.resize(end);
  if (stem.size() > 56) stem.resize(56);
  int& next = next_.try_emplace(stem, 1).first->second;
  for (;; ++next) {
    std::string id = next == 1 ? stem : stem + "_" + std::to_string(next);
    if (!take(id)) continue;
    ++next;
    return id;
  }
}

std::string numberedName(const std::string& wanted, int number) {
  std::string stem = wanted.substr(0, 56);
  if (!isIdentifier(stem)) stem = "value";
  return number == 1 ? stem : stem + "_" + std::to_string(number);
}

std::string freshName(const std::string& wanted, const std::function<bool(const std::string&)>& taken) {
  for (int i = 1;; ++i)
    if (std::string name = numberedName(wanted, i); !taken(name)) return name;
}

bool hasZonePort(const Zone& zone, std::string_view name) {
  const auto named = [&](const auto& port) { return port.name == name; };
  return std::any_of(zone.over.begin(), zone.over.end(),
                     [&](const auto& over) { return over.first == name; }) ||
         std::any_of(zone.state.begin(), zone.state.end(), named) ||
         std::any_of(zone.collect.begin(), zone.collect.end(), named);
}

std::string freshZonePort(const Zone& zone, const std::string& wanted) {
  if (zone.over.size() + zone.state.size() + zone.collect.size() >= kMostZonePorts)
    throw Error("A zone has at most " + std::to_string(kMostZonePorts) +
                " states, sequences and collections.");
  return freshName(wanted, [&](const std::string& name) {
    return name == "index" || name == "count" || hasZonePort(zone, name);
  });
}

void requireName(const std::string& name, const char* what) {
  if (!isIdentifier(name))
    throw Error("\"" + name.substr(0, 64) + "\" can't be " + what +
                ": use letters, digits and _, at most 64, not beginning with a digit.");
}

std::string nameOf(const Node& node, const Catalog& catalog) {
  if (!node.title.empty()) return node.title;
  if (node.zone) return node.id;
  const NodeType* type = catalog.node(node.type);
  return type ? type->title : node.id;
}

std::string typeName(const Catalog& catalog, const std::string& type) {
  const ValueType* found = catalog.type(type);
  return found ? found->name : type;
}

std::string elementOf(const Catalog& catalog, const std::string& type) {
  if (type == "any") return "any";
  if (const ValueType* found = catalog.type(type); found && !found->element.empty()) return found->element;
  for (const auto& [id, other] : catalog.types())
    if (!other.element.empty() && catalog.fits(type, id)) return other.element;
  return "";
}

}  // namespace loom::editor
