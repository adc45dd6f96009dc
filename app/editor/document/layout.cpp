#include "app/editor/document/layout.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "app/editor/document/graph_edit.h"
#include "app/editor/document/types.h"

namespace loom::editor {
namespace {

using nlohmann::json;

std::string textIn(const json& entry, const char* name) {
  const auto found = entry.find(name);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Rect> rectFrom(const json& rect) {
  if (!rect.is_array() || rect.size() != 4) return {};
  const auto at = pointFrom(json::array({rect[0], rect[1]}));
  const auto size = pointFrom(json::array({rect[2], rect[3]}));
  if (!at || !size || size->x < 0 || size->y < 0) return {};
  return Rect{at->x, at->y, size->x, size->y};
}

json toJson(const Rect& rect) {
  json all = editor::toJson(Point{rect.x, rect.y});
  for (const json& size : editor::toJson(Point{rect.width, rect.height})) all.push_back(size);
  return all;
}

NodeLayout nodeFrom(const json& entry) {
  NodeLayout node;
  if (entry.contains("at")) node.at = pointFrom(entry["at"]);
  if (entry.contains("size")) node.size = pointFrom(entry["size"]);
  const auto collapsed = entry.find("collapsed");
  node.collapsed = collapsed != entry.end() && collapsed->is_boolean() && collapsed->get<bool>();
  node.colour = textIn(entry, "colour");
  if (const auto rolled = entry.find("rolled"); rolled != entry.end() && rolled->is_array())
    for (const json& each : *rolled)
      if (each.is_string()) node.rolled.insert(each.get<std::string>());
  return node;
}

template <class Each>
void forEachEntry(const Document& document, const std::string& place, const char* part, Each each) {
  if (const json* entries = findLayoutPart(document, place, part))
    for (const auto& [id, entry] : entries->items())
      if (entry.is_object()) each(id, entry);
}

const json& rootOf(const Document& document, const std::string& place) {
  static const json none = json::object();
  const json& all = *document.layout;
  if (place.empty()) return all.is_object() ? all : none;
  const auto groups = all.find("groups");
  if (groups == all.end() || !groups->is_object()) return none;
  const auto group = groups->find(place);
  return group != groups->end() && group->is_object() ? *group : none;
}

void put(json& entry, const char* name, const json& value, bool said) {
  if (said)
    entry[name] = value;
  else
    entry.erase(name);
}

// What is as it was is not written again, and what this program can't read stays.
template <class Items, class Write>
void writePart(Document& document, const std::string& place, const char* part, const Items& before,
               const Items& items, const Write& write) {
  if (before == items) return;
  json& entries = layoutPart(document, place, part);
  for (const auto& [id, item] : before)
    if (!items.contains(id)) entries.erase(id);
  for (const auto& [id, item] : items) {
    if (const auto old = before.find(id); old != before.end() && old->second == item) continue;
    json& entry = entries[id];
    write(entry, item);
    if (entry.is_null() || (entry.is_object() && entry.empty())) entries.erase(id);
  }
  if (!entries.empty()) return;
  json& root = place.empty() ? document.layout.own() : document.layout.own()["groups"][place];
  root.erase(part);
}

json& objectIn(json& entry) {
  if (!entry.is_object()) entry = json::object();
  return entry;
}

Layout readLayout(const Document& document, const std::string& place) {
  Layout layout;
  if (const json* nodes = findLayoutPart(document, place, "nodes")) layout.nodes.reserve(nodes->size());
  forEachEntry(document, place, "nodes",
               [&](const std::string& id, const json& entry) { layout.nodes[id] = nodeFrom(entry); });
  forEachEntry(document, place, "frames", [&](const std::string& id, const json& entry) {
    if (const auto rect = entry.contains("rect") ? rectFrom(entry["rect"]) : std::nullopt)
      layout.frames[id] = {*rect, textIn(entry, "title"), textIn(entry, "colour")};
  });
  forEachEntry(document, place, "notes", [&](const std::string& id, const json& entry) {
    if (const auto rect = entry.contains("rect") ? rectFrom(entry["rect"]) : std::nullopt)
      layout.notes[id] = {*rect, textIn(entry, "text"), textIn(entry, "colour")};
  });
  forEachEntry(document, place, "bookmarks", [&](const std::string& id, const json& entry) {
    const auto centre = entry.contains("centre") ? pointFrom(entry["centre"]) : std::nullopt;
    if (!centre) return;
    Bookmark bookmark{*centre, 1, textIn(entry, "title")};
    if (entry.contains("zoom") && entry["zoom"].is_number()) {
      const float zoom = entry["zoom"].get<float>();
      if (zoom > 0.01f && zoom < 100) bookmark.zoom = zoom;
    }
    layout.bookmarks[id] = bookmark;
  });
  if (const json* reroutes = findLayoutPart(document, place, "reroutes"))
    for (const auto& [wire, corners] : reroutes->items()) {
      if (!corners.is_array()) continue;
      std::vector<Point> points;
      for (const json& corner : corners)
        if (const auto point = pointFrom(corner)) points.push_back(*point);
      if (!points.empty()) layout.reroutes[wire] = std::move(points);
    }
  const json& root = rootOf(document, place);
  if (const auto watched = root.find("watched"); watched != root.end() && watched->is_array())
    for (const json& port : *watched)
      if (port.is_string()) layout.watched.push_back(port.get<std::string>());
  return layout;
}

}  // namespace

std::shared_ptr<const Layout> layoutOf(const Document& document, const std::string& place) {
  struct Read {
    SharedJson from;
    std::string place;
    std::shared_ptr<const Layout> layout;
  };
  static thread_local std::deque<Read> kept;
  const auto found = std::find_if(kept.begin(), kept.end(), [&](const Read& each) {
    return each.from.sharedWith(document.layout) && each.place == place;
  });
  if (found != kept.end()) {
    std::rotate(kept.begin(), found, found + 1);
  } else {
    kept.push_front({document.layout, place, std::make_shared<const Layout>(readLayout(document, place))});
    if (kept.size() > 4) kept.pop_back();
  }
  return kept.front().layout;
}

Document withLayout(const Document& before, const std::string& place, const Layout& layout) {
  Document document = before;
  const auto kept = layoutOf(before, place);
  const Layout& old = *kept;
  writePart(document, place, "nodes", old.nodes, layout.nodes, [](json& entry, const NodeLayout& node) {
    objectIn(entry);
    put(entry, "at", editor::toJson(node.at.value_or(Point{})), node.at.has_value());
    put(entry, "size", editor::toJson(node.size.value_or(Point{})), node.size.has_value());
    put(entry, "collapsed", true, node.collapsed);
    put(entry, "colour", node.colour, !node.colour.empty());
    put(entry, "rolled", node.rolled, !node.rolled.empty());
  });
  writePart(document, place, "frames", old.frames, layout.frames, [](json& entry, const FrameLayout& frame) {
    objectIn(entry)["rect"] = toJson(frame.rect);
    put(entry, "title", frame.title, !frame.title.empty());
    put(entry, "colour", frame.colour, !frame.colour.empty());
  });
  writePart(document, place, "notes", old.notes, layout.notes, [](json& entry, const NoteLayout& note) {
    objectIn(entry)["rect"] = toJson(note.rect);
    put(entry, "text", note.text, !note.text.empty());
    put(entry, "colour", note.colour, !note.colour.empty());
  });
  writePart(document, place, "bookmarks", old.bookmarks, layout.bookmarks,
            [](json& entry, const Bookmark& bookmark) {
              objectIn(entry)["centre"] = editor::toJson(bookmark.centre);
              entry["zoom"] = std::round(static_cast<double>(bookmark.zoom) * 1000) / 1000;
              put(entry, "title", bookmark.title, !bookmark.title.empty());
            });
  writePart(document, place, "reroutes", old.reroutes, layout.reroutes,
            [](json& entry, const std::vector<Point>& corners) {
              entry = json::array();
              for (const Point& corner : corners) entry.push_back(editor::toJson(corner));
              if (corners.empty()) entry = nullptr;
            });
  if (old.watched == layout.watched) return document;
  if (!place.empty()) layoutPart(document, "", "groups");
  json& root = place.empty() ? document.layout.own() : objectIn(document.layout.own()["groups"][place]);
  put(objectIn(root), "watched", layout.watched, !layout.watched.empty());
  return document;
}

std::vector<std::string> watchedPorts(const Document& document, const Catalog& catalog) {
  const json& root = rootOf(document, "");
  std::vector<std::string> ports;
  if (const auto watched = root.find("watched"); watched != root.end() && watched->is_array())
    for (const json& port : *watched)
      if (port.is_string()) ports.push_back(port.get<std::string>());
  if (!ports.empty()) return ports;
  const StillGraph still(document.graph);
  Types types(document, catalog);
  const auto picture = [&](const std::string& place, const Link& link) {
    const ValueType* type = catalog.type(types.of(place, link));
    return type && type->picture;
  };
  int budget = 100'000;  // groups of a stranger's file may hold each other very often
  // The x0 of what lies in the zone, in groups too, but not in inner zones: they have steps of their own.
  const std::function<void(const std::string&, const std::vector<NodePtr>&, const std::string&, int)> look =
      [&](const std::string& place, const std::vector<NodePtr>& nodes, const std::string& prefix, int depth) {
        for (const NodePtr& node : nodes) {
          if (node->zone || depth > kMostNesting || --budget < 0) continue;
          if (node->type.starts_with(kGroupPrefix)) {
            const std::string name = node->type.substr(kGroupPrefix.size());
            const auto group = document.groups.find(name);
            if (group != document.groups.end())
              look(name, group->second.nodes, prefix + node->id + "/", depth + 1);
          } else if (const NodeType* type = catalog.node(node->type);
                     type && type->output("x0") && picture(place, {node->id, "x0"})) {
            ports.push_back(prefix + node->id + ".x0");
          }
        }
      };
  // Outermost zones, in groups too; those where nothing looks like a picture train something: their losses
  // and the samples that they draw meanwhile.
  const auto states = [&](const std::string& place, const Node& node, const std::string& prefix) {
    for (const Zone::State& state : node.zone->state)
      if (picture(place, {node.id, state.name})) ports.push_back(prefix + node.id + "." + state.name);
  };
  const auto numbers = [&](const std::string& place, const std::vector<NodePtr>& nodes,
                           const std::string& prefix) {
    for (const NodePtr& node : nodes) {
      const NodeType* type = catalog.node(node->type);
      if (type && type->output("loss"))
        ports.push_back(prefix + node->id + (type->output("value") ? ".value" : ".loss"));
      if (node->zone) states(place, *node, prefix);
    }
  };
  const std::function<void(const std::string&, const Graph&, const std::string&, int)> zones =
      [&](const std::string& place, const Graph& graph, const std::string& prefix, int depth) {
        for (const NodePtr& node : graph.nodes) {
          if (depth > kMostNesting || --budget < 0) return;
          if (node->zone) {
            const size_t before = ports.size();
            states(place, *node, prefix);
            look(place, node->zone->nodes, prefix, depth);
            if (ports.size() == before) numbers(place, node->zone->nodes, prefix);
          } else if (node->type.starts_with(kGroupPrefix)) {
            const std::string name = node->type.substr(kGroupPrefix.size());
            const auto group = document.groups.find(name);
            if (group != document.groups.end())
              zones(name, group->second, prefix + node->id + "/", depth + 1);
          }
        }
      };
  zones("", document.graph, "", 0);
  return ports;
}

Document withWatched(const Document& document, const Catalog& catalog, const std::vector<std::string>& ports,
                     bool on) {
  Layout layout = *layoutOf(document, "");
  layout.watched = watchedPorts(document, catalog);
  for (const std::string& port : ports) {
    const auto found = std::find(layout.watched.begin(), layout.watched.end(), port);
    if (!on && found != layout.watched.end()) layout.watched.erase(found);
    if (on && found == layout.watched.end()) layout.watched.push_back(port);
  }
  return withLayout(document, "", layout);
}

}  // namespace loom::editor
