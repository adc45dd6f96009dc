// Which boxes and wires there are in each body, and where they go.
#include "app/editor/document/layers.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "app/editor/document/graph_edit.h"

namespace loom::editor {
namespace {

// As the canvas draws them.
constexpr float kWidth = 170, kHeader = 28, kRow = 22, kFirstRow = kHeader + 6, kFoot = 8, kPicture = 81;
constexpr float kZoneTop = 32 + 26, kZoneSide = 92 + 26, kZoneBottom = 26, kZoneRow = 32 + 8;
constexpr float kLeastZone = 2 * 92 + 120;

float rowAt(float first, size_t row) { return first + kRow * static_cast<float>(row) + kRow / 2; }

struct Size {
  float width = 0, height = 0;
};

class Tidier {
 public:
  Tidier(const Document& document, const std::string& place, const Catalog& catalog,
         const TidyOptions& options)
      : document_(document),
        place_(place),
        catalog_(catalog),
        options_(options),
        graph_(graphAt(document, place)),
        index_(GraphIndex::of(graph_)),
        layout_(*layoutOf(document, place)) {}

  Layout run() {
    if (!options_.all && !anyMissing(graph_.nodes)) return std::move(layout_);
    for (const NodePtr& node : graph_.nodes)
      forEachLinkWithin(*node, [&](const Node& reader, const SlotRef& slot, const Link& link) {
        addWire(reader, slot, link);
      });
    if (!options_.all) {
      layOut(pointers(graph_.nodes), nullptr);
      fillIn(graph_.nodes, nullptr, {});
      return std::move(layout_);
    }
    const Layout before = layout_;
    Ids moved;
    if (options_.only.empty()) {
      layOut(pointers(graph_.nodes), nullptr);
      putAll(graph_.nodes, {}, moved);
      followFrames(before);
    } else {
      tidySome(moved);
    }
    std::erase_if(layout_.reroutes, [&](const auto& reroute) {
      const auto wire = parseReroute(reroute.first);
      return wire && (moved.contains(wire->from.node) || moved.contains(wire->to.node));
    });
    return std::move(layout_);
  }

 private:
  struct BodyWire {
    const Node* from;
    std::string port;
    const Node* reader;  // at any depth below
    SlotRef slot;
  };

  static std::vector<const Node*> pointers(const std::vector<NodePtr>& nodes) {
    std::vector<const Node*> all;
    for (const NodePtr& node : nodes) all.push_back(node.get());
    return all;
  }

  void addWire(const Node& reader, const SlotRef& slot, const Link& link) {
    const GraphIndex::Place* from = index_->find(link.node);
    if (!from) return;
    const Node* scope = index_->scopeOf(index_->at(reader.id), slot);
    if (from->node->zone && index_->sees(scope, from->node)) {
      walls_[from->node].push_back({from->node, link.port, &reader, slot});
      return;
    }
    if (index_->sees(scope, from->zone)) wires_[from->zone].push_back({from->node, link.port, &reader, slot});
  }

  // --- how large, and where the sockets are ---

  bool isParameter(const PortType& port) const {
    const ValueType* type = catalog_.type(port.type);
    return type && type->scalar && !port.many;
  }

  struct Shape {
    std::vector<std::string> inputs, parameters, outputs;
    bool picture = false;
  };

  const Shape& shapeOf(const Node& node) {
    const auto [at, isNew] = shapes_.try_emplace(&node);
    Shape& shape = at->second;
    if (!isNew) return shape;
    const auto input = [&](const std::string& id, const PortType& port) {
      (isParameter(port) ? shape.parameters : shape.inputs).push_back(id);
    };
    const auto output = [&](const std::string& id, const PortType& port) {
      shape.outputs.push_back(id);
      const ValueType* type = catalog_.type(port.type);
      shape.picture |= type && type->picture;
    };
    if (const NodeType* type = catalog_.node(node.type)) {
      for (const PortType& port : type->inputs) input(port.id, port);
      for (const PortType& port : type->outputs) output(port.id, port);
    } else {
      const Face face = faceOf(document_, place_, node, catalog_);
      for (const Socket& socket : face.inputs)
        if (socket.slot != "@when") input(socket.slot, socket.port);
      for (const Socket& socket : face.outputs) output(socket.slot, socket.port);
    }
    return shape;
  }

  bool collapsed(const Node& node) const {
    const auto found = layout_.nodes.find(node.id);
    return found != layout_.nodes.end() && found->second.collapsed;
  }

