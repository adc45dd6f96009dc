// What lies on the canvas, made from the document, and no more of it anew than an edit asks for.
#include <algorithm>

#include "app/editor/canvas/node_shapes.h"
#include "app/editor/canvas/scene.h"

namespace loom::editor {

class SceneBuilder {
 public:
  SceneBuilder(Scene& scene, const Document& document, const std::string& place, const Catalog& catalog,
               const Scene::Measure& measure)
      : scene_(scene),
        document_(document),
        place_(place),
        catalog_(catalog),
        shapes_(document, place, catalog, measure) {}

  /// Shapes of nodes that are as they were are taken over.
  void takeOver() {
    old_ = std::move(scene_.nodes_);
    before_ = std::move(scene_.byId_);
  }

  /// The same nodes, linked as they were: what most edits leave. Only what changed is made anew then. False,
  /// and nothing done, where more did.
  bool update() {
    const Graph& graph = graphAt(document_, place_);
    others_ = !sameNodes(scene_.from_, document_);
    std::vector<std::pair<int, NodePtr>> changed;
    int count = 0;
    if (scene_.someUnplaced_ || !sameLinks(graph.nodes, -1, count, changed) ||
        count != static_cast<int>(scene_.nodes_.size()))
      return false;
    const bool laidAnew = scene_.dragged_ || !document_.layout.sharedWith(scene_.from_.layout);
    std::vector<NodeLayout> laid;  // empty: as they lie
    if (laidAnew) {
      Layout layout = *layoutOf(document_, place_);
      laid.resize(scene_.nodes_.size());
      for (auto& [id, node] : layout.nodes)
        if (const int found = scene_.find(id); found >= 0) laid[found] = node;
      for (size_t i = 0; i < laid.size(); ++i)
        if (!laid[i].at || laid[i].collapsed != scene_.nodes_[i].collapsed) return false;
      scene_.layout_ = std::move(layout);
    }
    findExposed(graph);
    const bool marks = exposed_ != scene_.exposed_;
    std::vector<std::pair<int, NodeShape>> made;
    for (const auto& [index, node] : changed) {
      made.emplace_back(index, shapeOf(node));
      if (!sameSockets(made.back().second, scene_.nodes_[index])) return false;
    }
    std::vector<char> touched(scene_.nodes_.size());
    for (auto& [index, shape] : made) {
      NodeShape& before = scene_.nodes_[index];
      for (size_t i = 0; i < shape.sockets.size(); ++i) shape.sockets[i].linked = before.sockets[i].linked;
      shape.parent = before.parent;
      shape.depth = before.depth;
      shape.body = std::move(before.body);
      shape.rect.x = before.rect.x;
      shape.rect.y = before.rect.y;
      shape.layout = before.layout;
      before = std::move(shape);
      touched[index] = 1;
    }
    for (size_t i = 0; i < scene_.nodes_.size(); ++i) {
      NodeShape& shape = scene_.nodes_[i];
      const bool other = laidAnew && !(shape.layout == laid[i]);
      if (other) {
        if (!(shape.layout.at == laid[i].at)) touched[i] = 1;
        shape.rect.x = laid[i].at->x;
        shape.rect.y = laid[i].at->y;
        shape.colour = laid[i].colour;
        shape.layout = std::move(laid[i]);
      }
      if (marks || other || touched[i]) addMarks(shape);
    }
    scene_.exposed_ = std::move(exposed_);
    if (laidAnew) addFramesAndNotes();
    for (WireShape& wire : scene_.wires_)
      if (touched[wire.from] && wire.fromSocket >= 0)
        wire.colour = scene_.nodes_[wire.from].sockets[wire.fromSocket].colour;
    scene_.reroute(std::move(touched), laidAnew);
    return true;
  }

  void build() {
    const Graph& graph = graphAt(document_, place_);
    scene_.layout_ = *layoutOf(document_, place_);
    findExposed(graph);
    otherMarks_ = exposed_ != scene_.exposed_;
    scene_.exposed_ = exposed_;
    const size_t count = graph.nodes.size() + old_.size() / 8 + 16;  // about: those in zones too
    scene_.nodes_.reserve(count);
    scene_.byId_.reserve(count);
    addAll(graph.nodes, -1, 0);
    placeAll();
    addFramesAndNotes();
    addWires(graph);
    scene_.route();
  }

 private:
  void findExposed(const Graph& graph) {
    exposed_.clear();
    for (const ExposedInput& input : graph.inputs)
      for (const Link& to : input.to) exposed_[to.node].emplace_back(to.port, input.name);
  }

  void addFramesAndNotes() {
    scene_.frames_.clear();
    for (const auto& [id, frame] : scene_.layout_.frames) scene_.frames_.push_back({id, frame});
    scene_.notes_.clear();
    for (const auto& [id, note] : scene_.layout_.notes) scene_.notes_.push_back({id, note});
  }

