// What menus and keys ask of the canvas.
#include <QClipboard>
#include <QGuiApplication>

#include "app/editor/canvas/canvas_implementation.h"
#include "app/editor/gl/imgui_widget.h"
#include "app/editor/session/shown_ports.h"

namespace loom::editor {

Ids Canvas::Implementation::selectedNodes() const {
  return nodesAmong(graphAt(session.document(), session.place()), session.selection().nodes);
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
  forEachNode(graph.nodes, [&](const Node& node) { all &= !ids.contains(node.id) || node.mode == mode; });
  const NodeMode to = all ? NodeMode::on : mode;
  edit(all ? "Turn on again" : name,
       [&](const Document& document) { return loom::editor::setMode(document, session.place(), ids, to); });
}

void Canvas::Implementation::enter(const NodeShape& node) {
  session.enter(node.node->type.substr(kGroupPrefix.size()), port(node.id) + "/");
}

// To the graph that the way into a group goes through after `depth` groups.
void Canvas::Implementation::leaveTo(size_t depth) {
  const std::string path = session.path();
  size_t at = 0;
  for (; depth > 0 && at < path.size(); --depth) at = path.find('/', at) + 1;
  const std::string up = path.substr(0, at), from = path.substr(at, path.find('/', at) - at);
  session.enter(groupAt(session.document(), up), up);
  if (findNode(graphAt(session.document(), session.place()), from)) select({from});
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
    Layout layout = *layoutOf(next, place);
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
    Ids groups;
    forEachNode(graphAt(document, it.session.place()).nodes, [&](const Node& node) {
      if (nodes.contains(node.id) && node.type.starts_with(kGroupPrefix)) groups.insert(node.id);
    });
    for (const std::string& id : groups) {
      Edited next = expandGroup(result.document, it.session.place(), it.session.catalog(), id);
      result.document = std::move(next.document);
      result.made.insert(next.made.begin(), next.made.end());
    }
    return result;
  });
}

void Canvas::enterSelected() {
  Implementation& it = *implementation_;
  it.rebuild();
  for (const std::string& id : it.selectedNodes())
    if (const NodeShape* node = it.scene.node(id); node && node->group) return it.enter(*node);
}

void Canvas::leaveGroup() {
  Implementation& it = *implementation_;
  if (it.session.place().empty()) return;
  const std::string& path = it.session.path();
  const auto deep = static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
  it.leaveTo(deep == 0 ? 0 : deep - 1);
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

void Canvas::openMenu() {
  Implementation& it = *implementation_;
  it.rebuild();
  const Selection& selection = it.session.selection();
  Hit hit;
  Point at = it.camera.centre;
  if (selection.nodes.empty() && !selection.wires.empty()) {
    const auto& wires = it.scene.wires();
    for (size_t i = 0; i < wires.size(); ++i)
      if (wires[i].wire == selection.wires.front()) {
        hit.kind = Hit::Kind::wire;
        hit.wire = static_cast<int>(i);
        at = wires[i].path[wires[i].path.size() / 2];
      }
  } else if (!selection.nodes.empty()) {
    const std::string& id = *selection.nodes.begin();
    hit.node = it.scene.find(id);
    hit.kind = hit.node >= 0                       ? Hit::Kind::header
               : it.scene.layout().notes.count(id) ? Hit::Kind::note
                                                   : Hit::Kind::frameTitle;
    hit.id = hit.node >= 0 ? std::string() : id;
    if (const auto rect = it.scene.rectOf(id)) at = {rect->x + 16, rect->y + sizes::kHeader};
  }
  it.menus.openThere(hit, at);
}

// Each feeds the next that stands to the right of it.
void Canvas::linkSelected() {
  Implementation& it = *implementation_;
  it.rebuild();
  std::vector<const NodeShape*> nodes;
  for (const std::string& id : it.selectedNodes())
    if (const NodeShape* node = it.scene.node(id)) nodes.push_back(node);
  if (nodes.size() < 2) return it.session.notice("Select two nodes to link, or more");
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const NodeShape* a, const NodeShape* b) { return a->rect.x < b->rect.x; });
  std::vector<Wire> wires;
  for (size_t i = 0; i + 1 < nodes.size(); ++i) {
    const auto wire = it.bestWire(*nodes[i], *nodes[i + 1]);
    if (!wire)
      return it.session.notice(
          QString::fromStdString("No output of “" + nodes[i]->title + "” fits an input of “" +
                                 nodes[i + 1]->title + "” that is free"),
          true);
    wires.push_back(*wire);
  }
  it.edit("Link", [&](const Document& document) {
    Document next = document;
    for (const Wire& wire : wires)
      next = connect(next, it.session.place(), it.session.catalog(), wire.from, wire.to);
    return next;
  });
}

// The same type before a conversion, inputs before parameters; nothing that is taken.
std::optional<Wire> Canvas::Implementation::bestWire(const NodeShape& from, const NodeShape& to) const {
  std::optional<Wire> wire;
  int best = 0;
  for (const SocketShape& out : from.sockets)
    for (const SocketShape& in : to.sockets) {
      if (!out.output || out.adds || out.inside || in.output || in.adds || in.inside || in.slot == "@when")
        continue;
      if (in.linked && !in.port->many) continue;
      const int score = session.catalog().fit(out.type, in.type) * 2 + (in.field ? 0 : 1);
      if (session.catalog().fit(out.type, in.type) == 0 || score <= best) continue;
      best = score;
      wire = Wire{{from.id, out.slot}, {to.id, in.slot}};
    }
  return wire;
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
  it.edit(all ? "Watch no longer" : "Watch",
          [&](const Document& document) { return withWatched(document, catalog, ports, !all); });
}

}  // namespace loom::editor
