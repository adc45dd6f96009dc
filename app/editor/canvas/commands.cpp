// What menus and keys ask of the canvas.
#include <QClipboard>
#include <QGuiApplication>

#include "app/editor/canvas/canvas_implementation.h"
#include "app/editor/gl/imgui_widget.h"

namespace loom::editor {

Ids Canvas::Implementation::selectedNodes() const {
  Ids nodes;
  const Graph& graph = graphAt(session.document(), session.place());
  for (const std::string& id : session.selection().nodes)
    if (findNode(graph, id)) nodes.insert(id);
  return nodes;
}

Point Canvas::Implementation::pastePoint() const {
  const Point at = mouseInside_ ? mouse : camera.centre;
  return {snapped(at.x), snapped(at.y)};
}

void Canvas::Implementation::setMode(NodeMode mode, const QString& name) {
  const Ids ids = selectedNodes();
  if (ids.empty()) return;
  const Graph& graph = graphAt(session.document(), session.place());
  bool all = true;
  for (const std::string& id : ids) all &= findNode(graph, id)->mode == mode;
  const NodeMode to = all ? NodeMode::on : mode;
  edit(all ? "Turn on again" : name,
       [&](const Document& document) { return loom::editor::setMode(document, session.place(), ids, to); });
}

void Canvas::Implementation::enter(const std::string& group) {
  session.select({});
  session.enter(group);
}

namespace {

std::string freeId(const Layout& layout, const Scene& scene, const char* stem) {
  for (int i = 1;; ++i) {
    const std::string id = stem + std::to_string(i);
    if (!layout.frames.count(id) && !layout.notes.count(id) && scene.find(id) < 0) return id;
  }
}

}  // namespace

void Canvas::Implementation::addNote(Point at) {
  rebuild();
  const std::string id = freeId(scene.layout(), scene, "note");
  if (!editLayout("Add note", [&](Layout& layout) {
        layout.notes[id].rect = {snapped(at.x), snapped(at.y), 220, 110};
      }))
    return;
  select({id});
  titles.begin(id);
}

void Canvas::Implementation::addFrame(Rect rect) {
  rebuild();
  const std::string id = freeId(scene.layout(), scene, "frame");
  if (!editLayout("Add frame", [&](Layout& layout) {
        layout.frames[id].rect = {snapped(rect.x), snapped(rect.y), snapped(rect.width),
                                  snapped(rect.height)};
        layout.frames[id].title = "Frame";
      }))
    return;
  select({id});
  titles.begin(id);
}

// View

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
  camera.zoomAround({camera.at.x + camera.size.x / 2, camera.at.y + camera.size.y / 2}, zoom);
  implementation_->redraw();
}

float Canvas::zoom() const { return implementation_->camera.zoom; }

void Canvas::centreOn(const std::string& node) {
  Implementation& it = *implementation_;
  it.rebuild();
  std::string id = node;
  if (id.compare(0, it.prefix.size(), it.prefix) == 0) id = id.substr(it.prefix.size());
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
  if (it.camera.zoom < 0.45f || it.camera.zoom > 2.5f) it.camera.zoom = 1;
  it.select({id});
}

