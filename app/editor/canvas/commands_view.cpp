// The view: what menus and keys ask of it, and where things are in it.
#include "app/editor/canvas/canvas_implementation.h"
#include "app/editor/gl/imgui_widget.h"

namespace loom::editor {

void Canvas::fitAll() {
  implementation_->rebuild();
  implementation_->fit(implementation_->scene.bounds());
}

void Canvas::fitSelection() {
  Implementation& it = *implementation_;
  it.rebuild();
  std::optional<Rect> all;
  for (const std::string& id : it.session.selection().nodes)
    if (const auto rect = it.scene.rectOf(id)) all = all ? around(*all, *rect) : *rect;
  if (all)
    it.fit(*all);
  else
    fitAll();
}

void Canvas::zoomBy(float factor) { zoomTo(zoom() * factor); }

void Canvas::zoomTo(float zoom) {
  Camera& camera = implementation_->camera;
  camera.zoomAround({camera.at.x + camera.size.x / 2, camera.at.y + camera.size.y / 2}, zoom * camera.usual);
  implementation_->redraw();
}

float Canvas::zoom() const { return implementation_->camera.zoom / implementation_->camera.usual; }

void Canvas::centreOn(const std::string& node) {
  Implementation& it = *implementation_;
  it.rebuild();
  std::string id = node;
  const std::string& path = it.session.path();
  if (id.compare(0, path.size(), path) == 0) id = id.substr(path.size());
  if (const size_t slash = id.find('/'); slash != std::string::npos) id.resize(slash);
  auto rect = it.scene.rectOf(id);
  if (!rect)  // in a zone that is collapsed
    for (const std::string& zone : findNode(graphAt(it.session.document(), it.session.place()), id)
                                       ? zonesAround(graphAt(it.session.document(), it.session.place()), id)
                                       : std::vector<std::string>())
      if (!rect) rect = it.scene.rectOf(zone);
  if (!rect) return;
  it.fitNext = false;
  it.camera.centre = middle(*rect);
  const float zoom = it.camera.zoom / it.camera.usual;
  if (zoom < Camera::kReadable || zoom > 2.5f) it.camera.zoom = it.camera.usual;
  // Of what is larger than the view its header, where it says what is wrong with it.
  constexpr float kMargin = 60;  // pixels
  const float wide = it.camera.size.x / 2 - kMargin, high = it.camera.size.y / 2 - kMargin;
  if (rect->width * it.camera.zoom > 2 * wide) it.camera.centre.x = rect->x + wide / it.camera.zoom;
  if (rect->height * it.camera.zoom > 2 * high) it.camera.centre.y = rect->y + high / it.camera.zoom;
  it.select({id});
}

void Canvas::setBookmark(const std::string& key) {
  Implementation& it = *implementation_;
  it.editLayout("Set bookmark " + QString::fromStdString(key), [&](Layout& layout) {
    layout.bookmarks[key].centre = it.camera.centre;
    layout.bookmarks[key].zoom = it.camera.zoom / it.camera.usual;
  });
}

void Canvas::goToBookmark(const std::string& key) {
  Implementation& it = *implementation_;
  it.rebuild();
  const auto found = it.scene.layout().bookmarks.find(key);
  if (found == it.scene.layout().bookmarks.end()) {
    it.session.notice("There is no bookmark " + QString::fromStdString(key) + " yet");
    return;
  }
  it.camera.centre = found->second.centre;
  it.camera.zoom = std::clamp(found->second.zoom * it.camera.usual, Camera::kLeastZoom, Camera::kMostZoom);
  it.redraw();
}

bool Canvas::minimapShown() const { return implementation_->minimap.shown; }

void Canvas::showMinimap(bool shown) {
  implementation_->minimap.shown = shown;
  implementation_->session.settings().setValue("canvas/minimap", shown);
  implementation_->redraw();
}

bool Canvas::snapping() const { return implementation_->snapping; }

void Canvas::setSnapping(bool on) {
  implementation_->snapping = on;
  implementation_->session.settings().setValue("canvas/snap", on);
}

void Canvas::openSearch() {
  Implementation& it = *implementation_;
  const Point at = it.pastePoint();
  it.search.openAdd(it.camera.toScreen(at), at);
}

void Canvas::openFind() {
  const Camera& camera = implementation_->camera;
  implementation_->search.openFind({camera.at.x + camera.size.x / 2 - 190, camera.at.y + 60});
}

std::map<std::string, Point> Canvas::sizes() const {
  implementation_->rebuild();
  return implementation_->scene.sizes();
}

std::optional<Rect> Canvas::rectOf(const std::string& node, const std::string& slot) const {
  Implementation& it = *implementation_;
  it.rebuild();
  const auto screen = [&](const Rect& rect) {
    const ImVec2 at = toScreen(corner(rect));
    return Rect{at.x, at.y, rect.width * it.camera.zoom, rect.height * it.camera.zoom};
  };
  if (slot.empty()) {
    const auto rect = it.scene.rectOf(node);
    return rect ? std::optional<Rect>(screen(*rect)) : std::nullopt;
  }
  const NodeShape* shape = it.scene.node(node);
  if (!shape) return {};
  const bool output = slot[0] == '>';
  std::string name = output ? slot.substr(1) : slot;
  bool inside = name.compare(0, 5, "next.") == 0 || name.compare(0, 8, "collect.") == 0 || name == "@until";
  if (const size_t at = name.rfind(":inside"); output && at != std::string::npos) {
    name.resize(at);
    inside = true;
  }
  const int found = shape->find(name, output, inside);
  if (found < 0) return {};
  const SocketShape& socket = shape->sockets[found];
  if (socket.hidden) return {};
  if (socket.field) return screen(moved(socket.fieldAt, corner(shape->rect)));
  const Point at = shape->at(socket);
  return screen({at.x - sizes::kSocket, at.y - sizes::kSocket, 2 * sizes::kSocket, 2 * sizes::kSocket});
}

Point Canvas::toCanvas(ImVec2 screen) const { return implementation_->camera.toCanvas(screen); }
ImVec2 Canvas::toScreen(Point canvas) const { return implementation_->camera.toScreen(canvas); }

}  // namespace loom::editor
