// Wires: which may be, making them, cutting them.
#include <algorithm>

#include "app/editor/document/graph_edit.h"
#include "app/editor/document/types.h"
#include "engine/core/error.h"
#include "engine/core/text.h"

namespace loom::editor {
namespace {

using Kind = SlotRef::Kind;
using Why = std::optional<std::string>;

// One wire that someone wants, and what is known of it.
struct Wanted {
  const Document& document;
  const std::string& place;
  const Catalog& catalog;
  const Link& from;
  const InputSlot& to;
  std::shared_ptr<const GraphIndex> index;
  GraphIndex::Place source, reader;
  SlotRef slot;

  const Node* scope() const { return index->scopeOf(reader, slot); }
  std::string sourceText() const { return from.port + " of " + nameOf(*source.node, catalog); }
  std::string slotText() const;
};

std::string Wanted::slotText() const {
  const std::string node = nameOf(*reader.node, catalog), name(slot.name);
  switch (slot.kind) {
    case Kind::over:
      return name.empty() ? "a new sequence of " + node : "the sequence " + name + " of " + node;
    case Kind::count:
      return "the count of " + node;
    case Kind::init:
      return name.empty() ? "a new state of " + node : "the first value of " + name + " in " + node;
    case Kind::next:
      return "the next value of " + name + " in " + node;
    case Kind::until:
      return "until of " + node;
    case Kind::collect:
      return name.empty() ? "a new collection of " + node : "the collection " + name + " of " + node;
    case Kind::when:
      return "when of " + node;
    case Kind::port:
      break;
  }
  return name + " of " + node;
}

Why outputMissing(const Wanted& w) {
  const Node& node = *w.source.node;
  if (node.zone) {
    if (w.from.port == "index" || w.from.port == "count" || hasZonePort(*node.zone, w.from.port)) return {};
    return node.id + " has no output " + w.from.port + ".";
  }
  const Face face = faceOf(w.document, w.place, node, w.catalog);
  // What an unknown node gives is not known either.
  if (!face.known || face.output(w.from.port, false)) return {};
  return nameOf(node, w.catalog) + " has no output " + shortened(w.from.port, 64) + ".";
}

Why unseen(const Wanted& w) {
  const Node* scope = w.scope();
  if (w.index->visible(w.from, scope)) return {};
  if (w.index->sees(scope, w.source.zone)) {
    const std::string zone = nameOf(*w.source.node, w.catalog);
    if (w.index->sees(scope, w.source.node))
      return w.from.port + " is recorded over all steps of " + zone +
             ": it is there only outside of the zone.";
    return w.from.port + " changes with each step of " + zone + ": it is there only inside the zone.";
  }
  return w.sourceText() + " is inside the zone " + nameOf(*w.source.zone, w.catalog) +
         ": results leave a zone through a state or a collection. Link it to one, and go on from the zone's "
         "output.";
}

Why circle(const Wanted& w) {
  const bool own = w.source.node == w.reader.node && !w.slot.atEnd();
  if (!own && !w.index->closesCircle(w.from, w.reader, w.slot)) return {};
  if (own && !w.reader.node->zone) return "A node can't feed itself.";
  if (own)
    return "A zone can't begin with its own result. What goes round is a state: link to its next value, "
           "inside.";
  return "That would make a circle: " + nameOf(*w.source.node, w.catalog) + " itself waits for " +
         nameOf(*w.reader.node, w.catalog) + ". What is to go round does so as the state of a zone.";
}

std::string withArticle(const std::string& noun) {
  const bool vowel = !noun.empty() && std::string_view("AEIOUaeiou").find(noun[0]) != std::string_view::npos;
  return (vowel ? "an " : "a ") + noun;
}

// A node that makes what is wanted of what there is; the one that needs the fewest conversions.
std::string remedy(const Catalog& catalog, const std::string& from, const std::string& to) {
  const NodeType* best = nullptr;
  int most = 0;
  for (const NodeType& node : catalog.nodes()) {
    int takes = 0, gives = 0;
    for (const PortType& port : node.inputs)
      if (port.type != "any") takes = std::max(takes, catalog.fit(from, port.type));
    for (const PortType& port : node.outputs)
      if (port.type != "any") gives = std::max(gives, catalog.fit(port.type, to));
    if (!takes || !gives || takes + gives <= most) continue;
    most = takes + gives;
    best = &node;
  }
  return best ? " " + best->title + " makes one." : "";
}

std::string takenTypes(const Catalog& catalog, const std::string& to) {
  std::string all = withArticle(typeName(catalog, to));
  for (const auto& [id, type] : catalog.types())
    if (id != to && catalog.fits(id, to)) all += " or " + withArticle(type.name);
  return all;
}

Why wrongType(const Wanted& w) {
  Types types(w.document, w.catalog);
  const std::string from = types.of(w.place, w.from);
  const auto refuse = [&](const std::string& to) -> Why {
    if (w.catalog.fits(from, to)) return {};
    return w.sourceText() + " is " + withArticle(typeName(w.catalog, from)) + ", but " + w.slotText() +
           " takes " + takenTypes(w.catalog, to) + "." + remedy(w.catalog, from, to);
  };
  const auto state = [&]() -> const Zone::State* {
    for (const Zone::State& one : w.reader.node->zone->state)
      if (one.name == w.slot.name) return &one;
    return nullptr;
  };
  switch (w.slot.kind) {
    case Kind::when:
    case Kind::until:
      return refuse("bool");
    case Kind::count:
      return refuse("int");
    case Kind::over:
      if (!elementOf(w.catalog, from).empty()) return {};
      return w.sourceText() + " is " + withArticle(typeName(w.catalog, from)) +
             ", but a zone goes over a sequence, such as timesteps or the rows of a tensor.";
    case Kind::init: {
      if (w.slot.name.empty()) return {};
      const std::string next = types.next(w.place, *w.reader.node, *state());
      return w.catalog.fits(next, from) ? Why{} : refuse(next);
    }
    case Kind::next: {
      const std::string first = types.first(w.place, *state());
      return w.catalog.fits(first, from) ? Why{} : refuse(first);
    }
    case Kind::collect:
      return {};
    case Kind::port:
      break;
  }
  const Face face = faceOf(w.document, w.place, *w.reader.node, w.catalog);
  const Socket* socket = face.input(w.slot.name);
  return socket ? refuse(socket->port.type) : Why{};
}

// Sockets that are not there, and those that are full.
Why slotMissing(const Wanted& w) {
  const std::string name(w.slot.name);
  if (w.slot.kind == Kind::port) {
    const Face face = faceOf(w.document, w.place, *w.reader.node, w.catalog);
    if (!face.input(name))
      return nameOf(*w.reader.node, w.catalog) + " has no input " + shortened(name, 64) + ".";
    const auto input = w.reader.node->inputs.find(name);
    if (input != w.reader.node->inputs.end() && input->second.links.size() >= kMostLinks)
      return "A port takes at most 10,000 links.";
    return {};
  }
  if (w.slot.kind == Kind::when || w.slot.kind == Kind::until) return {};
  const Zone& zone = *w.reader.node->zone;
  if (w.slot.kind == Kind::count)
    return zone.over.empty() ? Why{}
                             : "A zone that goes over a sequence has no count: the sequence's length is it.";
  if (name.empty() && w.slot.kind != Kind::next) {
    const bool full = zone.over.size() + zone.state.size() + zone.collect.size() >= kMostZonePorts;
    return full ? Why("A zone has at most " + std::to_string(kMostZonePorts) + " ports.") : Why{};
  }
  const auto named = [&](const auto& port) { return port.name == name; };
  const bool there =
      w.slot.kind == Kind::over      ? std::any_of(zone.over.begin(), zone.over.end(),
                                                   [&](const auto& over) { return over.first == name; })
      : w.slot.kind == Kind::collect ? std::any_of(zone.collect.begin(), zone.collect.end(), named)
                                     : std::any_of(zone.state.begin(), zone.state.end(), named);
  return there ? Why{} : Why(nameOf(*w.reader.node, w.catalog) + " has no " + w.slot.text() + ".");
}

// The nodes that must come into the zone with the reader, so that all of their links can be seen there: what
// reads it, and what reads that. Empty where this does not help.
Ids mending(const Wanted& w, const Node* zone) {
  if (w.slot.atEnd() || w.index->sees(w.reader.zone, zone) || !w.index->sees(zone, w.reader.zone)) return {};
  const Node* home = w.reader.zone;
  std::map<const Node*, std::vector<const Node*>> readers;
  const std::vector<NodePtr>& siblings = home ? home->zone->nodes : graphAt(w.document, w.place).nodes;
  for (const NodePtr& node : siblings)
    for (const Node* before : w.index->upstream(node.get())) readers[before].push_back(node.get());
  Ids moving{w.reader.node->id};
  std::vector<const Node*> open{w.reader.node};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (w.index->sees(zone, node)) return {};  // the zone itself waits for it
    for (const Node* reader : readers[node])
      if (moving.insert(reader->id).second) open.push_back(reader);
  }
  const auto takesFromZone = [&](const Node& node) {
    bool any = false;
    forEachLinkWithin(node, [&](const Node& reader, const SlotRef& slot, const Link& link) {
      const GraphIndex::Place* from = w.index->find(link.node);
      // The last value of a zone is another than the one of each step.
      const bool replaced = reader.id == w.to.node && slot.text() == w.to.slot;
      any |= !replaced && from && w.index->sees(zone, from->node);
    });
    return any;
  };
  for (const std::string& id : moving)
    if (takesFromZone(*w.index->at(id).node)) return {};
  for (const ExposedOutput& output : graphAt(w.document, w.place).outputs)
    if (moving.contains(output.from.node)) return {};
  bool read = false;  // by the zone around them
  if (home)
    forEachLink(*home, [&](const SlotRef& slot, const Link& link) {
      read |= slot.atEnd() && moving.contains(link.node);
    });
  if (read) return {};
  return moving;
}

// Why not; or who has to come into which zone first.
struct Verdict {
  Why why;
  Ids moving;
  std::string zone;
};

Verdict verdictOn(const Document& document, const std::string& place, const Catalog& catalog,
                  const Link& from, const InputSlot& to) {
  const auto index = GraphIndex::of(graphAt(document, place));
  const GraphIndex::Place* source = index->find(from.node);
  const GraphIndex::Place* reader = index->find(to.node);
  if (!source || !reader) return {"There is no node " + (source ? to.node : from.node) + ".", {}, {}};
  Wanted w{document, place, catalog, from, to, index, *source, *reader, {}};
  try {
    w.slot = slotOf(*reader->node, to.slot);
  } catch (const Error& error) {
    return {error.what(), {}, {}};
  }
  if (Why why = outputMissing(w)) return {why, {}, {}};
  if (Why why = slotMissing(w)) return {why, {}, {}};
  if (Why why = unseen(w)) {
    const bool inZone = index->sees(w.scope(), source->zone);  // a port of the zone for its body
    const Node* zone = inZone ? source->node : source->zone;
    Verdict verdict;
    if (zone && source->node != reader->node) verdict.moving = mending(w, zone);
    if (verdict.moving.empty()) return {why, {}, {}};
    verdict.zone = zone->id;
    verdict.why = wrongType(w);
    return verdict;
  }
  if (Why why = circle(w)) return {why, {}, {}};
  return {wrongType(w), {}, {}};
}

void putLink(Zone& zone, const Node& node, const SlotRef& slot, const Link& from) {
  const std::string name(slot.name);
  const std::string wanted = from.port;
  switch (slot.kind) {
    case Kind::over:
      if (name.empty())
        zone.over.emplace_back(freshZonePort(zone, wanted), from);
      else
        for (auto& [over, link] : zone.over)
          if (over == name) link = from;
      zone.count.reset();
      zone.countFrom.reset();
      break;
    case Kind::count:
      zone.count.reset();
      zone.countFrom = from;
      break;
    case Kind::init:
      if (name.empty()) {
        Zone::State state;
        state.name = freshZonePort(zone, wanted);
        state.next = {node.id, state.name};
        zone.state.push_back(std::move(state));
        zone.state.back().init = from;
      }
      for (Zone::State& state : zone.state)
        if (!name.empty() && state.name == name) state.init = from;
      break;
    case Kind::next:
      for (Zone::State& state : zone.state)
        if (state.name == name) state.next = from;
      break;
    case Kind::until:
      zone.until = from;
      break;
    case Kind::collect:
      if (name.empty()) {
        Zone::Collect collect;
        collect.name = freshZonePort(zone, wanted);
        zone.collect.push_back(std::move(collect));
        zone.collect.back().from = from;
      }
      for (Zone::Collect& collect : zone.collect)
        if (!name.empty() && collect.name == name) collect.from = from;
      break;
    case Kind::port:
    case Kind::when:
      break;
  }
}

}  // namespace

