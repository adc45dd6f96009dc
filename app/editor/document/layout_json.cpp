#include <cmath>

#include "app/editor/document/graph_edit.h"

namespace loom::editor {

using nlohmann::json;

namespace {

// Of the graph at this place: the document's own lies at the top, a group's below "groups".
json& layoutRoot(Document& document, const std::string& place) {
  json& all = document.layout.own();
  if (!all.is_object()) all = json::object();
  if (place.empty()) return all;
  json& groups = all["groups"];
  if (!groups.is_object()) groups = json::object();
  json& group = groups[place];
  if (!group.is_object()) group = json::object();
  return group;
}

const json* member(const json* from, const std::string& name) {
  if (!from || !from->is_object()) return nullptr;
  const auto found = from->find(name);
  return found != from->end() && found->is_object() ? &*found : nullptr;
}

}  // namespace

const json* findLayoutPart(const Document& document, const std::string& place, const char* part) {
  const json* root = &*document.layout;
  if (!place.empty()) root = member(member(root, "groups"), place);
  return member(root, part);
}

json* findLayoutPart(Document& document, const std::string& place, const char* part) {
  if (!findLayoutPart(std::as_const(document), place, part)) return nullptr;
  document.layout.own();
  return const_cast<json*>(findLayoutPart(std::as_const(document), place, part));
}

json& layoutPart(Document& document, const std::string& place, const char* part) {
  json& found = layoutRoot(document, place)[part];
  if (!found.is_object()) found = json::object();
  return found;
}

// Whole units: a file is read and compared by people too.
json toJson(Point point) {
  const auto whole = [](float value) {
    return std::isfinite(value) ? static_cast<int64_t>(std::llround(std::clamp(value, -1e9f, 1e9f))) : 0;
  };
  return json::array({whole(point.x), whole(point.y)});
}

std::optional<Point> pointFrom(const json& point) {
  if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_number()) return {};
  const Point result{point[0].get<float>(), point[1].get<float>()};
  const auto sane = [](float value) { return std::isfinite(value) && std::abs(value) <= 1e9f; };
  if (!sane(result.x) || !sane(result.y)) return {};
  return result;
}

void setAt(Document& document, const std::string& place, const std::string& id, Point at) {
  json& entry = layoutPart(document, place, "nodes")[id];
  if (!entry.is_object()) entry = json::object();
  entry["at"] = toJson(at);
}

std::string RerouteKey::text() const { return from.text() + ">" + to.node + "." + to.slot; }

std::optional<RerouteKey> parseReroute(const std::string& key) {
  const size_t arrow = key.find('>');
  if (arrow == std::string::npos) return {};
  const std::optional<Link> from = parseLink(key.substr(0, arrow));
  const size_t dot = key.find('.', arrow);
  if (!from || dot == std::string::npos) return {};
  return RerouteKey{*from, {key.substr(arrow + 1, dot - arrow - 1), key.substr(dot + 1)}};
}