  Size sizeOf(const Node& node) {
    const auto known = options_.sizes.find(node.id);
    if (node.zone && !collapsed(node)) {
      const Size body = bodies_.contains(&node) ? bodies_[&node] : Size{};
      const Zone& zone = *node.zone;
      const size_t left = std::max<size_t>(zone.over.size(), 1) + zone.state.size() + 4;
      const size_t right = zone.state.size() + zone.collect.size() + 2;
      const float rows = kZoneRow + kRow * static_cast<float>(std::max(left, right)) + 14;
      const float pictures = kZoneRow + kRow * static_cast<float>(left) + 80 + 18;
      Size size{std::max(kLeastZone, body.width + 2 * kZoneSide),
                std::max(zone.state.empty() ? rows : std::max(rows, pictures),
                         body.height + kZoneTop + kZoneBottom)};
      const auto drawn = layout_.nodes.find(node.id);
      if (!options_.all && drawn != layout_.nodes.end() && drawn->second.size)
        size = {std::max(size.width, drawn->second.size->x), std::max(size.height, drawn->second.size->y)};
      return size;
    }
    if (known != options_.sizes.end()) return {known->second.x, known->second.y};
    if (collapsed(node)) return {kWidth, kHeader};
    const Shape& shape = shapeOf(node);
    const size_t rows = std::max(shape.inputs.size(), shape.outputs.size()) + shape.parameters.size();
    return {kWidth, kFirstRow + kRow * static_cast<float>(rows) + kFoot + (shape.picture ? kPicture : 0)};
  }

  template <class List, class Same>
  static size_t indexIn(const List& list, const Same& same) {
    return static_cast<size_t>(std::find_if(list.begin(), list.end(), same) - list.begin());
  }

  float inputY(const Node& node, const SlotRef& slot) {
    if (slot.kind == SlotRef::Kind::when || collapsed(node)) return kHeader / 2;
    if (node.zone) {
      const Zone& zone = *node.zone;
      const auto named = [&](const auto& port) { return port.name == slot.name; };
      if (slot.kind == SlotRef::Kind::over)
        return rowAt(kZoneRow, indexIn(zone.over, [&](const auto& over) { return over.first == slot.name; }));
      if (slot.kind == SlotRef::Kind::init)
        return rowAt(kZoneRow, std::max<size_t>(zone.over.size(), 1) + indexIn(zone.state, named));
      return rowAt(kZoneRow, 0);
    }
    const Shape& shape = shapeOf(node);
    const auto same = [&](const std::string& id) { return id == slot.name; };
    const size_t input = indexIn(shape.inputs, same);
    if (input < shape.inputs.size()) return rowAt(kFirstRow, input);
    return rowAt(kFirstRow,
                 std::max(shape.inputs.size(), shape.outputs.size()) + indexIn(shape.parameters, same));
  }

  float outputY(const Node& node, const std::string& port) {
    if (collapsed(node)) return kHeader / 2;
    if (node.zone) return rowAt(kZoneRow, rightRow(*node.zone, port));
    const Shape& shape = shapeOf(node);
    return rowAt(kFirstRow, indexIn(shape.outputs, [&](const std::string& id) { return id == port; }));
  }

  static size_t rightRow(const Zone& zone, std::string_view port) {
    const auto named = [&](const auto& one) { return one.name == port; };
    const size_t state = indexIn(zone.state, named);
    if (state < zone.state.size()) return state;
    return zone.state.size() + 1 + indexIn(zone.collect, named);
  }

  // Of a zone's port, for its body.
  static size_t leftRow(const Zone& zone, const std::string& port) {
    const size_t first = std::max<size_t>(zone.over.size(), 1);
    const size_t over = indexIn(zone.over, [&](const auto& one) { return one.first == port; });
    if (over < zone.over.size()) return over;
    const size_t state = indexIn(zone.state, [&](const auto& one) { return one.name == port; });
    if (state < zone.state.size()) return first + state;
    return first + zone.state.size() + 2 + (port == "count" ? 1 : 0);
  }

  // --- one body ---

  // The box of `scope`'s body that a node is in, and the height of one of its sockets there.
  const Node* lifted(const Node* node, float& y, const Node* scope) const {
    while (node) {
      const Node* zone = index_->at(node->id).zone;
      if (zone == scope) return node;
      if (const auto at = relative_.find(node); at != relative_.end()) y += at->second.y;
      y += kZoneTop;
      node = zone;
    }
    return nullptr;
  }

