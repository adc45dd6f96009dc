#include "app/editor/canvas/node_shapes.h"

#include <algorithm>

namespace loom::editor {
namespace {

using namespace sizes;
using nlohmann::json;

std::string lastWord(const std::string& slot) {
  const size_t dot = slot.find('.');
  return dot == std::string::npos ? slot : slot.substr(dot + 1);
}

bool linkedFrom(const Node& node, const std::string& slot) {
  if (slot == "@count") return node.zone && node.zone->countFrom && !node.zone->countFrom->empty();
  const auto found = node.inputs.find(slot);
  return found != node.inputs.end() && !found->second.links.empty();
}

float fieldExtras(const SocketShape& socket) {  // the signs at a field's right end
  return socket.type == "seed" ? 32 : socket.type == "path" || socket.type == "choice" ? 16 : 0;
}

}  // namespace

NodeShape NodeShapes::of(const NodePtr& node, const NodeLayout& layout) {
  NodeShape shape;
  shape.id = node->id;
  shape.node = node;
  shape.layout = layout;
  shape.collapsed = layout.collapsed;
  shape.colour = layout.colour;
  shape.zone = node->zone != nullptr;
  shape.group = node->type.starts_with(kGroupPrefix);
  shape.face = faces_.of(*node);
  if (shape.collapsed)
    collapse(shape);
  else if (shape.zone)
    layOutZone(shape);
  else
    layOutNode(shape);
  return shape;
}

SocketShape NodeShapes::socketOf(const std::shared_ptr<const Face>& face, const Socket& socket,
                                 bool output) const {
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

bool NodeShapes::scalar(const std::string& type) const {
  const ValueType* found = catalog_.type(type);
  return found && found->scalar;
}

// The value that the field shows, and whether it is the node's own.
void NodeShapes::fill(SocketShape& socket, const Node& node) const {
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

SocketShape NodeShapes::whenOf(const Node& node) const {
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
void NodeShapes::layOutNode(NodeShape& shape) const {
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
    each.value =
        shortened(each.value, std::max(room, 24.f), kSmall, FontKind::numbers, measure_, each.type == "path");
    y += kRow;
  }
  y += 4;
  addThumbs(shape, wide, y);
  shape.rect = {0, 0, wide, y + 4};
  for (auto* list : {&inputs, &parameters, &outputs})
    for (SocketShape& each : *list) shape.sockets.push_back(std::move(each));
  shape.sockets.push_back(whenOf(*shape.node));
}

// Of pictures that a node gives; of what goes into one that gives nothing, as a saved picture.
void NodeShapes::addThumbs(NodeShape& shape, float wide, float& y) const {
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

void NodeShapes::collapse(NodeShape& shape) const {
  const Face& face = *shape.face;
  const float wide = std::clamp(width(FontKind::bold, kTitle, face.title) + 4 * kPad + 14, 110.f, kMostWidth);
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
void NodeShapes::layOutZone(NodeShape& shape) const {
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
    socket.row = {leftRail ? (socket.inside ? kRail / 2 : -10) : (socket.inside ? x - 10 : x - kRail / 2), y,
                  kRail / 2 + 10, kRow};
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

}  // namespace loom::editor
