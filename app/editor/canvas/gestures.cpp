#include "app/editor/canvas/gestures.h"

#include <imgui.h>

#include "app/editor/canvas/geometry.h"

namespace loom::editor {
namespace {

using Kind = Hit::Kind;
constexpr float kThreshold = 4;  // pixels from a click to a drag

}  // namespace

void Gestures::update(bool over) {
  const ImGuiIO& io = ImGui::GetIO();
  state_.mouse = state_.camera.toCanvas(io.MousePos);
  shift_ = io.KeyShift;
  ctrl_ = io.KeyCtrl;
  alt_ = io.KeyAlt;
  wheel(over);
  if (doing_ == Doing::nothing) {
    const Hit hit = over ? hitAt(state_, state_.mouse) : Hit();
    if (!(hit == state_.hover)) {
      state_.hover = hit;
      state_.hoverSince = ImGui::GetTime();
    }
    if (!over) return;
    for (const int button : {0, 1, 2})
      if (ImGui::IsMouseClicked(button)) {
        press(button);
        break;
      }
    return;
  }
  if (button_ != 1 && ImGui::IsMouseClicked(1)) return cancel();
  const ImVec2 by(io.MousePos.x - from_.x, io.MousePos.y - from_.y);
  if (doing_ == Doing::pressed && std::hypot(by.x, by.y) >= kThreshold) beginDrag();
  if (doing_ != Doing::pressed && doing_ != Doing::nothing) drag();
  if (!io.MouseDown[button_]) {
    const Doing was = doing_;
    if (was == Doing::pressed)
      click();
    else if (was != Doing::nothing)
      drop();
    doing_ = Doing::nothing;
    state_.redraw();
  }
}

void Gestures::wheel(bool over) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!over || (io.MouseWheel == 0 && io.MouseWheelH == 0)) return;
  Camera& camera = state_.camera;
  if (io.KeyShift || io.MouseWheelH != 0) {
    const float by = io.MouseWheelH != 0 ? io.MouseWheelH : io.MouseWheel;
    camera.centre.x -= by * 60 / camera.zoom;
  } else {
    camera.zoomAround(io.MousePos, camera.zoom * std::pow(1.14f, io.MouseWheel));
  }
  state_.redraw();
}

void Gestures::press(int button) {
  button_ = button;
  from_ = ImGui::GetIO().MousePos;
  start_ = state_.mouse;
  pressed_ = state_.hover;
  doing_ = Doing::pressed;
  selectOnClick_ = twice_ = false;
  if (button == 0 && !ImGui::IsKeyDown(ImGuiKey_Space)) pressLeft();
}

void Gestures::pressLeft() {
  if (pressed_.kind == Kind::wire && alt_) {
    disconnectWire(pressed_.wire);
    doing_ = Doing::nothing;
    return;
  }
  if (ctrl_ && shift_ && pressed_.node >= 0 && pressed_.kind != Kind::zone) {
    const NodeShape& node = state_.scene.nodes()[pressed_.node];
    std::string port = pressed_.port;
    for (const Thumb& thumb : node.thumbs)
      if (port.empty()) port = thumb.port;
    for (const SocketShape& socket : node.sockets)
      if (port.empty() && socket.output) port = node.id + "." + socket.slot;
    if (!port.empty() && state_.openViewer) state_.openViewer(state_.port(port));
    doing_ = Doing::nothing;
    return;
  }
  if (ImGui::IsMouseDoubleClicked(0) && !ctrl_ && !shift_) {
    twice_ = true;
    doubleClick();
    return;
  }
  selectPressed();
}

void Gestures::doubleClick() {
  const auto done = [&] { doing_ = Doing::nothing; };
  switch (pressed_.kind) {
    case Kind::nothing:
    case Kind::zone:
    case Kind::frame:
      search_.openAdd(ImGui::GetIO().MousePos, state_.mouse);
      return done();
    case Kind::wire:
      addCorner(pressed_, state_.mouse);
      return done();
    case Kind::field:
      parameters_.clicked(pressed_, true);
      return done();
    case Kind::thumb:
      if (state_.openViewer) state_.openViewer(state_.port(pressed_.port));
      return done();
    case Kind::frameTitle:
    case Kind::note:
      if (rename) rename(pressed_.id);
      return done();
    case Kind::header:
    case Kind::title:
    case Kind::node: {
      const NodeShape& node = state_.scene.nodes()[pressed_.node];
      if (node.group) {
        if (enter) enter(node);
        return done();
      }
      if (pressed_.kind != Kind::node) {
        if (rename) rename(node.id);
        return done();
      }
      return;
    }
    case Kind::corner: {  // takes it away
      const WireShape& wire = state_.scene.wires()[pressed_.wire];
      const std::string key = wire.key();
      const int corner = pressed_.corner;
      state_.editLayout("Remove corner", [&](Layout& layout) {
        auto& corners = layout.reroutes[key];
        if (corner < static_cast<int>(corners.size())) corners.erase(corners.begin() + corner);
        if (corners.empty()) layout.reroutes.erase(key);
      });
      return done();
    }
    default:
      return;
  }
}

