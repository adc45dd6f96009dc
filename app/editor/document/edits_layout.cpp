// Where things lie.
#include <algorithm>

#include "app/editor/document/graph_edit.h"

namespace loom::editor {
namespace {

using nlohmann::json;

void moveEntry(json& entry, const char* name, Point by) {
  if (!entry.is_object() || !entry.contains(name) || !entry[name].is_array() || entry[name].size() < 2)
    return;
  json& at = entry[name];
  const auto corner = pointFrom({at[0], at[1]});
  if (!corner) return;
  const json moved = toJson(Point{corner->x + by.x, corner->y + by.y});
  at[0] = moved[0];
  at[1] = moved[1];
}

using Moves = std::map<std::string, Point>;  // nodes, frames and notes: by how much

void moveAll(Document& document, const std::string& place, const char* part, const char* name,
             const Moves& moves) {
  if (json* entries = findLayoutPart(document, place, part))
    for (const auto& [id, by] : moves)
      if (const auto entry = entries->find(id); entry != entries->end()) moveEntry(*entry, name, by);
}

// Of wires whose two ends move alike.
void moveCorners(Document& document, const std::string& place, const Moves& moves) {
  json* reroutes = findLayoutPart(document, place, "reroutes");
  if (!reroutes) return;
  for (auto& [key, corners] : reroutes->items()) {
    const auto wire = parseReroute(key);
    if (!wire || !corners.is_array()) continue;
    const auto from = moves.find(wire->from.node), to = moves.find(wire->to.node);
    if (from == moves.end() || to == moves.end() || !(from->second == to->second)) continue;
    const Point by = from->second;
    for (json& corner : corners)
      if (const auto at = pointFrom(corner)) corner = toJson(Point{at->x + by.x, at->y + by.y});
  }
}

// Zones take along what is in them.
void addInner(const std::vector<NodePtr>& nodes, const Point* around, Moves& moves) {
  for (const NodePtr& node : nodes) {
    const auto own = moves.find(node->id);
    if (around && own == moves.end()) moves.emplace(node->id, *around);
    const Point by = own != moves.end() ? own->second : around ? *around : Point{};
    if (node->zone) addInner(node->zone->nodes, own != moves.end() || around ? &by : nullptr, moves);
  }
}

Document moved(const Document& before, const std::string& place, Moves moves) {
  Document document = before;
  addInner(graphAt(before, place).nodes, nullptr, moves);
  moveAll(document, place, "nodes", "at", moves);
  for (const char* part : {"frames", "notes"}) moveAll(document, place, part, "rect", moves);
  moveCorners(document, place, moves);
  return document;
}

}  // namespace

Document moveBy(const Document& before, const std::string& place, const Ids& ids, Point by) {
  Moves moves;
  for (const std::string& id : ids) moves.emplace(id, by);
  return moved(before, place, std::move(moves));
}

namespace {

struct Box {
  std::string id;
  Rect rect;
};

std::vector<Box> boxesOf(const Document& document, const std::string& place, const Ids& ids,
                         const std::map<std::string, Point>& sizes) {
  const auto layout = layoutOf(document, place);
  const Ids outer = outermost(graphAt(document, place), ids);
  std::vector<Box> boxes;
  for (const std::string& id : ids) {
    if (const auto frame = layout->frames.find(id); frame != layout->frames.end()) {
      boxes.push_back({id, frame->second.rect});
    } else if (const auto note = layout->notes.find(id); note != layout->notes.end()) {
      boxes.push_back({id, note->second.rect});
    } else if (const auto node = layout->nodes.find(id);
               node != layout->nodes.end() && node->second.at && outer.contains(id)) {
      const auto known = sizes.find(id);
      const Point size = known != sizes.end() ? known->second : node->second.size.value_or(Point{170, 100});
      boxes.push_back({id, {node->second.at->x, node->second.at->y, size.x, size.y}});
    }
  }
  return boxes;
}

// Equal gaps between the first and the last of them.
template <class Begin, class Extent>
std::map<std::string, float> spread(std::vector<Box> boxes, Begin begin, Extent extent) {
  std::map<std::string, float> to;
  std::stable_sort(boxes.begin(), boxes.end(),
                   [&](const Box& a, const Box& b) { return begin(a.rect) < begin(b.rect); });
  float filled = 0, end = begin(boxes.front().rect);
  for (const Box& box : boxes) {
    filled += extent(box.rect);
    end = std::max(end, begin(box.rect) + extent(box.rect));
  }
  const float room = end - begin(boxes.front().rect) - filled;
  const float gap = std::max(room / static_cast<float>(boxes.size() - 1), 8.f);
  float at = begin(boxes.front().rect);
  for (const Box& box : boxes) {
    to[box.id] = at;
    at += extent(box.rect) + gap;
  }
  return to;
}

}  // namespace

Document align(const Document& before, const std::string& place, const Ids& ids, Align how,
               const std::map<std::string, Point>& sizes) {
  const std::vector<Box> boxes = boxesOf(before, place, ids, sizes);
  if (boxes.size() < 2) return before;
  Rect all = boxes[0].rect;
  float right = all.x + all.width, bottom = all.y + all.height;
  for (const Box& box : boxes) {
    all.x = std::min(all.x, box.rect.x);
    all.y = std::min(all.y, box.rect.y);
    right = std::max(right, box.rect.x + box.rect.width);
    bottom = std::max(bottom, box.rect.y + box.rect.height);
  }
  std::map<std::string, float> to;
  const auto x = [](const Rect& rect) { return rect.x; };
  const auto y = [](const Rect& rect) { return rect.y; };
  if (how == Align::spreadAcross) to = spread(boxes, x, [](const Rect& rect) { return rect.width; });
  if (how == Align::spreadDown) to = spread(boxes, y, [](const Rect& rect) { return rect.height; });
  Moves moves;
  for (const Box& box : boxes) {
    Point at{box.rect.x, box.rect.y};
    switch (how) {
      case Align::left:
        at.x = all.x;
        break;
      case Align::centre:
        at.x = (all.x + right - box.rect.width) / 2;
        break;
      case Align::right:
        at.x = right - box.rect.width;
        break;
      case Align::top:
        at.y = all.y;
        break;
      case Align::middle:
        at.y = (all.y + bottom - box.rect.height) / 2;
        break;
      case Align::bottom:
        at.y = bottom - box.rect.height;
        break;
      case Align::spreadAcross:
        at.x = to[box.id];
        break;
      case Align::spreadDown:
        at.y = to[box.id];
        break;
    }
    const Point by{at.x - box.rect.x, at.y - box.rect.y};
    if (by.x != 0 || by.y != 0) moves.emplace(box.id, by);
  }
  return moved(before, place, std::move(moves));
}

}  // namespace loom::editor