Document linked(const Document& before, const std::string& place, const Catalog& catalog, const Link& from,
                const InputSlot& to) {
  Document document = before;
  const Node& node = *GraphIndex::of(graphAt(before, place))->at(to.node).node;
  const SlotRef slot = slotOf(node, to.slot);
  bool many = false;
  if (slot.kind == Kind::port) {
    const Face face = faceOf(before, place, node, catalog);
    const Socket* socket = face.input(slot.name);
    many = socket && socket->port.many;
  }
  editNode(graphIn(document, place), to.node, [&](Node& changed) {
    if (slot.kind == Kind::when) {
      changed.when = from;
    } else if (slot.kind == Kind::port) {
      Input& input = changed.inputs[std::string(slot.name)];
      if (many && std::find(input.links.begin(), input.links.end(), from) != input.links.end()) return;
      if (!many) input.links.clear();
      input.list = many || input.list;
      input.links.push_back(from);
    } else {
      Zone zone = *changed.zone;
      putLink(zone, changed, slot, from);
      changed.zone = std::make_shared<const Zone>(std::move(zone));
    }
  });
  pruneReroutes(document, place);
  return document;
}

std::optional<std::string> refusal(const Document& document, const std::string& place, const Catalog& catalog,
                                   const Link& from, const InputSlot& to) {
  return verdictOn(document, place, catalog, from, to).why;
}