// What a press on it selects. A press on one of many leaves them selected, to be dragged; the click narrows.
void Gestures::selectPressed() {
  std::string id = pressed_.id;
  if (pressed_.node >= 0) id = state_.scene.nodes()[pressed_.node].id;
  if (pressed_.kind == Kind::zone) return;  // the begin of a box; a click selects it
  if (pressed_.kind == Kind::frame) return;
  if (pressed_.kind == Kind::wire) {
    std::vector<Wire> wires = shift_ ? state_.session.selection().wires : std::vector<Wire>();
    wires.push_back(state_.scene.wires()[pressed_.wire].wire);
    state_.select(shift_ ? state_.session.selection().nodes : Ids(), std::move(wires));
    return;
  }
  if (id.empty() || pressed_.kind == Kind::socket) return;
  Ids nodes = state_.session.selection().nodes;
  if (ctrl_) {
    if (!nodes.erase(id)) nodes.insert(id);
  } else if (shift_) {
    nodes.insert(id);
  } else if (nodes.count(id)) {
    selectOnClick_ = true;
    return;
  } else {
    nodes = {id};
  }
  state_.select(nodes);
}

void Gestures::click() {
  if (button_ == 1) {
    // What is not selected is, so that the menu is of what it seems to be of.
    std::string id = pressed_.id;
    if (pressed_.node >= 0 && pressed_.kind != Kind::zone) id = state_.scene.nodes()[pressed_.node].id;
    if (!id.empty() && !state_.selected(id)) state_.select({id});
    if (openMenu) openMenu(pressed_, start_);
    return;
  }
  if (button_ == 2) {
    if (pressed_.kind == Kind::wire) addCorner(pressed_, start_);
    return;
  }
  switch (pressed_.kind) {
    case Kind::nothing:
    case Kind::frame:
      if (!shift_ && !ctrl_) state_.select({});
      return;
    case Kind::zone: {
      const std::string id = state_.scene.nodes()[pressed_.node].id;
      Ids nodes = shift_ || ctrl_ ? state_.session.selection().nodes : Ids();
      if (!ctrl_ || !nodes.erase(id)) nodes.insert(id);
      state_.select(nodes);
      return;
    }
    case Kind::field:
    case Kind::fieldSign:
    case Kind::fieldLock:
      if (!shift_ && !ctrl_) parameters_.clicked(pressed_, twice_);
      break;
    case Kind::socket:
    case Kind::thumb: {
      const NodeShape& node = state_.scene.nodes()[pressed_.node];
      Selection selection;
      selection.nodes = {node.id};
      selection.port = pressed_.port;
      if (pressed_.kind == Kind::socket) {
        const SocketShape& socket = node.sockets[pressed_.socket];
        if (socket.output) selection.port = node.id + "." + socket.slot;
        if (!socket.output)
          for (const WireShape& wire : state_.scene.wires())
            if (wire.to == pressed_.node && wire.toSocket == pressed_.socket)
              selection.port = wire.wire.from.text();
      }
      if (!selection.port.empty()) selection.port = state_.port(selection.port);
      state_.session.select(selection);
      return;
    }
    default:
      break;
  }
  if (selectOnClick_) {
    const std::string id = pressed_.node >= 0 ? state_.scene.nodes()[pressed_.node].id : pressed_.id;
    if (!id.empty() && state_.session.selection().nodes.size() > 1) state_.select({id});
  }
}

