// What lies under a point.
#include "app/editor/canvas/canvas_state.h"

namespace loom::editor {
namespace {

using namespace sizes;
using Kind = Hit::Kind;

// A region's border that can be dragged to make it larger.
int edgesAt(const Rect& rect, Point point, float reach, bool all) {
  if (!contains(grown(rect, reach), point)) return 0;
  int edges = 0;
  if (std::abs(point.x - right(rect)) < reach) edges |= 4;
  if (std::abs(point.y - bottom(rect)) < reach) edges |= 8;
  if (all && std::abs(point.x - rect.x) < reach) edges |= 1;
  return edges;
}

std::optional<Hit> inNode(const CanvasState& state, int index, Point point, float reach) {
  const NodeShape& node = state.scene.nodes()[index];
  if (!contains(grown(node.rect, reach + kSocket), point)) return {};
  Hit hit;
  hit.node = index;
  const Point in = point - corner(node.rect);
  const float near = std::max(kSocket + 3, reach);
  float best = near;
  for (size_t i = 0; i < node.sockets.size(); ++i) {
    const SocketShape& socket = node.sockets[i];
    if (socket.hidden && !(state.link && fitOf(state, *state.link, node, socket))) continue;
    if (socket.field && !state.link && in.x > 5) continue;  // within, the field has the say
    if (const float far = length(in - socket.at); far < best) {
      best = far;
      hit.kind = Kind::socket;
      hit.socket = static_cast<int>(i);
    }
  }
  if (hit.kind == Kind::socket) return hit;
  if (!contains(node.rect, point)) return {};
  for (size_t i = 0; i < node.sockets.size(); ++i) {
    const SocketShape& socket = node.sockets[i];
    if (!socket.field || !state.camera.rows() || !contains(socket.fieldAt, in)) continue;
    hit.socket = static_cast<int>(i);
    const bool sign = socket.type == "seed" || socket.type == "path";
    const float fromEnd = right(socket.fieldAt) - in.x;
    hit.kind = sign && fromEnd < 20                         ? Kind::fieldSign
               : socket.type == "seed" && fromEnd < 20 + 16 ? Kind::fieldLock
                                                            : Kind::field;
    return hit;
  }
  for (const Thumb& thumb : node.thumbs)
    if (contains(thumb.at, in)) {
      hit.kind = Kind::thumb;
      hit.port = thumb.port;
      return hit;
    }
  hit.kind = contains(node.header(), point) ? Kind::header : Kind::node;
  return hit;
}

std::optional<Hit> onWire(const CanvasState& state, Point point, float reach) {
  Hit hit;
  float best = reach;
  const auto& wires = state.scene.wires();
  for (size_t i = 0; i < wires.size(); ++i) {
    if (!contains(grown(wires[i].bounds, reach), point)) continue;
    for (size_t corner = 0; corner < wires[i].corners.size(); ++corner)
      if (length(point - wires[i].corners[corner]) < reach + 2) {
        hit.kind = Kind::corner;
        hit.wire = static_cast<int>(i);
        hit.corner = static_cast<int>(corner);
        return hit;
      }
    if (const float far = distanceTo(wires[i].path, point); far < best) {
      best = far;
      hit.kind = Kind::wire;
      hit.wire = static_cast<int>(i);
    }
  }
  if (hit.wire < 0) return {};
  return hit;
}

}  // namespace

Hit hitAt(const CanvasState& state, Point point) {
  const float reach = std::clamp(6 / state.camera.zoom, 4.f, 40.f);  // six pixels
  const auto& nodes = state.scene.nodes();
  for (const NoteShape& note : state.scene.notes()) {
    if (!contains(grown(note.layout.rect, reach / 2), point)) continue;
    Hit hit;
    hit.id = note.id;
    hit.edge = edgesAt(note.layout.rect, point, reach, false);
    hit.kind = hit.edge == 12 ? Kind::noteBorder : Kind::note;
    return hit;
  }
  for (size_t i = nodes.size(); i-- > 0;)
    if (!nodes[i].region())
      if (const auto hit = inNode(state, static_cast<int>(i), point, reach)) return *hit;
  // Sockets and fields of zones before wires, their regions after them.
  std::optional<Hit> region;
  for (size_t i = nodes.size(); i-- > 0;) {
    const NodeShape& node = nodes[i];
    if (!node.region()) continue;
    if (const auto hit = inNode(state, static_cast<int>(i), point, reach)) {
      if (hit->kind != Kind::node) return *hit;
      if (!region) region = hit;
    }
    if (const int edges = edgesAt(node.rect, point, reach * 0.8f, true)) {
      Hit hit;
      hit.kind = Kind::zoneBorder;
      hit.node = static_cast<int>(i);
      hit.edge = edges;
      return hit;
    }
  }
  if (const auto hit = onWire(state, point, reach)) return *hit;
  if (region) {
    region->kind = Kind::zone;
    return *region;
  }
  for (size_t i = state.scene.frames().size(); i-- > 0;) {
    const FrameShape& frame = state.scene.frames()[i];
    const Rect& rect = frame.layout.rect;
    Hit hit;
    hit.id = frame.id;
    hit.edge = edgesAt(rect, point, reach, true);
    if (hit.edge)
      hit.kind = Kind::frameBorder;
    else if (contains({rect.x, rect.y, rect.width, kFrameTitle}, point))
      hit.kind = Kind::frameTitle;
    else if (contains(rect, point))
      hit.kind = Kind::frame;
    else
      continue;
    return hit;
  }
  return {};
}

}  // namespace loom::editor
