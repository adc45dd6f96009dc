// The shapes of nodes, made from what their types declare and the document says.
#include "app/editor/canvas/scene.h"

namespace loom::editor {
namespace {

using namespace sizes;
using nlohmann::json;

std::string lastWord(const std::string& slot) {
  const size_t dot = slot.find('.');
  return dot == std::string::npos ? slot : slot.substr(dot + 1);
}

}  // namespace

class SceneBuilder {
 public:
  SceneBuilder(Scene& scene, const Document& document, const std::string& place, const Catalog& catalog,
               const Scene::Measure& measure)
      : scene_(scene), document_(document), place_(place), catalog_(catalog), measure_(measure) {}

  /// Shapes of nodes that are as they were are taken over.
  void takeOver() {
    old_ = std::move(scene_.nodes_);
    before_ = std::move(scene_.byId_);
  }

  /// The same nodes, linked as they were: what most edits leave. Only what changed is made anew then. False,
  /// and nothing done, where more did.
  bool update() {
    const Graph& graph = graphAt(document_, place_);
    const StillGraph still(graph);
    std::vector<std::pair<int, NodePtr>> changed;
    int count = 0;
    if (scene_.someUnplaced_ || !sameLinks(graph.nodes, -1, count, changed) ||
        count != static_cast<int>(scene_.nodes_.size()))
      return false;
    Layout layout = layoutOf(document_, place_);
    std::vector<NodeLayout> laid(scene_.nodes_.size());
    for (auto& [id, node] : layout.nodes)
      if (const int found = scene_.find(id); found >= 0) laid[found] = node;
    for (size_t i = 0; i < laid.size(); ++i)
      if (!laid[i].at || laid[i].collapsed != scene_.nodes_[i].collapsed) return false;
    findExposed(graph);
    const bool marks = exposed_ != scene_.exposed_;
    scene_.layout_ = std::move(layout);
    std::vector<std::pair<int, NodeShape>> made;
    for (const auto& [index, node] : changed) {
      made.emplace_back(index, shapeOf(node));
      if (!sameSockets(made.back().second, scene_.nodes_[index])) return false;
    }
    std::vector<char> touched(laid.size());
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
    for (size_t i = 0; i < laid.size(); ++i) {
      NodeShape& shape = scene_.nodes_[i];
      const bool other = !(shape.layout == laid[i]);
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
    addFramesAndNotes();
    for (WireShape& wire : scene_.wires_)
      if (touched[wire.from] && wire.fromSocket >= 0)
        wire.colour = scene_.nodes_[wire.from].sockets[wire.fromSocket].colour;
    scene_.reroute(std::move(touched), true);
    return true;
  }

  void build() {
    const Graph& graph = graphAt(document_, place_);
    const StillGraph still(graph);
    scene_.layout_ = layoutOf(document_, place_);
    findExposed(graph);
    scene_.exposed_ = exposed_;
    scene_.nodes_.reserve(old_.size() + 16);
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
  // that are not quite the same are `changed`; zones and groups always, for they show more than their own
  // node.
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
      if (shape.node != node || shape.zone || shape.group) changed.emplace_back(index, node);
      if (node->zone && !shape.collapsed && !sameLinks(node->zone->nodes, index, next, changed)) return false;
    }
    return true;
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

  float width(FontKind font, float size, const std::string& text) const {
    return measure_(font, text) * size;
  }

  void addAll(const std::vector<NodePtr>& nodes, int parent, int depth) {
    for (const NodePtr& node : nodes) {
      const int index = static_cast<int>(scene_.nodes_.size());
      scene_.byId_[node->id] = index;
      scene_.nodes_.push_back(shapeOf(node));
      scene_.nodes_.back().parent = parent;
      scene_.nodes_.back().depth = depth;
      if (parent >= 0) scene_.nodes_[parent].body.push_back(index);
      if (node->zone && !scene_.nodes_.back().collapsed) addAll(node->zone->nodes, index, depth + 1);
    }
  }

  NodeShape shapeOf(const NodePtr& node) {
    const auto laid = scene_.layout_.nodes.find(node->id);
    const NodeLayout layout = laid == scene_.layout_.nodes.end() ? NodeLayout() : laid->second;
    // What a zone or a group shows depends on more than its own node.
    const bool own = !node->zone && node->type.compare(0, kGroupPrefix.size(), kGroupPrefix) != 0;
    if (const auto found = before_.find(node->id); own && found != before_.end()) {
      NodeShape& before = old_[found->second];
      if (before.node == node && before.layout.collapsed == layout.collapsed &&
          before.layout.colour == layout.colour) {
        NodeShape shape = std::move(before);
        shape.layout = layout;
        for (SocketShape& socket : shape.sockets)
          if (socket.output) socket.linked = false;  // by others' links
        addMarks(shape);
        return shape;
      }
    }
    NodeShape shape;
    shape.id = node->id;
    shape.node = node;
    shape.layout = layout;
    shape.collapsed = layout.collapsed;
    shape.colour = layout.colour;
    shape.zone = node->zone != nullptr;
    shape.group = node->type.compare(0, kGroupPrefix.size(), kGroupPrefix) == 0;
    shape.face = std::make_shared<const Face>(faceOf(document_, place_, *node, catalog_));
    if (shape.collapsed)
      collapse(shape);
    else if (shape.zone)
      layOutZone(shape);
    else
      layOutNode(shape);
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

  SocketShape socketOf(const std::shared_ptr<const Face>& face, const Socket& socket, bool output) const {
    SocketShape shape;
    shape.slot = socket.slot;
    shape.label = socket.label.empty() ? lastWord(socket.slot) : socket.label;
    shape.type = socket.port.type;
    shape.colour = catalog_.colour(socket.port.type);
    shape.port = std::shared_ptr<const PortType>(face, &socket.port);
    shape.output = output;
    shape.inside = socket.inside;
    shape.adds = socket.adds;
    return shape;
  }

  bool scalar(const std::string& type) const {
    const ValueType* found = catalog_.type(type);
    return found && found->scalar;
  }

  static bool linkedFrom(const Node& node, const std::string& slot) {
    if (slot == "@count") return node.zone && node.zone->countFrom && !node.zone->countFrom->empty();
    const auto found = node.inputs.find(slot);
    return found != node.inputs.end() && !found->second.links.empty();
  }

  // The value that the field shows, and whether it is the node's own.
  void fill(SocketShape& socket, const Node& node) const {
    socket.field = !socket.linked;
    json value = socket.port->value;
    if (socket.slot == "@count") {
      if (node.zone && node.zone->count) value = *node.zone->count;
      socket.changed = false;
    } else if (const auto own = node.params.find(socket.slot); own != node.params.end()) {
      value = own->second;
      socket.changed = value != socket.port->value;
    }
    socket.value = valueText(value);
    if (socket.value.size() > 4000) socket.value.resize(4000);
    for (char& each : socket.value)
      if (each == '\n' || each == '\t') each = ' ';
  }

  SocketShape whenOf(const Node& node) const {
    SocketShape when;
    when.slot = "@when";
    when.label = "when";
    when.type = "bool";
    static const auto port = [] {
      auto made = std::make_shared<PortType>();
      made->id = "@when";
      made->type = "bool";
      made->doc = "Where this is off the node is skipped, and all that depends on it";
      return made;
    }();
    when.port = port;
    when.colour = catalog_.colour("bool");
    when.linked = node.when && !node.when->empty();
    when.hidden = !when.linked;
    when.at = {16, 0};
    when.row = {8, -8, 16, 12};
    return when;
  }

  // Plain inputs and outputs share rows, parameters follow, pictures come last.
  void layOutNode(NodeShape& shape) {
    const Face& face = *shape.face;
    std::vector<SocketShape> inputs, parameters, outputs;
    for (const Socket& socket : face.inputs) {
      if (socket.slot == "@when") continue;
      SocketShape made = socketOf(shape.face, socket, false);
      made.linked = linkedFrom(*shape.node, socket.slot);
      if (scalar(made.type) && !socket.port.many) {
        fill(made, *shape.node);
        parameters.push_back(std::move(made));
      } else {
        inputs.push_back(std::move(made));
      }
    }
    for (const Socket& socket : face.outputs) outputs.push_back(socketOf(shape.face, socket, true));

    float wide = width(FontKind::bold, kTitle, face.title) + 3 * kPad + 14;
    const size_t rows = std::max(inputs.size(), outputs.size());
    const auto labelOf = [&](const std::vector<SocketShape>& sockets, size_t i) {
      return i < sockets.size() ? width(FontKind::text, kText, sockets[i].label) * kSlack : 0.f;
    };
    for (size_t i = 0; i < rows; ++i)
      wide = std::max(wide, labelOf(inputs, i) + labelOf(outputs, i) + 3 * kPad + 8);
    for (const SocketShape& each : parameters)
      wide = std::max(wide, width(FontKind::text, kSmall, each.label) +
                                std::min(width(FontKind::numbers, kSmall, each.value), 110.f) +
                                fieldExtras(each) + 5 * kPad);
    wide = std::clamp(std::ceil(wide / 2) * 2, kLeastWidth, kMostWidth);
    shape.title = shortened(face.title, wide - 3 * kPad - 12, kTitle, FontKind::bold, measure_);

    float y = kHeader + 6;
    for (size_t i = 0; i < rows; ++i, y += kRow) {
      // Two in a row share it as their names need.
      const float edge = i >= outputs.size()  ? wide
                         : i >= inputs.size() ? 0
                                              : (wide + labelOf(inputs, i) - labelOf(outputs, i)) / 2;
      if (i < inputs.size()) {
        inputs[i].at = {0, y + kRow / 2};
        inputs[i].row = {-10, y, edge + 10, kRow};
      }
      if (i < outputs.size()) {
        outputs[i].at = {wide, y + kRow / 2};
        outputs[i].row = {edge, y, wide - edge + 10, kRow};
      }
    }
    for (SocketShape& each : parameters) {
      each.at = {0, y + kRow / 2};
      each.row = {-10, y, wide + 10, kRow};
      if (each.field) each.fieldAt = {kPad, y + (kRow - kField) / 2, wide - 2 * kPad, kField};
      const float room = wide - 4 * kPad - width(FontKind::text, kSmall, each.label) - fieldExtras(each);
      each.value = shortened(each.value, std::max(room, 24.f), kSmall, FontKind::numbers, measure_,
                             each.type == "path");
      y += kRow;
    }
    y += 4;
    addThumbs(shape, wide, y);
    shape.rect = {0, 0, wide, y + 4};
    for (auto* list : {&inputs, &parameters, &outputs})
      for (SocketShape& each : *list) shape.sockets.push_back(std::move(each));
    shape.sockets.push_back(whenOf(*shape.node));
  }

  static float fieldExtras(const SocketShape& socket) {  // the signs at a field's right end
    return socket.type == "seed" ? 32 : socket.type == "path" || socket.type == "choice" ? 16 : 0;
  }

  // Of pictures that a node gives; of what goes into one that gives nothing, as a saved picture.
  void addThumbs(NodeShape& shape, float wide, float& y) {
    std::vector<std::string> ports;
    const auto picture = [&](const std::string& type) {
      const ValueType* found = catalog_.type(type);
      return found && found->picture;
    };
    for (const Socket& socket : shape.face->outputs)
      if (picture(socket.port.type)) ports.push_back(shape.id + "." + socket.slot);
    if (shape.face->outputs.empty())
      for (const Socket& socket : shape.face->inputs)
        if (const auto input = shape.node->inputs.find(socket.slot);
            picture(socket.port.type) && input != shape.node->inputs.end())
          for (const Link& link : input->second.links)
            if (ports.size() < 2) ports.push_back(link.text());
    if (ports.empty()) return;
    if (ports.size() > 2) ports.resize(2);
    const float gap = 6, each = (wide - 2 * kPad - gap * static_cast<float>(ports.size() - 1)) /
                                static_cast<float>(ports.size());
    const float high = std::min(each, kThumb);
    for (size_t i = 0; i < ports.size(); ++i)
      shape.thumbs.push_back({ports[i], {kPad + (each + gap) * static_cast<float>(i), y, each, high}});
    y += high + 5;
  }

  void collapse(NodeShape& shape) {
    const Face& face = *shape.face;
    const float wide =
        std::clamp(width(FontKind::bold, kTitle, face.title) + 4 * kPad + 14, 110.f, kMostWidth);
    shape.title = shortened(face.title, wide - 3 * kPad - 12, kTitle, FontKind::bold, measure_);
    shape.rect = {0, 0, wide, kHeader};
    for (const bool output : {false, true})
      for (const Socket& socket : output ? face.outputs : face.inputs) {
        if (socket.slot == "@when" || socket.adds) continue;
        SocketShape made = socketOf(shape.face, socket, output);
        made.linked = !output && linkedFrom(*shape.node, socket.slot);
        made.at = {output ? wide : 0, kHeader / 2};
        made.row = {output ? wide - 10 : -10, 0, 20, kHeader};
        made.hidden = !output && scalar(made.type) && !made.linked;
        shape.sockets.push_back(std::move(made));
      }
    shape.sockets.push_back(whenOf(*shape.node));
  }

  // A rail at each side: what comes in and what the body gets of it at the left; what the body gives and
  // what leaves at the right.
  void layOutZone(NodeShape& shape) {
    const Face& face = *shape.face;
    const Zone& zone = *shape.node->zone;
    std::set<std::string> states;
    for (const Zone::State& state : zone.state) states.insert(state.name);
    shape.title = face.title;
    float left = kZoneHeader + 8, right = left;
    std::vector<SocketShape> made;
    std::vector<bool> used(face.bodyOutputs.size()), given(face.outputs.size());
    const auto put = [&](SocketShape socket, float x, float y, bool leftRail) {
      socket.at = {x, y + kRow / 2};
      socket.row = {leftRail ? (socket.inside ? kRail / 2 : -10) : (socket.inside ? x - 10 : x - kRail / 2),
                    y, kRail / 2 + 10, kRow};
      made.push_back(std::move(socket));
    };
    for (const Socket& socket : face.inputs) {
      if (socket.slot == "@when") continue;
      SocketShape outside = socketOf(shape.face, socket, false);
      const std::string name = lastWord(socket.slot);
      outside.state = socket.slot.compare(0, 5, "init.") == 0;
      if (socket.slot == "@count") {
        outside.label = "count";
        outside.linked = linkedFrom(*shape.node, "@count");
        fill(outside, *shape.node);
        if (outside.field) outside.fieldAt = {6, left + (kRow - kField) / 2, kRail - 14, kField};
        outside.value = shortened(outside.value, kRail - 62, kSmall, FontKind::numbers, measure_);
      }
      if (socket.adds) outside.label = outside.state ? "+ state" : "+ over";
      put(std::move(outside), 0, left, true);
      if (!socket.adds && socket.slot != "@count")
        for (size_t i = 0; i < face.bodyOutputs.size(); ++i)
          if (!used[i] && face.bodyOutputs[i].slot == name) {
            used[i] = true;
            SocketShape inside = socketOf(shape.face, face.bodyOutputs[i], true);
            inside.inside = true;
            inside.state = states.count(name) > 0;
            inside.label = shortened(inside.label, kRail - 22, kText, FontKind::text, measure_);
            put(std::move(inside), kRail, left, true);
            break;
          }
      left += kRow;
    }
    for (size_t i = 0; i < face.bodyOutputs.size(); ++i) {
      if (used[i]) continue;
      SocketShape inside = socketOf(shape.face, face.bodyOutputs[i], true);
      inside.inside = true;
      put(std::move(inside), kRail, left, true);
      left += kRow;
    }
    // The right rail's x is set when the region's width is known: negative until then.
    for (const Socket& socket : face.bodyInputs) {
      SocketShape inside = socketOf(shape.face, socket, false);
      inside.inside = true;
      const std::string name = lastWord(socket.slot);
      inside.state = socket.slot.compare(0, 5, "next.") == 0;
      if (socket.slot == "@until") inside.label = "until";
      if (socket.adds) inside.label = "+ collect";
      inside.label = shortened(inside.label, kRail - 22, kText, FontKind::text, measure_);
      put(std::move(inside), -kRail, right, false);
      if (!socket.adds)
        for (size_t i = 0; i < face.outputs.size(); ++i)
          if (!given[i] && face.outputs[i].slot == name && socket.slot != "@until") {
            given[i] = true;
            SocketShape outside = socketOf(shape.face, face.outputs[i], true);
            outside.state = inside.state;
            put(std::move(outside), 0, right, false);
            made.back().row.x = -kRail / 2;
            break;
          }
      right += kRow;
    }
    for (size_t i = 0; i < face.outputs.size(); ++i) {
      if (given[i]) continue;
      put(socketOf(shape.face, face.outputs[i], true), 0, right, false);
      right += kRow;
    }
    for (const Zone::State& state : zone.state) {
      const Socket* socket = face.output(state.name, true);
      const ValueType* type = socket ? catalog_.type(socket->port.type) : nullptr;
      if (!type || !type->picture || shape.thumbs.size() == 2) continue;
      shape.thumbs.push_back({shape.id + "." + state.name, {9, left + 4, kRail - 20, kRail - 20}});
      left += kRail - 12;
    }
    shape.sockets = std::move(made);
    shape.sockets.push_back(whenOf(*shape.node));
    shape.rect = {0, 0, 2 * kRail + 120, std::max(left, right) + 14};
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
  const Scene::Measure& measure_;
  std::vector<NodeShape> old_;
  std::unordered_map<std::string, int> before_;
  Scene::Exposed exposed_;
};

void Scene::build(const Document& document, const std::string& place, const Catalog& catalog,
                  const Measure& measure) {
  const void* contents = catalog.nodes().data();
  SceneBuilder builder(*this, document, place, catalog, measure);
  frozen_.clear();
  if (contents == catalogOf_ && place == placeOf_) {
    if (builder.update()) return;
    builder.takeOver();
  }
  catalogOf_ = contents;
  placeOf_ = place;
  nodes_.clear();
  byId_.clear();
  builder.build();
}

}  // namespace loom::editor