void Gestures::beginDrag() {
  if (button_ == 2 || (button_ == 0 && ImGui::IsKeyDown(ImGuiKey_Space)) || (button_ == 1 && !ctrl_)) {
    doing_ = Doing::panning;
    return;
  }
  if (button_ == 1) {
    doing_ = Doing::cutting;
    state_.cut = {start_};
    return;
  }
  switch (pressed_.kind) {
    case Kind::socket:
      return beginLink();
    case Kind::corner:
      doing_ = Doing::cornering;
      return;
    case Kind::zoneBorder:
    case Kind::frameBorder:
    case Kind::noteBorder:
      return beginResize();
    case Kind::field:
      if (parameters_.canScrub(pressed_)) {
        doing_ = Doing::scrubbing;
        parameters_.beginScrub(pressed_);
        return;
      }
      return beginMove();
    case Kind::node:
    case Kind::header:
    case Kind::title:
    case Kind::thumb:
    case Kind::fieldSign:
    case Kind::fieldLock:
    case Kind::note:
    case Kind::frameTitle:
      return beginMove();
    default:
      doing_ = Doing::boxing;
      before_ = shift_ || ctrl_ ? state_.session.selection().nodes : Ids();
  }
}

void Gestures::drag() {
  const ImGuiIO& io = ImGui::GetIO();
  switch (doing_) {
    case Doing::panning:
      state_.camera.centre.x -= (io.MousePos.x - from_.x) / state_.camera.zoom;
      state_.camera.centre.y -= (io.MousePos.y - from_.y) / state_.camera.zoom;
      from_ = io.MousePos;
      state_.mouse = state_.camera.toCanvas(io.MousePos);
      return;
    case Doing::boxing:
      edgePan();
      state_.box = between(start_, state_.mouse);
      return selectBox();
    case Doing::moving:
      edgePan();
      return dragMove();
    case Doing::linking:
      edgePan();
      return dragLink();
    case Doing::cornering: {
      Point to = state_.mouse;
      if (state_.snapping) to = {snapped(to.x), snapped(to.y)};
      return state_.scene.moveCorner(pressed_.wire, pressed_.corner, to);
    }
    case Doing::resizing:
      return dragResize();
    case Doing::cutting:
      if (length(state_.mouse - state_.cut.back()) * state_.camera.zoom > 3)
        state_.cut.push_back(state_.mouse);
      return;
    case Doing::scrubbing:
      return parameters_.scrub(io.MousePos.x - from_.x, shift_, ctrl_);
    default:
      return;
  }
}

void Gestures::drop() {
  switch (doing_) {
    case Doing::boxing:
      state_.box.reset();
      return;
    case Doing::moving:
      return dropMove();
    case Doing::linking:
      return dropLink();
    case Doing::cornering: {
      const WireShape& wire = state_.scene.wires()[pressed_.wire];
      const std::string key = wire.key();
      const std::vector<Point> corners = wire.corners;
      state_.editLayout("Move corner", [&](Layout& layout) { layout.reroutes[key] = corners; });
      return;
    }
    case Doing::resizing:
      return dropResize();
    case Doing::cutting:
      return dropCut();
    case Doing::scrubbing:
      return parameters_.endScrub(true);
    default:
      return;
  }
}

void Gestures::cancel() {
  if (doing_ == Doing::scrubbing) parameters_.endScrub(false);
  if (doing_ == Doing::boxing) state_.select(before_);
  if (doing_ == Doing::moving || doing_ == Doing::cornering || doing_ == Doing::resizing) state_.stale = true;
  doing_ = Doing::nothing;
  state_.box.reset();
  state_.cut.clear();
  state_.link.reset();
  state_.refusal.clear();
  state_.zoneOver = state_.wireOver = -1;
  state_.redraw();
}

void Gestures::documentChanged() {
  if (doing_ == Doing::panning || doing_ == Doing::scrubbing || doing_ == Doing::cutting ||
      doing_ == Doing::boxing)
    return;
  cancel();
}

// Near the border of the view it goes on.
void Gestures::edgePan() {
  Camera& camera = state_.camera;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  constexpr float kNear = 22;
  const auto push = [&](float at, float low, float high) {
    if (at < low + kNear) return at - low - kNear;
    if (at > high - kNear) return at - high + kNear;
    return 0.f;
  };
  const float x = push(mouse.x, camera.at.x, camera.at.x + camera.size.x);
  const float y = push(mouse.y, camera.at.y, camera.at.y + camera.size.y);
  if (x == 0 && y == 0) return;
  const float by = ImGui::GetIO().DeltaTime * 12 / camera.zoom;
  camera.centre.x += std::clamp(x, -40.f, 40.f) * by;
  camera.centre.y += std::clamp(y, -40.f, 40.f) * by;
  state_.mouse = camera.toCanvas(mouse);
  state_.redraw();
}

