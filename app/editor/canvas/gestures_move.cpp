// Dragging what is selected: into zones and out of them, onto wires, frames with what lies in them.
#include <imgui.h>

#include "app/editor/canvas/gestures.h"

namespace loom::editor {

void Gestures::beginMove() {
  doing_ = Doing::moving;
  Ids ids = state_.session.selection().nodes;
  const std::string pressed = pressed_.node >= 0 ? state_.scene.nodes()[pressed_.node].id : pressed_.id;
  if (!ids.count(pressed)) {
    ids = {pressed};
    state_.select(ids);
  }
  // A frame takes along what lies in it.
  for (const FrameShape& frame : state_.scene.frames()) {
    if (!ids.count(frame.id)) continue;
    for (const NodeShape& node : state_.scene.nodes())
      if (contains(frame.layout.rect, node.rect)) ids.insert(node.id);
    for (const NoteShape& note : state_.scene.notes())
      if (contains(frame.layout.rect, note.layout.rect)) ids.insert(note.id);
    for (const FrameShape& other : state_.scene.frames())
      if (contains(frame.layout.rect, other.layout.rect)) ids.insert(other.id);
  }
  moving_ = state_.scene.withBodies(ids);
  movingIds_ = ids;
  framesAndNotes_.clear();
  for (const std::string& id : ids)
    if (state_.scene.find(id) < 0) framesAndNotes_.insert(id);
  // Zones that things are dragged out of keep their size meanwhile; nodes of zones that go along stay in
  // them.
  const std::set<int> going(moving_.begin(), moving_.end());
  std::set<int> frozen;
  movingTop_.clear();
  for (size_t i = 0; i < state_.scene.nodes().size(); ++i) {
    const NodeShape& node = state_.scene.nodes()[i];
    if (node.region() && !going.count(static_cast<int>(i))) frozen.insert(static_cast<int>(i));
    if (going.count(static_cast<int>(i)) && !(node.parent >= 0 && going.count(node.parent)))
      movingTop_.insert(node.id);
  }
  state_.scene.freeze(std::move(frozen));
  anchor_ = corner(state_.scene.rectOf(pressed).value_or(Rect()));
  movedBy_ = {};
}

void Gestures::dragMove() {
  Point by = state_.mouse - start_;
  if (state_.snapping) by = Point{snapped(anchor_.x + by.x), snapped(anchor_.y + by.y)} - anchor_;
  if (!(by == movedBy_)) {
    state_.scene.move(moving_, framesAndNotes_, by - movedBy_);
    movedBy_ = by;
  }
  state_.zoneOver = -1;
  if (!alt_ && !movingTop_.empty()) {
    const int zone = state_.scene.zoneAt(state_.mouse, {moving_.begin(), moving_.end()});
    const int first = state_.scene.find(*movingTop_.begin());
    const int parent = pressed_.node >= 0 ? state_.scene.nodes()[pressed_.node].parent
                       : first >= 0       ? state_.scene.nodes()[first].parent
                                          : -1;
    if (zone != parent) state_.zoneOver = zone;
  }
  findInsertion();
}

// A node without links, over a wire that could go through it.
void Gestures::findInsertion() {
  state_.wireOver = -1;
  if (alt_ || moving_.size() != 1 || !framesAndNotes_.empty()) return;
  const NodeShape& node = state_.scene.nodes()[moving_.front()];
  if (node.zone) return;
  for (const SocketShape& socket : node.sockets)
    if (socket.linked) return;
  const Catalog& catalog = state_.session.catalog();
  float best = 14 / std::min(state_.camera.zoom, 1.f);
  const auto& wires = state_.scene.wires();
  for (size_t i = 0; i < wires.size(); ++i) {
    if (wires[i].fromSocket < 0 || wires[i].toSocket < 0 || !overlap(wires[i].bounds, node.rect)) continue;
    const float far =
        std::min(distanceTo(wires[i].path, state_.mouse), distanceTo(wires[i].path, middle(node.rect)));
    if (far >= best) continue;
    const std::string& from = state_.scene.nodes()[wires[i].from].sockets[wires[i].fromSocket].type;
    const std::string& to = state_.scene.nodes()[wires[i].to].sockets[wires[i].toSocket].type;
    bool takes = false, gives = false;
    for (const SocketShape& socket : node.sockets) {
      takes |= !socket.output && socket.slot != "@when" && catalog.fits(from, socket.type);
      gives |= socket.output && catalog.fits(socket.type, to);
    }
    if (!takes || !gives) continue;
    best = far;
    state_.wireOver = static_cast<int>(i);
  }
}

void Gestures::dropMove() {
  const int zoneOver = state_.zoneOver;
  const std::string place = state_.session.place();
  const Catalog& catalog = state_.session.catalog();
  const std::set<int> going(moving_.begin(), moving_.end());
  // Where it lies now; nodes of several zones go where the one under the mouse goes.
  const int target = alt_ || movingTop_.empty() ? -2 : state_.scene.zoneAt(state_.mouse, going);
  const int parent = pressed_.node >= 0 ? state_.scene.nodes()[pressed_.node].parent : -2;
  Ids changing;
  std::string zone;
  if (target != -2 && pressed_.node >= 0 && target != parent) {
    changing = movingTop_;
    zone = target < 0 ? "" : state_.scene.nodes()[target].id;
  } else if (target != -2 && pressed_.node < 0) {
    for (const std::string& id : movingTop_) {  // a frame: each where it is
      const NodeShape* node = state_.scene.node(id);
      if (node && zoneOver >= 0 && node->parent != zoneOver) changing.insert(id);
    }
    if (zoneOver >= 0) zone = state_.scene.nodes()[zoneOver].id;
  }
  std::optional<Wire> into;
  if (state_.wireOver >= 0) into = state_.scene.wires()[state_.wireOver].wire;
  const Point by = movedBy_;
  const std::string node = moving_.size() == 1 ? state_.scene.nodes()[moving_.front()].id : "";
  state_.zoneOver = state_.wireOver = -1;
  if (by == Point{} && changing.empty() && !into) {
    state_.stale = true;
    return;
  }
  // moveBy() takes zones with all that is in them: named twice they would go twice as far.
  Ids ids = movingTop_;
  ids.insert(framesAndNotes_.begin(), framesAndNotes_.end());
  const QString what = node.empty() ? QString("%1 things").arg(ids.size()) : QString::fromStdString(node);
  const QString name = into               ? "Insert " + what
                       : changing.empty() ? "Move " + what
                       : zone.empty()     ? "Take " + what + " out"
                                          : "Move " + what + " into " + QString::fromStdString(zone);
  state_.edit(name, [&](const Document& document) {
    Document next = moveBy(document, place, ids, by);
    if (!changing.empty()) next = moveToZone(next, place, catalog, changing, zone);
    if (into) next = insertOnWire(next, place, catalog, node, *into);
    return next;
  });
}

}  // namespace loom::editor