void Canvas::setBookmark(const std::string& key) {
  Implementation& it = *implementation_;
  it.editLayout("Set bookmark " + QString::fromStdString(key), [&](Layout& layout) {
    layout.bookmarks[key].centre = it.camera.centre;
    layout.bookmarks[key].zoom = it.camera.zoom;
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
  it.camera.zoom = std::clamp(found->second.zoom, Camera::kLeastZoom, Camera::kMostZoom);
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

// On the selection

void Canvas::removeSelected(bool reconnect) {
  Implementation& it = *implementation_;
  const Selection selection = it.session.selection();
  const Ids nodes = it.selectedNodes();
  if (selection.nodes.empty() && selection.wires.empty()) return;
  const QString name = selection.nodes.empty() ? "Cut links"
                       : reconnect             ? "Delete and reconnect"
                       : selection.nodes.size() == 1
                           ? "Delete " + QString::fromStdString(*selection.nodes.begin())
                           : QString("Delete %1 things").arg(selection.nodes.size());
  const std::string place = it.session.place();
  const bool done = it.edit(name, [&](const Document& document) {
    Document next = document;
    if (!selection.wires.empty()) {
      std::vector<Wire> wires;  // those that are still there
      for (const Wire& wire : wiresOf(graphAt(document, place)))
        if (std::find(selection.wires.begin(), selection.wires.end(), wire) != selection.wires.end())
          wires.push_back(wire);
      next = disconnect(next, place, wires);
    }
    if (!nodes.empty()) next = removeNodes(next, place, it.session.catalog(), nodes, reconnect);
    Layout layout = layoutOf(next, place);
    bool changed = false;
    for (const std::string& id : selection.nodes)
      if (!nodes.count(id)) changed |= layout.frames.erase(id) + layout.notes.erase(id) > 0;
    return changed ? withLayout(next, place, layout) : next;
  });
  if (done) it.select({});
}

void Canvas::duplicateSelected(bool keepInputs) {
  Implementation& it = *implementation_;
  const Ids nodes = it.selectedNodes();
  if (nodes.empty()) return;
  it.editAndSelect("Duplicate", [&](const Document& document) {
    return duplicate(document, it.session.place(), it.session.catalog(), nodes, {30, 30}, keepInputs);
  });
}

void Canvas::copySelected() {
  Implementation& it = *implementation_;
  const Ids nodes = it.selectedNodes();
  if (nodes.empty()) return;
  it.rebuild();
  // With the places that are seen, also where the document has none.
  const std::string text = copyText(it.placed(it.session.document()), it.session.place(), nodes);
  QGuiApplication::clipboard()->setText(QString::fromStdString(text));
}

void Canvas::cutSelected() {
  if (implementation_->selectedNodes().empty()) return;
  copySelected();
  removeSelected(false);
}

void Canvas::paste() {
  Implementation& it = *implementation_;
  const std::string text = QGuiApplication::clipboard()->text().toStdString();
  if (text.empty()) {
    it.session.notice("There is nothing to paste");
    return;
  }
  it.rebuild();
  const Point at = it.pastePoint();
  const std::string zone = it.zoneIdAt(at);
  it.editAndSelect("Paste", [&](const Document& document) {
    return loom::editor::paste(document, it.session.place(), it.session.catalog(), text, at, zone);
  });
}

void Canvas::muteSelected() { implementation_->setMode(NodeMode::muted, "Mute"); }
void Canvas::bypassSelected() { implementation_->setMode(NodeMode::bypassed, "Bypass"); }

void Canvas::collapseSelected() {
  Implementation& it = *implementation_;
  const Ids nodes = it.selectedNodes();
  if (nodes.empty()) return;
  it.rebuild();
  bool all = true;
  for (const std::string& id : nodes)
    if (const NodeShape* shape = it.scene.node(id)) all &= shape->collapsed;
  it.editLayout(all ? "Open" : "Collapse", [&](Layout& layout) {
    for (const std::string& id : nodes) layout.nodes[id].collapsed = !all;
  });
}

void Canvas::alignSelected(Align how) {
  Implementation& it = *implementation_;
  const Ids ids = it.session.selection().nodes;
  if (ids.size() < 2) return;
  it.rebuild();
  it.edit("Align", [&](const Document& document) {
    return align(document, it.session.place(), ids, how, it.scene.sizes());
  });
}

void Canvas::tidyUp(bool onlySelected) {
  Implementation& it = *implementation_;
  it.rebuild();
  TidyOptions options;
  options.all = true;
  if (onlySelected) {
    const Ids ids = it.selectedNodes();
    if (ids.empty()) return;
    options.only.assign(ids.begin(), ids.end());
  }
  options.sizes = it.scene.nodeSizes();
  const bool done = it.edit("Tidy up", [&](const Document& document) {
    return withLayout(document, it.session.place(),
                      tidy(document, it.session.place(), it.session.catalog(), options));
  });
  if (done && !onlySelected) fitAll();
}

void Canvas::groupSelected() {
  Implementation& it = *implementation_;
  const Ids nodes = it.selectedNodes();
  if (nodes.empty()) return;
  std::string name = "group";
  for (int i = 2; it.session.document().groups.count(name); ++i) name = "group_" + std::to_string(i);
  it.editAndSelect("Group", [&](const Document& document) {
    return makeGroup(document, it.session.place(), it.session.catalog(), nodes, name);
  });
}

void Canvas::expandSelected() {
  Implementation& it = *implementation_;
  const Ids nodes = it.selectedNodes();
  if (nodes.empty()) return;
  it.editAndSelect("Expand group", [&](const Document& document) {
    Edited result{document, {}};
    for (const std::string& id : nodes) {
      const Node* node = findNode(graphAt(result.document, it.session.place()), id);
      if (!node || node->type.compare(0, kGroupPrefix.size(), kGroupPrefix) != 0) continue;
      Edited next = expandGroup(result.document, it.session.place(), it.session.catalog(), id);
      result.document = std::move(next.document);
      result.made.insert(next.made.begin(), next.made.end());
    }
    return result;
  });
}

void Canvas::enterSelected() {
  Implementation& it = *implementation_;
  for (const std::string& id : it.selectedNodes()) {
    const Node* node = findNode(graphAt(it.session.document(), it.session.place()), id);
    if (node && node->type.compare(0, kGroupPrefix.size(), kGroupPrefix) == 0)
      return it.enter(node->type.substr(kGroupPrefix.size()));
  }
}

void Canvas::leaveGroup() {
  Implementation& it = *implementation_;
  if (it.session.place().empty()) return;
  it.enter("");
}

void Canvas::frameSelected() {
  Implementation& it = *implementation_;
  it.rebuild();
  std::optional<Rect> all;
  for (const std::string& id : it.session.selection().nodes)
    if (const auto rect = it.scene.rectOf(id)) all = all ? around(*all, *rect) : *rect;
  if (!all) {
    const Point at = it.pastePoint();
    return it.addFrame({at.x, at.y, 400, 280});
  }
  const Rect outer = grown(*all, 20);
  it.addFrame({outer.x, outer.y - sizes::kFrameTitle, outer.width, outer.height + sizes::kFrameTitle});
}

void Canvas::wrapSelectedInZone() {
  Implementation& it = *implementation_;
  const Ids nodes = it.selectedNodes();
  if (nodes.empty()) return;
  it.editAndSelect("Wrap in a zone", [&](const Document& document) {
    return wrapInZone(document, it.session.place(), it.session.catalog(), nodes);
  });
}

void Canvas::addNote() { implementation_->addNote(implementation_->pastePoint()); }

void Canvas::renameSelected() {
  const Ids& ids = implementation_->session.selection().nodes;
  if (ids.size() == 1) implementation_->titles.begin(*ids.begin());
}

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
    if (it.camera.zoom < 0.5f) zoomTo(1);
    it.parameters.begin(id);
  } else {
    it.titles.begin(id);
  }
}

void Canvas::watchSelected() {
  Implementation& it = *implementation_;
  it.rebuild();
  const Catalog& catalog = it.session.catalog();
  std::vector<std::string> ports;
  for (const std::string& id : it.selectedNodes()) {
    const NodeShape* shape = it.scene.node(id);
    if (!shape) continue;
    for (const SocketShape& socket : shape->sockets) {
      const ValueType* type = catalog.type(socket.type);
      const std::string port = it.port(id + "." + socket.slot);
      if (socket.output && type && type->picture &&
          std::find(ports.begin(), ports.end(), port) == ports.end())
        ports.push_back(port);
    }
  }
  if (!it.session.selection().port.empty()) ports = {it.session.selection().port};
  if (ports.empty()) {
    it.session.notice("The selection has no output that looks like a picture");
    return;
  }
  // The list is the document's own, whichever group is entered.
  const std::vector<std::string> now = watchedPorts(it.session.document(), catalog);
  bool all = true;
  for (const std::string& port : ports) all &= std::find(now.begin(), now.end(), port) != now.end();
  it.edit(all ? "Watch no longer" : "Watch", [&](const Document& document) {
    Layout layout = layoutOf(document, "");
    layout.watched = now;
    for (const std::string& port : ports) {
      const auto found = std::find(layout.watched.begin(), layout.watched.end(), port);
      if (all && found != layout.watched.end()) layout.watched.erase(found);
      if (!all && found == layout.watched.end()) layout.watched.push_back(port);
    }
    return withLayout(document, "", layout);
  });
}

// Places

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