void Gestures::selectBox() {
  Ids nodes = before_;
  const auto add = [&](const std::string& id) {
    if (ctrl_ && before_.count(id))
      nodes.erase(id);
    else
      nodes.insert(id);
  };
  // What it touches; regions and frames only as a whole, for one draws boxes within them.
  for (const NodeShape& node : state_.scene.nodes())
    if (node.region() ? contains(*state_.box, node.rect) : overlap(*state_.box, node.rect)) add(node.id);
  for (const FrameShape& frame : state_.scene.frames())
    if (contains(*state_.box, frame.layout.rect)) add(frame.id);
  for (const NoteShape& note : state_.scene.notes())
    if (overlap(*state_.box, note.layout.rect)) add(note.id);
  if (nodes != state_.session.selection().nodes) state_.select(nodes);
}

void Gestures::beginResize() {
  doing_ = Doing::resizing;
  const std::string id = pressed_.node >= 0 ? state_.scene.nodes()[pressed_.node].id : pressed_.id;
  rectBefore_ = state_.scene.rectOf(id).value_or(Rect());
  pressed_.id = id;
}

void Gestures::dragResize() {
  Rect to = rectBefore_;
  const auto at = [&](float value) { return state_.snapping ? snapped(value) : value; };
  const float least = 60;
  if (pressed_.edge & 1) {
    to.x = std::min(at(rectBefore_.x + state_.mouse.x - start_.x), right(rectBefore_) - least);
    to.width = right(rectBefore_) - to.x;
  }
  if (pressed_.edge & 4)
    to.width = std::max(at(right(rectBefore_) + state_.mouse.x - start_.x) - to.x, least);
  if (pressed_.edge & 8)
    to.height = std::max(at(bottom(rectBefore_) + state_.mouse.y - start_.y) - to.y, least / 2);
  state_.scene.resize(pressed_.id, to);
}

void Gestures::dropResize() {
  const std::string id = pressed_.id;
  const auto now = state_.scene.rectOf(id);
  if (!now) return;
  state_.editLayout(pressed_.node >= 0 ? "Resize zone" : "Resize", [&](Layout& layout) {
    if (const auto frame = layout.frames.find(id); frame != layout.frames.end()) {
      frame->second.rect = *now;
    } else if (const auto note = layout.notes.find(id); note != layout.notes.end()) {
      note->second.rect = *now;
    } else {
      layout.nodes[id].at = corner(*now);
      layout.nodes[id].size = Point{now->width, now->height};
    }
  });
}

void Gestures::dropCut() {
  std::vector<Wire> cut;
  // Sides as half planes: a cut through a corner of the path counts for one of the two lines there.
  const auto cross = [](Point a, Point b, Point c, Point d) {
    const auto side = [](Point p, Point q, Point r) {
      return (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x) >= 0;
    };
    return side(a, b, c) != side(a, b, d) && side(c, d, a) != side(c, d, b);
  };
  for (const WireShape& wire : state_.scene.wires()) {
    bool hit = false;
    for (size_t i = 0; i + 1 < wire.path.size() && !hit; ++i)
      for (size_t k = 0; k + 1 < state_.cut.size() && !hit; ++k)
        hit = cross(wire.path[i], wire.path[i + 1], state_.cut[k], state_.cut[k + 1]);
    if (hit) cut.push_back(wire.wire);
  }
  state_.cut.clear();
  if (cut.empty()) return;
  state_.edit(cut.size() == 1 ? "Cut link" : QString("Cut %1 links").arg(cut.size()),
              [&](const Document& document) { return disconnect(document, state_.session.place(), cut); });
}

void Gestures::disconnectWire(int wire) {
  const Wire which = state_.scene.wires()[wire].wire;
  state_.edit("Cut link", [&](const Document& document) {
    return disconnect(document, state_.session.place(), {which});
  });
}

// Between the stops that it lies between along the way.
void Gestures::addCorner(const Hit& hit, Point at) {
  const WireShape& wire = state_.scene.wires()[hit.wire];
  std::vector<Point> corners = wire.corners;
  std::vector<Point> stops{wire.path.front()};
  stops.insert(stops.end(), corners.begin(), corners.end());
  stops.push_back(wire.path.back());
  size_t best = 0;
  float least = FLT_MAX;
  for (size_t i = 0; i + 1 < stops.size(); ++i) {
    const float detour = length(at - stops[i]) + length(stops[i + 1] - at) - length(stops[i + 1] - stops[i]);
    if (detour < least) {
      least = detour;
      best = i;
    }
  }
  corners.insert(corners.begin() + static_cast<std::ptrdiff_t>(best), at);
  const std::string key = wire.key();
  state_.editLayout("Add corner", [&](Layout& layout) { layout.reroutes[key] = corners; });
}

}  // namespace loom::editor