  // Whether these are the nodes of the scene from `next` on, in the same zones and with the same links. Those
  // that are not quite the same are `changed`; zones and groups too where any node is another, for they show
  // more than their own.
  bool sameLinks(const std::vector<NodePtr>& nodes, int parent, int& next,
                 std::vector<std::pair<int, NodePtr>>& changed) const {
    for (const NodePtr& node : nodes) {
      const int index = next++;
      if (index >= static_cast<int>(scene_.nodes_.size())) return false;
      const NodeShape& shape = scene_.nodes_[index];
      if (shape.parent != parent) return false;
      if (shape.node != node) {
        const Node &a = *shape.node, &b = *node;
        if (a.id != b.id || a.type != b.type || a.inputs != b.inputs || a.when != b.when ||
            (a.zone == nullptr) != (b.zone == nullptr))
          return false;
        if (a.zone && (shape.collapsed || !sameLinks(*a.zone, *b.zone))) return false;
      }
      if (shape.node != node || (others_ && (shape.zone || shape.group))) changed.emplace_back(index, node);
      if (node->zone && !shape.collapsed && !sameLinks(node->zone->nodes, index, next, changed)) return false;
    }
    return true;
  }

  static bool sameNodes(const Document& a, const Document& b) {
    const auto same = [](const Graph& x, const Graph& y) {
      const auto input = [](const ExposedInput& i, const ExposedInput& j) {
        return i.name == j.name && i.doc == j.doc && i.to == j.to;
      };
      const auto output = [](const ExposedOutput& i, const ExposedOutput& j) {
        return i.name == j.name && i.doc == j.doc && i.from == j.from;
      };
      return x.nodes == y.nodes && std::ranges::equal(x.inputs, y.inputs, input) &&
             std::ranges::equal(x.outputs, y.outputs, output);
    };
    return same(a.graph, b.graph) &&
           std::ranges::equal(a.groups, b.groups, [&](const auto& x, const auto& y) {
             return x.first == y.first && same(x.second, y.second);
           });
  }

  static bool sameLinks(const Zone& a, const Zone& b) {
    return a.over == b.over && a.countFrom == b.countFrom && a.state == b.state && a.until == b.until &&
           a.collect == b.collect;
  }

  static bool sameSockets(const NodeShape& a, const NodeShape& b) {
    return std::equal(a.sockets.begin(), a.sockets.end(), b.sockets.begin(), b.sockets.end(),
                      [](const SocketShape& x, const SocketShape& y) {
                        return x.slot == y.slot && x.output == y.output && x.inside == y.inside;
                      });
  }

  void addAll(const std::vector<NodePtr>& nodes, int parent, int depth) {
    for (const NodePtr& node : nodes) {
      const int index = static_cast<int>(scene_.nodes_.size());
      scene_.byId_[node->id] = index;
      if (!takenOver(node)) scene_.nodes_.push_back(shapeOf(node));
      scene_.nodes_.back().parent = parent;
      scene_.nodes_.back().depth = depth;
      if (parent >= 0) scene_.nodes_[parent].body.push_back(index);
      if (node->zone && !scene_.nodes_.back().collapsed) addAll(node->zone->nodes, index, depth + 1);
    }
  }

  const NodeLayout& layoutFor(const Node& node) const {
    static const NodeLayout none;
    const auto laid = scene_.layout_.nodes.find(node.id);
    return laid == scene_.layout_.nodes.end() ? none : laid->second;
  }

  // As it was, at the end of the scene's. What a zone or a group shows depends on more than its own node.
  bool takenOver(const NodePtr& node) {
    if (node->zone || node->type.starts_with(kGroupPrefix)) return false;
    const auto found = before_.find(node->id);
    if (found == before_.end()) return false;
    NodeShape& before = old_[found->second];
    const NodeLayout& layout = layoutFor(*node);
    if (before.node != node || before.layout.collapsed != layout.collapsed ||
        before.layout.colour != layout.colour)
      return false;
    NodeShape& shape = scene_.nodes_.emplace_back(std::move(before));
    for (SocketShape& socket : shape.sockets)
      if (socket.output) socket.linked = false;  // by others' links
    const bool moved = !(shape.layout == layout);
    if (moved) shape.layout = layout;
    if (moved || otherMarks_) addMarks(shape);
    return true;
  }

  NodeShape shapeOf(const NodePtr& node) {
    NodeShape shape = shapes_.of(node, layoutFor(*node));
    addMarks(shape);
    return shape;
  }