namespace {

// "group/node.port": the part that belongs to the graph at `place` is changed. "" takes the entry out.
std::string changedWatch(const Document& document, const std::string& place, const std::string& watch,
                         const std::function<Link(const Link&)>& change) {
  const Graph* graph = &document.graph;
  std::string at, prefix, rest = watch;
  for (;;) {
    const size_t slash = rest.find('/');
    const size_t end = slash == std::string::npos ? rest.find_first_of(".:") : slash;
    if (end == std::string::npos) return watch;
    const std::string id = rest.substr(0, end);
    if (at == place) {
      const bool port = slash == std::string::npos && rest[end] == '.';
      const Link changed = change({id, port ? rest.substr(end + 1) : std::string()});
      if (changed.empty()) return "";
      return prefix + changed.node + (port ? "." + changed.port : rest.substr(end));
    }
    if (slash == std::string::npos) return watch;
    const GraphIndex::Place* node = GraphIndex::of(*graph)->find(id);
    if (!node || !node->node->type.starts_with(kGroupPrefix)) return watch;
    at = node->node->type.substr(kGroupPrefix.size());
    const auto group = document.groups.find(at);
    if (group == document.groups.end()) return watch;
    graph = &group->second;
    prefix += id + "/";
    rest = rest.substr(slash + 1);
  }
}

void changeWatched(Document& document, const std::string& place,
                   const std::function<Link(const Link&)>& change) {
  if (!document.layout->is_object()) return;
  const auto watched = document.layout->find("watched");
  if (watched == document.layout->end() || !watched->is_array()) return;
  json kept = json::array();
  for (const json& entry : *watched) {
    if (!entry.is_string()) {
      kept.push_back(entry);
      continue;
    }
    const std::string after = changedWatch(document, place, entry.get<std::string>(), change);
    if (!after.empty()) kept.push_back(after);
  }
  if (kept != *watched) document.layout.own()["watched"] = std::move(kept);
}

void changeReroutes(Document& document, const std::string& place,
                    const std::function<std::optional<RerouteKey>(RerouteKey)>& change) {
  const json* reroutes = findLayoutPart(std::as_const(document), place, "reroutes");
  if (!reroutes || reroutes->empty()) return;
  json kept = json::object();
  for (const auto& [key, corners] : reroutes->items()) {
    const std::optional<RerouteKey> wire = parseReroute(key);
    const std::optional<RerouteKey> after = wire ? change(*wire) : std::nullopt;
    if (!wire)
      kept[key] = corners;
    else if (after)
      kept[after->text()] = corners;
  }
  if (kept != *reroutes) *findLayoutPart(document, place, "reroutes") = std::move(kept);
}

}  // namespace

// Before the graph itself is changed: watched ports are looked up in it.
void renameInLayout(Document& document, const std::string& place,
                    const std::function<std::string(const std::string&)>& idFor) {
  changeWatched(document, place, [&](const Link& port) { return Link{idFor(port.node), port.port}; });
  for (const char* part : {"nodes", "frames", "notes"}) {
    const json* before = findLayoutPart(std::as_const(document), place, part);
    if (!before) continue;
    std::vector<std::pair<std::string, std::string>> changed;
    for (const auto& [id, entry] : before->items())
      if (std::string after = idFor(id); after != id) changed.emplace_back(id, std::move(after));
    if (changed.empty()) continue;
    json* entries = findLayoutPart(document, place, part);
    std::vector<std::pair<std::string, json>> moved;
    for (const auto& [id, after] : changed) {
      if (!after.empty()) moved.emplace_back(after, std::move((*entries)[id]));
      entries->erase(id);
    }
    for (auto& [id, entry] : moved) (*entries)[id] = std::move(entry);
  }
  changeReroutes(document, place, [&](RerouteKey key) -> std::optional<RerouteKey> {
    key.from.node = idFor(key.from.node);
    key.to.node = idFor(key.to.node);
    if (key.from.node.empty() || key.to.node.empty()) return {};
    return key;
  });
}

void renamePortInLayout(Document& document, const std::string& place, const std::string& node,
                        const std::string& port, const std::string& to) {
  changeWatched(document, place, [&](const Link& watched) {
    if (watched.node != node || watched.port != port) return watched;
    return to.empty() ? Link{} : Link{node, to};
  });
  changeReroutes(document, place, [&](RerouteKey key) -> std::optional<RerouteKey> {
    if (key.from.node == node && key.from.port == port) {
      if (to.empty()) return {};
      key.from.port = to;
    }
    const size_t dot = key.to.slot.find('.');
    if (key.to.node == node && dot != std::string::npos && key.to.slot.substr(dot + 1) == port) {
      if (to.empty()) return {};
      key.to.slot = key.to.slot.substr(0, dot + 1) + to;
    }
    return key;
  });
}

void pruneReroutes(Document& document, const std::string& place) {
  const Graph& graph = graphAt(document, place);
  changeReroutes(document, place, [&](RerouteKey key) -> std::optional<RerouteKey> {
    try {
      for (const Link& link : linksInto(graph, key.to))
        if (link == key.from) return key;
    } catch (const std::exception&) {  // no such socket: not of a wire
    }
    return {};
  });
}

}  // namespace loom::editor
