#include "app/editor/canvas/scene.h"

#include <limits>

namespace loom::editor {

using namespace sizes;

int NodeShape::find(std::string_view slot, bool output, bool inside) const {
  int other = -1;
  for (size_t i = 0; i < sockets.size(); ++i) {
    const SocketShape& each = sockets[i];
    if (each.output != output || each.slot != slot) continue;
    if (each.inside == inside) return static_cast<int>(i);
    other = static_cast<int>(i);
  }
  return other;
}

int Scene::find(std::string_view id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() ? -1 : found->second;
}

const NodeShape* Scene::node(std::string_view id) const {
  const int found = find(id);
  return found < 0 ? nullptr : &nodes_[found];
}

bool Scene::inside(int node, int zone) const {
  for (int each = nodes_[node].parent; each >= 0; each = nodes_[each].parent)
    if (each == zone) return true;
  return false;
}

std::vector<int> Scene::withBodies(const Ids& ids) const {
  std::vector<int> all;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    int each = static_cast<int>(i);
    while (each >= 0 && !ids.count(nodes_[each].id)) each = nodes_[each].parent;
    if (each >= 0) all.push_back(static_cast<int>(i));
  }
  return all;
}

Rect Scene::bounds() const {
  std::optional<Rect> all;
  const auto add = [&](const Rect& rect) { all = all ? around(*all, rect) : rect; };
  for (const NodeShape& node : nodes_) add(node.rect);
  for (const FrameShape& frame : frames_) add(frame.layout.rect);
  for (const NoteShape& note : notes_) add(note.layout.rect);
  return all.value_or(Rect());
}

std::optional<Rect> Scene::rectOf(const std::string& id) const {
  if (const NodeShape* shape = node(id)) return shape->rect;
  for (const FrameShape& frame : frames_)
    if (frame.id == id) return frame.layout.rect;
  for (const NoteShape& note : notes_)
    if (note.id == id) return note.layout.rect;
  return {};
}

std::map<std::string, Point> Scene::sizes() const {
  std::map<std::string, Point> all;
  for (const NodeShape& node : nodes_) all[node.id] = {node.rect.width, node.rect.height};
  for (const FrameShape& frame : frames_) all[frame.id] = {frame.layout.rect.width, frame.layout.rect.height};
  for (const NoteShape& note : notes_) all[note.id] = {note.layout.rect.width, note.layout.rect.height};
  return all;
}

std::map<std::string, Point> Scene::nodeSizes() const {
  std::map<std::string, Point> all;
  for (const NodeShape& node : nodes_)
    if (!node.region()) all[node.id] = {node.rect.width, node.rect.height};
  return all;
}

int Scene::zoneAt(Point point, const std::set<int>& without) const {
  int best = -1;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const NodeShape& node = nodes_[i];
    if (!node.region() || !contains(node.rect, point)) continue;
    bool skip = false;
    for (int each = static_cast<int>(i); each >= 0 && !skip; each = nodes_[each].parent)
      skip = without.count(each) > 0;
    if (!skip && (best < 0 || node.depth >= nodes_[best].depth)) best = static_cast<int>(i);
  }
  return best;
}

void Scene::move(const std::vector<int>& nodes, const Ids& framesAndNotes, Point by) {
  dragged_ = true;
  for (const int each : nodes) {
    NodeShape& node = nodes_[each];
    node.rect = moved(node.rect, by);
    if (node.layout.at) node.layout.at = *node.layout.at + by;
  }
  for (FrameShape& frame : frames_)
    if (framesAndNotes.count(frame.id)) frame.layout.rect = moved(frame.layout.rect, by);
  for (NoteShape& note : notes_)
    if (framesAndNotes.count(note.id)) note.layout.rect = moved(note.layout.rect, by);
  std::vector<char> which(nodes_.size());
  for (const int each : nodes) which[each] = 1;
  for (WireShape& wire : wires_)
    if (!wire.corners.empty() && which[wire.from] && which[wire.to])
      for (Point& each : wire.corners) each = each + by;
  reroute(std::move(which), false);
}

void Scene::resize(const std::string& id, Rect to) {
  dragged_ = true;
  if (const int zone = find(id); zone >= 0) {
    nodes_[zone].layout.at = corner(to);
    nodes_[zone].layout.size = Point{to.width, to.height};
  }
  for (FrameShape& frame : frames_)
    if (frame.id == id) frame.layout.rect = to;
  for (NoteShape& note : notes_)
    if (note.id == id) note.layout.rect = to;
  reroute(std::vector<char>(nodes_.size()), false);
}

void Scene::moveCorner(int wire, int corner, Point to) {
  dragged_ = true;
  wires_.at(wire).corners.at(corner) = to;
  routeWire(wires_[wire]);
}

void Scene::route() {
  regions();
  for (WireShape& wire : wires_) routeWire(wire);
}

void Scene::reroute(std::vector<char> touched, bool corners) {
  std::vector<std::pair<size_t, Rect>> before;
  for (size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].region()) before.emplace_back(i, nodes_[i].rect);
  regions();
  for (const auto& [zone, rect] : before)
    if (!(nodes_[zone].rect == rect)) touched[zone] = 1;
  const bool any = corners && !layout_.reroutes.empty();
  for (WireShape& wire : wires_) {
    bool again = touched[wire.from] || touched[wire.to];
    if (corners && (any || !wire.corners.empty())) {
      std::vector<Point> now = cornersOf(wire);
      again |= now != wire.corners;
      wire.corners = std::move(now);
    }
    if (again) routeWire(wire);
  }
}

