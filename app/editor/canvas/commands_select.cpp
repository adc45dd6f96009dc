// Selecting, walking and moving by keys.
#include "app/editor/canvas/canvas_implementation.h"
#include "app/editor/gl/imgui_widget.h"

namespace loom::editor {

void Canvas::selectAll() {
  Implementation& it = *implementation_;
  it.rebuild();
  Ids all;
  for (const NodeShape& node : it.scene.nodes()) all.insert(node.id);
  for (const FrameShape& frame : it.scene.frames()) all.insert(frame.id);
  for (const NoteShape& note : it.scene.notes()) all.insert(note.id);
  it.select(all);
}

void Canvas::selectNone() { implementation_->select({}); }

void Canvas::selectLinked(bool upstream, bool downstream) {
  Implementation& it = *implementation_;
  it.rebuild();
  const Ids begin = it.selectedNodes();
  Ids all = begin;
  const auto walk = [&](bool up) {
    std::vector<std::string> open(begin.begin(), begin.end());
    Ids seen = begin;
    while (!open.empty()) {
      const int at = it.scene.find(open.back());
      open.pop_back();
      for (const WireShape& wire : it.scene.wires()) {
        if ((up ? wire.to : wire.from) != at) continue;
        const std::string& next = it.scene.nodes()[up ? wire.from : wire.to].id;
        if (seen.insert(next).second) open.push_back(next);
      }
    }
    all.insert(seen.begin(), seen.end());
  };
  if (upstream) walk(true);
  if (downstream) walk(false);
  it.select(all);
}

void Canvas::moveSelected(float x, float y) {
  Implementation& it = *implementation_;
  it.rebuild();
  const Ids ids = it.session.selection().nodes;
  Ids top;  // zones take along what is in them
  for (const std::string& id : ids) {
    const int found = it.scene.find(id);
    bool within = false;
    for (int each = found < 0 ? -1 : it.scene.nodes()[found].parent; each >= 0;
         each = it.scene.nodes()[each].parent)
      within |= ids.count(it.scene.nodes()[each].id) > 0;
    if (!within) top.insert(id);
  }
  if (top.empty()) return;
  std::string merge = "keys:";
  for (const std::string& id : top) merge += id + " ";
  it.edit(
      "Move",
      [&](const Document& document) {
        return moveBy(document, it.session.place(), top, {x, y});
      },
      merge);
}

// The nearest in that direction; what it is linked with comes first.
void Canvas::selectNeighbour(ImGuiDir direction) {
  Implementation& it = *implementation_;
  it.rebuild();
  if (it.scene.nodes().empty()) return;
  const Ids selected = it.selectedNodes();
  if (selected.empty()) {
    const Point centre = it.camera.centre;
    const NodeShape* best = nullptr;
    for (const NodeShape& node : it.scene.nodes())
      if (!best || length(middle(node.rect) - centre) < length(middle(best->rect) - centre)) best = &node;
    return it.select({best->id});
  }
  const int from = it.scene.find(*selected.begin());
  if (from < 0) return;
  const Point at = middle(it.scene.nodes()[from].rect);
  std::set<int> linked;
  for (const WireShape& wire : it.scene.wires()) {
    if (wire.from == from) linked.insert(wire.to);
    if (wire.to == from) linked.insert(wire.from);
  }
  int best = -1;
  float least = FLT_MAX;
  for (size_t i = 0; i < it.scene.nodes().size(); ++i) {
    if (static_cast<int>(i) == from) continue;
    const Point by = middle(it.scene.nodes()[i].rect) - at;
    const float ahead = direction == ImGuiDir_Left    ? -by.x
                        : direction == ImGuiDir_Right ? by.x
                        : direction == ImGuiDir_Up    ? -by.y
                                                      : by.y;
    const float aside = std::abs(direction == ImGuiDir_Left || direction == ImGuiDir_Right ? by.y : by.x);
    if (ahead <= 1) continue;
    const bool sideways = direction == ImGuiDir_Left || direction == ImGuiDir_Right;
    const float cost = (ahead + aside * 2) * (sideways && linked.count(static_cast<int>(i)) ? 0.25f : 1);
    if (cost < least) {
      least = cost;
      best = static_cast<int>(i);
    }
  }
  if (best < 0) return;
  const Rect rect = it.scene.nodes()[best].rect;
  it.select({it.scene.nodes()[best].id});
  if (!contains(it.camera.seen(), rect)) it.camera.centre = middle(rect);
  it.redraw();
}

void Canvas::editSelected() {
  Implementation& it = *implementation_;
  const Ids& ids = it.session.selection().nodes;
  if (ids.size() != 1) return;
  const std::string id = *ids.begin();
  if (it.scene.node(id)) {
    if (zoom() < Camera::kReadable) zoomTo(1);
    it.parameters.begin(id);
  } else {
    it.titles.begin(id);
  }
}

}  // namespace loom::editor