  void layOut(const std::vector<const Node*>& members, const Node* scope) {
    std::unordered_map<const Node*, int> boxOf;
    std::vector<LayerBox> boxes;
    for (const Node* node : members) {
      if (node->zone) {
        layOut(pointers(node->zone->nodes), node);
      }
      boxOf[node] = static_cast<int>(boxes.size());
      const Size size = sizeOf(*node);
      LayerBox box;
      box.width = size.width;
      box.height = size.height;
      boxes.push_back(std::move(box));
    }
    std::vector<LayerWire> wires;
    for (const BodyWire& wire : wires_[scope]) {
      const auto from = boxOf.find(wire.from);
      if (from == boxOf.end()) continue;
      const float fromY = outputY(*wire.from, wire.port);
      if (wire.slot.atEnd() && wire.reader == scope) {
        const size_t row = wire.slot.kind == SlotRef::Kind::until ? scope->zone->state.size()
                                                                  : rightRow(*scope->zone, wire.slot.name);
        boxes[from->second].right.push_back({rowAt(kZoneRow, row) - kZoneTop, fromY});
        continue;
      }
      float toY = wire.slot.atEnd() ? rowAt(kZoneRow, 0) : inputY(*wire.reader, wire.slot);
      const Node* reader = lifted(wire.reader, toY, scope);
      const auto to = boxOf.find(reader);
      if (to != boxOf.end()) wires.push_back({from->second, to->second, fromY, toY});
    }
    if (scope)
      for (const BodyWire& wire : walls_[scope]) {
        if (wire.reader == scope) continue;  // from wall to wall
        float toY = wire.slot.atEnd() ? rowAt(kZoneRow, 0) : inputY(*wire.reader, wire.slot);
        const auto to = boxOf.find(lifted(wire.reader, toY, scope));
        if (to != boxOf.end())
          boxes[to->second].left.push_back(
              {rowAt(kZoneRow, leftRow(*scope->zone, wire.port)) - kZoneTop, toY});
      }
    const Point size = boxes.empty() ? Point{} : layOutInLayers(boxes, wires);
    for (const Node* node : members) relative_[node] = {boxes[boxOf[node]].x, boxes[boxOf[node]].y};
    bodies_[scope] = {size.x, size.y};
  }

  // --- where it all goes ---

  void put(const Node& node, Point at) {
    layout_.nodes[node.id].at = Point{std::round(at.x), std::round(at.y)};
  }

  void putAll(const std::vector<NodePtr>& nodes, Point origin, Ids& moved) {
    for (const NodePtr& node : nodes) {
      const Point at = relative_.at(node.get());
      put(*node, {origin.x + at.x, origin.y + at.y});
      moved.insert(node->id);
      if (!node->zone) continue;
      layout_.nodes[node->id].size.reset();
      putAll(node->zone->nodes, {origin.x + at.x + kZoneSide, origin.y + at.y + kZoneTop}, moved);
    }
  }

  void tidySome(Ids& moved) {
    const Ids outer = outermost(graph_, Ids(options_.only.begin(), options_.only.end()));
    std::map<std::string, std::vector<const Node*>> byZone;  // in an order that is the same every time
    const std::function<void(const std::vector<NodePtr>&, const std::string&)> look =
        [&](const std::vector<NodePtr>& nodes, const std::string& zone) {
          for (const NodePtr& node : nodes) {
            if (outer.contains(node->id)) byZone[zone].push_back(node.get());
            if (node->zone) look(node->zone->nodes, node->id);
          }
        };
    look(graph_.nodes, "");
    for (const auto& [zone, members] : byZone) {
      std::optional<Point> corner;
      for (const Node* node : members)
        if (const auto at = layout_.nodes[node->id].at)
          corner = corner ? Point{std::min(corner->x, at->x), std::min(corner->y, at->y)} : *at;
      layOut(members, zone.empty() ? nullptr : index_->at(zone).node);
      for (const Node* node : members) {
        const Point at = relative_.at(node), from = corner.value_or(Point{});
        put(*node, {from.x + at.x, from.y + at.y});
        moved.insert(node->id);
        if (!node->zone) continue;
        layout_.nodes[node->id].size.reset();
        putAll(node->zone->nodes, {from.x + at.x + kZoneSide, from.y + at.y + kZoneTop}, moved);
      }
    }
  }

  bool placed(const Node& node) const {
    const auto found = layout_.nodes.find(node.id);
    return found != layout_.nodes.end() && found->second.at;
  }

  bool anyMissing(const std::vector<NodePtr>& nodes) const {
    return std::any_of(nodes.begin(), nodes.end(), [&](const NodePtr& node) {
      return !placed(*node) || (node->zone && anyMissing(node->zone->nodes));
    });
  }

