// The clipboard is the graph file format as text.
#include <algorithm>

#include "app/editor/document/graph_edit.h"
#include "app/editor/document/types.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {

std::string copyText(const Document& document, const std::string& place, const Ids& ids) {
  const Graph& graph = graphAt(document, place);
  Document text;
  Graph rest = graph;
  text.graph.nodes = takeOut(rest, outermost(graph, ids));
  for (const std::string& group : groupsUsed(document, text.graph.nodes))
    text.groups[group] = document.groups.at(group);
  std::map<std::string, std::string> same;
  for (const std::string& id : withInner(graph, ids)) same[id] = id;
  for (const std::string& id : ids) same[id] = id;  // frames and notes
  copyLayout(document, place, text, "", same, {});
  for (const auto& [group, unused] : text.groups)
    if (const nlohmann::json* layouts = findLayoutPart(document, "", "groups");
        layouts && layouts->contains(group))
      layoutPart(text, "", "groups")[group] = (*layouts)[group];
  return writeGraph(text);
}

namespace {

// A graph file, or lines out of one: `"id": {...}, ...`, with braces around or without.
Document parseText(const std::string& text) {
  if (text.size() > kMostGraphBytes) throw Error("The text is larger than 64 MiB.");
  std::string problem;
  try {
    return parseGraph(text);
  } catch (const Error& error) {
    problem = error.full();
  }
  const size_t first = text.find_first_not_of(" \t\r\n");
  const size_t last = text.find_last_not_of(" \t\r\n,");
  if (first == std::string::npos || last == std::string::npos || text.find("\"type\"") == std::string::npos)
    throw Error("The text is no Noiseloom graph.");
  if (text.find("\"noiseloom\"") != std::string::npos)
    throw Error("The text can't be read as a graph: " + problem);
  std::string nodes = text.substr(first, last - first + 1);
  if (nodes[0] != '{') nodes = "{" + nodes + "}";
  try {
    return parseGraph("{\"noiseloom\": 1, \"nodes\": " + nodes + "}");
  } catch (const Error& error) {
    throw Error("The text can't be read as nodes of a graph: " + error.full());
  }
}

std::string textOf(const Graph& graph) {
  Document document;
  document.graph = graph;
  return meaningOf(document);
}

// Under which names the groups of the text come into the document: one that is there already, and is the same
// through all that it uses, is shared.
class GroupNames {
 public:
  GroupNames(const Document& document, const Document& text) : document_(document), text_(text) {}

  std::string nameFor(const std::string& group) {
    if (const auto known = names_.find(group); known != names_.end()) return known->second;
    std::string& name = names_[group];  // empty while it is looked at
    const bool free = !document_.groups.contains(group) && taken_.insert(group).second;
    const std::string chosen =
        free || isSame(group) ? group : freshName(group, [&](const std::string& other) {
          return document_.groups.contains(other) || text_.groups.contains(other) || taken_.contains(other);
        });
    taken_.insert(chosen);
    return name = chosen;
  }

 private:
  bool isSame(const std::string& group) {
    const auto mine = text_.groups.find(group), theirs = document_.groups.find(group);
    if (mine == text_.groups.end() || theirs == document_.groups.end()) return false;
    if (textOf(mine->second) != textOf(theirs->second)) return false;
    const std::set<std::string> used = groupsUsed(text_, mine->second.nodes);
    return std::all_of(used.begin(), used.end(), [&](const std::string& inner) {
      const auto a = text_.groups.find(inner), b = document_.groups.find(inner);
      return b != document_.groups.end() && textOf(a->second) == textOf(b->second);
    });
  }