std::vector<Point> Scene::cornersOf(const WireShape& wire) const {
  const auto found = layout_.reroutes.find(wire.key());
  return found == layout_.reroutes.end() ? std::vector<Point>() : found->second;
}

// A zone's region holds its body, its rails and what the user drew it to; the innermost first.
void Scene::regions() {
  for (size_t n = nodes_.size(); n-- > 0;) {
    NodeShape& zone = nodes_[n];
    if (!zone.region() || frozen_.count(static_cast<int>(n))) continue;
    float rows = kZoneHeader, thumbs = rows;
    for (const SocketShape& socket : zone.sockets) rows = std::max(rows, bottom(socket.row));
    for (const Thumb& thumb : zone.thumbs) thumbs = std::max(thumbs, bottom(thumb.at) + 4);
    const Point least{2 * kRail + 120, std::max(rows, thumbs) + 14};
    std::optional<Rect> body;
    for (const int each : zone.body) body = body ? around(*body, nodes_[each].rect) : nodes_[each].rect;
    std::optional<Rect> region;
    if (body)
      region = Rect{body->x - kRail - kZonePad, body->y - kZoneHeader - kZonePad,
                    body->width + 2 * (kRail + kZonePad), body->height + kZoneHeader + 2 * kZonePad};
    if (zone.layout.at) {
      const Point size = zone.layout.size.value_or(Point{0, 0});
      const Rect drawn{zone.layout.at->x, zone.layout.at->y, std::max(size.x, body ? 1.f : least.x),
                       std::max(size.y, body ? 1.f : least.y)};
      region = region ? around(*region, drawn) : drawn;
    }
    if (!region) region = Rect{0, 0, least.x, least.y};
    region->width = std::max(region->width, least.x);
    region->height = std::max(region->height, least.y);
    zone.rect = *region;
    for (SocketShape& socket : zone.sockets) {  // the right rail
      if (socket.slot == "@when") continue;
      const bool rightRail = socket.output != socket.inside;
      if (!rightRail) continue;
      socket.at.x = socket.inside ? zone.rect.width - kRail : zone.rect.width;
      socket.row.x = socket.inside ? zone.rect.width - kRail - 10 : zone.rect.width - kRail / 2;
    }
  }
}

namespace {

void addCurve(std::vector<Point>& path, Point a, Point b, bool first, bool last) {
  const float far = length(b - a), dx = b.x - a.x;
  // Backwards it swings out; straight ahead half of the way is enough.
  const float pull =
      dx >= 0 ? std::max(dx * 0.5f, std::min(far * 0.5f, 24.f)) : std::clamp(-dx * 0.6f, 40.f, 160.f);
  const Point c{a.x + (first ? pull : dx * 0.35f), a.y}, d{b.x - (last ? pull : dx * 0.35f), b.y};
  const int steps = std::clamp(static_cast<int>(far / 14), 6, 28);
  for (int i = 0; i <= steps; ++i) {
    if (i == 0 && !path.empty()) continue;
    const float t = static_cast<float>(i) / static_cast<float>(steps), u = 1 - t;
    path.push_back(a * (u * u * u) + c * (3 * u * u * t) + d * (3 * u * t * t) + b * (t * t * t));
  }
}

}  // namespace

void Scene::routeWire(WireShape& wire) const {
  const NodeShape& from = nodes_[wire.from];
  const NodeShape& to = nodes_[wire.to];
  const Point begin = wire.fromSocket >= 0 ? from.at(from.sockets[wire.fromSocket])
                                           : corner(from.rect) + Point{from.rect.width, kHeader / 2};
  const Point end =
      wire.toSocket >= 0 ? to.at(to.sockets[wire.toSocket]) : corner(to.rect) + Point{0, kHeader / 2};
  wire.path.clear();
  std::vector<Point> stops{begin};
  stops.insert(stops.end(), wire.corners.begin(), wire.corners.end());
  stops.push_back(end);
  for (size_t i = 0; i + 1 < stops.size(); ++i)
    addCurve(wire.path, stops[i], stops[i + 1], i == 0, i + 2 == stops.size());
  Point low = wire.path[0], high = low;
  for (const Point& each : wire.path) {
    low = {std::min(low.x, each.x), std::min(low.y, each.y)};
    high = {std::max(high.x, each.x), std::max(high.y, each.y)};
  }
  wire.bounds = {low.x, low.y, high.x - low.x, high.y - low.y};
}

float distanceTo(const std::vector<Point>& path, Point point) {
  float best = std::numeric_limits<float>::max();
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const Point along = path[i + 1] - path[i], off = point - path[i];
    const float square = along.x * along.x + along.y * along.y;
    const float t = square > 0 ? std::clamp((off.x * along.x + off.y * along.y) / square, 0.f, 1.f) : 0.f;
    best = std::min(best, length(point - (path[i] + along * t)));
  }
  return best;
}

}  // namespace loom::editor