Document connect(const Document& document, const std::string& place, const Catalog& catalog, const Link& from,
                 const InputSlot& to) {
  const Verdict verdict = verdictOn(document, place, catalog, from, to);
  if (verdict.why) throw Error(*verdict.why);
  if (verdict.moving.empty()) return linked(document, place, catalog, from, to);
  return linked(moveToZone(document, place, catalog, verdict.moving, verdict.zone), place, catalog, from, to);
}

Document disconnect(const Document& before, const std::string& place, const std::vector<Wire>& wires) {
  Document document = before;
  std::map<std::string, std::vector<const Wire*>> readers;
  for (const Wire& wire : wires) readers[wire.to.node].push_back(&wire);
  const auto cut = [&](const Node& reader, const SlotRef& slot, const Link& link) {
    const std::vector<const Wire*>& into = readers.at(reader.id);
    return std::any_of(into.begin(), into.end(), [&](const Wire* wire) {
      return wire->from == link && wire->index == slot.index && wire->to.slot == slot.text();
    });
  };
  changeNodes(
      graphIn(document, place).nodes, [&](const Node& node) { return readers.contains(node.id); },
      [&](Node& node) {
        changeOwnLinks(node, [&](const Node& reader, const SlotRef& slot, const Link& link) {
          return cut(reader, slot, link) ? std::nullopt : std::optional<Link>(link);
        });
      });
  pruneReroutes(document, place);
  return document;
}