  // What has no place goes beside what has one, as it would lie if all were tidied, and where room is.
  void fillIn(const std::vector<NodePtr>& nodes, const Node* zone, Point origin) {
    std::vector<float> dx, dy;
    std::vector<Rect> taken;
    for (const NodePtr& node : nodes) {
      if (!placed(*node)) continue;
      const Point at = *layout_.nodes[node->id].at, tidy = relative_.at(node.get());
      dx.push_back(at.x - tidy.x);
      dy.push_back(at.y - tidy.y);
      if (node->zone) fillIn(node->zone->nodes, node.get(), {at.x + kZoneSide, at.y + kZoneTop});
      taken.push_back(regionOf(*node));
    }
    const bool alone = dx.empty();
    if (!alone) {
      std::nth_element(dx.begin(), dx.begin() + static_cast<std::ptrdiff_t>(dx.size() / 2), dx.end());
      std::nth_element(dy.begin(), dy.begin() + static_cast<std::ptrdiff_t>(dy.size() / 2), dy.end());
      origin = {dx[dx.size() / 2], dy[dy.size() / 2]};
    } else if (zone == nullptr) {
      origin = {};
    }
    for (const NodePtr& node : nodes) {
      if (placed(*node)) continue;
      const Point tidy = relative_.at(node.get());
      const Size size = sizeOf(*node);
      Rect box{origin.x + tidy.x, origin.y + tidy.y, size.width, size.height};
      if (!alone) makeRoom(box, taken);
      put(*node, {box.x, box.y});
      taken.push_back(box);
      if (node->zone) fillIn(node->zone->nodes, node.get(), {box.x + kZoneSide, box.y + kZoneTop});
    }
  }

  // Of a zone with all that lies in it, wherever that was put.
  Rect regionOf(const Node& node) {
    const Point at = *layout_.nodes[node.id].at;
    const Size size = sizeOf(node);
    Rect all{at.x, at.y, size.width, size.height};
    if (!node.zone || collapsed(node)) return all;
    for (const NodePtr& inner : node.zone->nodes) {
      const Rect box = regionOf(*inner);
      const float right = std::max(all.x + all.width, box.x + box.width + kZoneSide);
      const float bottom = std::max(all.y + all.height, box.y + box.height + kZoneBottom);
      all.x = std::min(all.x, box.x - kZoneSide);
      all.y = std::min(all.y, box.y - kZoneTop);
      all.width = right - all.x;
      all.height = bottom - all.y;
    }
    return all;
  }

  static void makeRoom(Rect& box, const std::vector<Rect>& taken) {
    for (size_t tries = 0; tries < 1000; ++tries) {
      const auto hit = std::find_if(taken.begin(), taken.end(), [&](const Rect& other) {
        return box.x < other.x + other.width && other.x < box.x + box.width &&
               box.y < other.y + other.height && other.y < box.y + box.height;
      });
      if (hit == taken.end()) return;
      box.y = hit->y + hit->height + kRowGap;
    }
  }

  Rect rectOf(const Layout& layout, const Node& node) {
    const auto found = layout.nodes.find(node.id);
    const Point at = found != layout.nodes.end() ? found->second.at.value_or(Point{}) : Point{};
    const Size size = sizeOf(node);
    return {at.x, at.y, size.width, size.height};
  }

  // A frame stays around the nodes that lay in it.
  void followFrames(const Layout& before) {
    constexpr float kAround = 24, kTitle = 30;
    std::map<std::string, Rect> around;
    const std::function<void(const std::vector<NodePtr>&)> look = [&](const std::vector<NodePtr>& nodes) {
      for (const NodePtr& node : nodes) {
        if (const auto old = before.nodes.find(node->id); old != before.nodes.end() && old->second.at) {
          const Rect was = rectOf(before, *node), is = rectOf(layout_, *node);
          for (const auto& [id, frame] : before.frames) {
            const float x = was.x + was.width / 2, y = was.y + was.height / 2;
            if (x < frame.rect.x || y < frame.rect.y || x > frame.rect.x + frame.rect.width ||
                y > frame.rect.y + frame.rect.height)
              continue;
            const auto [at, isNew] = around.try_emplace(id, is);
            Rect& all = at->second;
            const float right = std::max(all.x + all.width, is.x + is.width);
            const float bottom = std::max(all.y + all.height, is.y + is.height);
            all.x = std::min(all.x, is.x);
            all.y = std::min(all.y, is.y);
            all.width = right - all.x;
            all.height = bottom - all.y;
          }
        }
        if (node->zone) look(node->zone->nodes);
      }
    };
    if (!before.frames.empty()) look(graph_.nodes);
    for (const auto& [id, rect] : around)
      layout_.frames[id].rect = {rect.x - kAround, rect.y - kAround - kTitle, rect.width + 2 * kAround,
                                 rect.height + 2 * kAround + kTitle};
  }

  const Document& document_;
  const std::string& place_;
  const Catalog& catalog_;
  const TidyOptions& options_;
  const Graph& graph_;
  std::shared_ptr<const GraphIndex> index_;
  Layout layout_;
  std::unordered_map<const Node*, std::vector<BodyWire>> wires_, walls_;
  std::unordered_map<const Node*, Shape> shapes_;
  std::unordered_map<const Node*, Point> relative_;
  std::unordered_map<const Node*, Size> bodies_;
};

}  // namespace

Layout tidy(const Document& document, const std::string& place, const Catalog& catalog,
            const TidyOptions& options) {
  return Tidier(document, place, catalog, options).run();
}

}  // namespace loom::editor