  const Document& document_;
  const Document& text_;
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
};

void useGroups(std::vector<NodePtr>& nodes, const std::map<std::string, std::string>& names) {
  changeNodes(
      nodes,
      [&](const Node& node) {
        return node.type.starts_with(kGroupPrefix) && names.contains(node.type.substr(kGroupPrefix.size()));
      },
      [&](Node& node) {
        node.type = std::string(kGroupPrefix) + names.at(node.type.substr(kGroupPrefix.size()));
      });
}

void addGroups(Document& document, Document& text) {
  GroupNames found(document, text);
  std::map<std::string, std::string> names;
  for (const std::string& group : groupsUsed(text, text.graph.nodes)) names[group] = found.nameFor(group);
  useGroups(text.graph.nodes, names);
  for (const auto& [group, name] : names) {
    if (document.groups.contains(name)) continue;  // the same
    Graph copy = text.groups.at(group);
    useGroups(copy.nodes, names);
    document.groups[name] = std::move(copy);
    const nlohmann::json* layouts = findLayoutPart(std::as_const(text), "", "groups");
    if (layouts && layouts->contains(group)) layoutPart(document, "", "groups")[name] = (*layouts)[group];
  }
}

int levelsOf(const std::vector<NodePtr>& nodes) {
  int levels = 0;
  for (const NodePtr& node : nodes)
    if (node->zone) levels = std::max(levels, 1 + levelsOf(node->zone->nodes));
  return levels;
}

// The middle of what lies in the text, whose nodes are all placed.
Point middleOf(const Layout& layout) {
  std::optional<Rect> box;
  const auto cover = [&](float x, float y, float width, float height) {
    const Rect old = box.value_or(Rect{x, y, width, height});
    const float left = std::min(old.x, x), top = std::min(old.y, y);
    box = Rect{left, top, std::max(old.x + old.width, x + width) - left,
               std::max(old.y + old.height, y + height) - top};
  };
  for (const auto& [id, node] : layout.nodes)
    if (node.at) cover(node.at->x, node.at->y, 170, 100);
  for (const auto& [id, frame] : layout.frames)
    cover(frame.rect.x, frame.rect.y, frame.rect.width, frame.rect.height);
  for (const auto& [id, note] : layout.notes)
    cover(note.rect.x, note.rect.y, note.rect.width, note.rect.height);
  return box ? Point{box->x + box->width / 2, box->y + box->height / 2} : Point{};
}

}  // namespace

Edited paste(const Document& before, const std::string& place, const Catalog& catalog,
             const std::string& clip, Point at, const std::string& zone) {
  Document text = parseText(clip);
  Document document = before;
  const auto index = GraphIndex::of(graphAt(before, place));
  const Node* scope = zone.empty() ? nullptr : index->at(zone).node;
  if (scope && !scope->zone) throw Error(zone + " is no zone.");
  const int depth = scope ? index->at(zone).depth + 1 : 0;
  if (depth + levelsOf(text.graph.nodes) > kMostNesting)
    throw Error("Zones can be nested " + std::to_string(kMostNesting) + " deep, no deeper.");
  if (index->size() + GraphIndex::of(text.graph)->size() > kMostNodes)
    throw Error("A graph holds at most " + std::to_string(kMostNodes) + " nodes.");
  text = withLayout(text, "", tidy(text, "", catalog, {}));
  addGroups(document, text);
  for (const std::string& group : groupsUsed(document, text.graph.nodes))
    requireNoSelfUse(document, place, group);

  FreshIds fresh(before, place);
  std::map<std::string, std::string> names;
  Ids all, made;
  for (const NodePtr& node : text.graph.nodes) all.insert(node->id);
  for (const std::string& id : withInner(text.graph, all)) names[id] = fresh.take(id) ? id : fresh.make(id);
  for (const std::string& id : all) made.insert(names[id]);
  for (const char* part : {"frames", "notes"})
    if (const nlohmann::json* entries = findLayoutPart(std::as_const(text), "", part))
      for (const auto& [id, entry] : entries->items())
        if (!names.contains(id)) made.insert(names[id] = fresh.take(id) ? id : fresh.make(id));

  const StillGraph still(graphAt(before, place)), stillText(text.graph);
  // Links to what is not in the text: kept where there is such a port here that fits, and can be seen.
  Types types(before, catalog);
  const auto keeps = [&](const Node& reader, const SlotRef& slot, const Link& link) {
    const GraphIndex::Place* source = index->find(link.node);
    if (!source || !index->visible(link, scope)) return false;
    if (!source->node->zone) {
      const Face from = faceOf(before, place, *source->node, catalog);
      if (from.known && !from.output(link.port, false)) return false;
    }
    const Face face = faceOf(text, "", reader, catalog);
    const Socket* socket = face.input(slot.text());
    return !socket || catalog.fits(types.of(place, link), socket->port.type);
  };
  std::vector<NodePtr> nodes = text.graph.nodes;
  changeLinks(nodes, [&](const Node& reader, const SlotRef& slot, const Link& link) -> std::optional<Link> {
    if (all.contains(link.node) || names.contains(link.node)) return link;
    if (keeps(reader, slot, link)) return link;
    return std::nullopt;
  });
  nodes = withIds(std::move(nodes), names);
  editBody(graphIn(document, place), zone,
           [&](std::vector<NodePtr>& body) { body.insert(body.end(), nodes.begin(), nodes.end()); });
  // In a zone they may read what waits for the zone.
  Ids pasted;
  for (const auto& [id, name] : names) pasted.insert(name);
  cutBadLinks(document, place, pasted);
  const Point middle = middleOf(*layoutOf(text, ""));
  copyLayout(text, "", document, place, names, {at.x - middle.x, at.y - middle.y});
  return {std::move(document), std::move(made)};
}

}  // namespace loom::editor