Document insertOnWire(const Document& before, const std::string& place, const Catalog& catalog,
                      const std::string& id, const Wire& wire) {
  const auto has = [&](const Document& document) {
    for (const Link& link : linksInto(graphAt(document, place), wire.to))
      if (link == wire.from) return true;
    return false;
  };
  if (!has(before)) throw Error("That wire is not there any more.");
  if (id == wire.from.node || id == wire.to.node) throw Error("The node is at an end of this wire already.");
  auto index = GraphIndex::of(graphAt(before, place));
  const GraphIndex::Place& reader = index->at(wire.to.node);
  const Node* scope = index->scopeOf(reader, slotOf(*reader.node, wire.to.slot));
  const Node* home = index->at(id).zone;
  // Where the node lies it must see the wire's begin and be seen at its end.
  const GraphIndex::Place& source = index->at(wire.from.node);
  const bool inside = source.node->zone && index->sees(scope, source.node) && !index->sees(home, source.node);
  Document document = before;
  if (inside || !index->sees(home, source.zone) || !index->sees(scope, home)) {
    document = moveToZone(before, place, catalog, {id}, scope ? scope->id : "");
    if (!has(document))
      throw Error("The node can't be put into this wire: it feeds what the wire comes from.");
  }
  const Node& node = *GraphIndex::of(graphAt(document, place))->at(id).node;
  const Face face = faceOf(document, place, node, catalog);
  const Node& end = *GraphIndex::of(graphAt(document, place))->at(wire.to.node).node;
  const Face endFace = faceOf(document, place, end, catalog);
  const Socket* taken = endFace.input(wire.to.slot);
  const std::string in = bestInput(face, catalog, typeOf(document, place, wire.from, catalog));
  const std::string out = bestOutput(face, catalog,
                                     taken                     ? taken->port.type
                                     : wire.to.slot == "@when" ? "bool"
                                                               : "any");
  const std::string name = nameOf(node, catalog);
  if (in.empty()) throw Error(name + " has no input that takes what this wire carries.");
  if (out.empty()) throw Error(name + " has no output that fits where this wire ends.");
  Document bare;  // the layout says nothing of what may be, and is much to copy
  bare.graph = document.graph;
  bare.groups = document.groups;
  const Document cut = disconnect(bare, place, {wire});
  if (const auto why = refusal(cut, place, catalog, wire.from, {id, in})) throw Error(*why);
  const Document fed = linked(cut, place, catalog, wire.from, {id, in});
  if (const auto why = refusal(fed, place, catalog, {id, out}, wire.to)) throw Error(*why);
  // In the place of the old link, where a port takes many.
  Document done = linked(document, place, catalog, wire.from, {id, in});
  editNode(graphIn(done, place), wire.to.node, [&](Node& changed) {
    changeOwnLinks(changed, [&](const Node&, const SlotRef& slot, const Link& link) -> std::optional<Link> {
      return slot.index == wire.index && link == wire.from && slot.text() == wire.to.slot ? Link{id, out}
                                                                                          : link;
    });
  });
  pruneReroutes(done, place);
  return done;
}

}  // namespace loom::editor