  // What of a field is said elsewhere than in its node.
  void addMarks(NodeShape& shape) const {
    const auto exposed = exposed_.find(shape.id);
    for (SocketShape& socket : shape.sockets) {
      socket.rolled = socket.type == "seed" && socket.field && shape.layout.rolled.count(socket.slot) > 0;
      socket.exposed.clear();
      if (exposed == exposed_.end() || socket.output) continue;
      for (const auto& [port, name] : exposed->second)
        if (port == paramOf(socket.slot)) socket.exposed = name;
    }
  }

  void placeAll() {
    Layout& layout = scene_.layout_;
    bool missing = false;
    for (const NodeShape& shape : scene_.nodes_) missing |= !shape.layout.at.has_value();
    scene_.someUnplaced_ = missing;
    if (missing) {
      TidyOptions options;
      for (const NodeShape& shape : scene_.nodes_)
        if (!shape.region()) options.sizes[shape.id] = {shape.rect.width, shape.rect.height};
      layout = tidy(document_, place_, catalog_, options);
    }
    for (NodeShape& shape : scene_.nodes_) {
      const auto found = layout.nodes.find(shape.id);
      if (found != layout.nodes.end()) shape.layout = found->second;
      if (shape.layout.at) {
        shape.rect.x = shape.layout.at->x;
        shape.rect.y = shape.layout.at->y;
      }
    }
  }

  // Whoever reads it, from where: a zone that reads for its body stands within itself.
  void addWires(const Graph& graph) {
    scene_.wires_.clear();
    std::vector<Wire> wires = wiresOf(graph);
    scene_.wires_.reserve(wires.size());
    for (Wire& wire : wires) {
      WireShape shape;
      shape.to = visible(wire.to.node);
      shape.from = visible(wire.from.node);
      if (shape.from < 0 || shape.to < 0) continue;
      NodeShape& reader = scene_.nodes_[shape.to];
      NodeShape& source = scene_.nodes_[shape.from];
      const std::string& slot = wire.to.slot;
      const bool bodySlot =
          slot.compare(0, 5, "next.") == 0 || slot.compare(0, 8, "collect.") == 0 || slot == "@until";
      const bool same = reader.id == wire.to.node;  // else it is in a collapsed zone
      if (same) shape.toSocket = reader.find(slot, false, bodySlot);
      int stands = same && !bodySlot ? reader.parent : shape.to;
      if (!same && shape.from == shape.to) continue;  // all within a collapsed zone
      if (same && bodySlot && reader.collapsed) continue;
      bool inside = false;
      for (int zone = stands; zone >= 0; zone = scene_.nodes_[zone].parent)
        if (zone == shape.from && source.region()) inside = true;
      if (source.id == wire.from.node) shape.fromSocket = source.find(wire.from.port, true, inside);
      if (shape.fromSocket >= 0) {
        source.sockets[shape.fromSocket].linked = true;
        shape.colour = source.sockets[shape.fromSocket].colour;
      } else {
        shape.colour = 0x909090;
      }
      if (shape.toSocket >= 0) reader.sockets[shape.toSocket].linked = true;
      // The zones between where it begins and where it ends: in them it is a constant.
      const int begins = inside ? shape.from : source.parent;
      for (int zone = stands; zone >= 0 && zone != begins; zone = scene_.nodes_[zone].parent)
        if (scene_.nodes_[zone].region()) shape.constantIn = zone;
      shape.wire = std::move(wire);
      if (!scene_.layout_.reroutes.empty()) shape.corners = scene_.cornersOf(shape);
      scene_.wires_.push_back(std::move(shape));
    }
  }

  int visible(const std::string& id) const {
    if (const int found = scene_.find(id); found >= 0) return found;
    // In a zone that is collapsed: the outermost such one stands for it.
    for (const std::string& zone : zonesAround(graphAt(document_, place_), id))
      if (const int found = scene_.find(zone); found >= 0 && scene_.nodes_[found].collapsed) return found;
    return -1;
  }

  Scene& scene_;
  const Document& document_;
  const std::string& place_;
  const Catalog& catalog_;
  std::vector<NodeShape> old_;
  Scene::ById before_;
  Scene::Exposed exposed_;
  NodeShapes shapes_;
  bool others_ = true, otherMarks_ = true;  // than in the scene: some node, some exposed name
};

void Scene::build(const Document& document, const std::string& place, const Catalog& catalog,
                  const Measure& measure) {
  const void* contents = catalog.nodes().data();
  SceneBuilder builder(*this, document, place, catalog, measure);
  const bool same = contents == catalogOf_ && place == placeOf_;
  frozen_.clear();
  if (!same || !builder.update()) {
    if (same) builder.takeOver();
    nodes_.clear();
    byId_.clear();
    builder.build();
  }
  catalogOf_ = contents;
  placeOf_ = place;
  from_ = document;
  dragged_ = false;
}

}  // namespace loom::editor
