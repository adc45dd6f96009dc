#include "app/editor/canvas/canvas_state.h"

#include <imgui.h>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"

namespace loom::editor {

Scene::Measure CanvasState::measure() {
  return [this](FontKind kind, const std::string& text) {
    auto& widths = widths_[static_cast<int>(kind)];
    if (const auto found = widths.find(text); found != widths.end()) return found->second;
    if (ImGui::GetFrameCount() == 0) return static_cast<float>(text.size()) * 0.55f;  // no fonts yet
    if (widths.size() > 50'000) widths.clear();
    ImFont* font = kind == FontKind::text   ? host.textFont()
                   : kind == FontKind::bold ? host.boldFont()
                                            : host.numberFont();
    constexpr float kSize = 16;
    return widths[text] =
               font->CalcTextSizeA(kSize, FLT_MAX, 0, text.data(), text.data() + text.size()).x / kSize;
  };
}

void CanvasState::rebuild() {
  if (!stale) return;
  const bool measured = ImGui::GetFrameCount() > 0;  // texts; else once more when they can be
  if (measured && !measured_) scene.clear();
  measured_ = measured;
  stale = !measured;
  scene.build(session.document(), session.place(), session.catalog(), measure());
  findProblems();
  hover = Hit();
}

void CanvasState::redraw() const { host.redraw(); }

Document CanvasState::placed(const Document& document) const {
  if (!scene.someUnplaced()) return document;
  Layout layout = *layoutOf(document, session.place());
  for (const auto& [id, node] : scene.layout().nodes)
    if (NodeLayout& own = layout.nodes[id]; !own.at) own.at = node.at;
  return withLayout(document, session.place(), layout);
}

bool CanvasState::edit(const QString& name, const std::function<Document(const Document&)>& make,
                       const std::string& merge) {
  rebuild();
  const bool done = session.edit(
      name,
      [&](const Document& document) {
        return scene.someUnplaced() ? make(placed(document)) : make(document);
      },
      merge);
  stale = true;  // also where it failed: what a drag moved goes back
  redraw();
  return done;
}

bool CanvasState::editAndSelect(const QString& name, const std::function<Edited(const Document&)>& make) {
  rebuild();
  const bool done = session.editAndSelect(name, [&](const Document& document) {
    return scene.someUnplaced() ? make(placed(document)) : make(document);
  });
  stale = true;
  redraw();
  return done;
}

bool CanvasState::editLayout(const QString& name, const std::function<void(Layout&)>& make,
                             const std::string& merge) {
  return edit(
      name,
      [&](const Document& document) {
        Layout layout = *layoutOf(document, session.place());
        make(layout);
        return withLayout(document, session.place(), layout);
      },
      merge);
}

bool CanvasState::selected(const Wire& wire) const {
  const auto& wires = session.selection().wires;
  return std::find(wires.begin(), wires.end(), wire) != wires.end();
}

void CanvasState::select(Ids nodes, std::vector<Wire> wires) {
  Selection selection;
  selection.nodes = std::move(nodes);
  selection.wires = std::move(wires);
  session.select(std::move(selection));
  redraw();
}

std::string CanvasState::zoneIdAt(Point point, const std::set<int>& without) const {
  const int zone = scene.zoneAt(point, without);
  return zone < 0 ? std::string() : scene.nodes()[zone].id;
}

void CanvasState::findProblems() {
  problems.clear();
  const std::string& prefix = session.path();
  const auto add = [&](std::string node, const std::string& port, const std::string& message) {
    if (node.compare(0, prefix.size(), prefix) != 0) return;
    node = node.substr(prefix.size());
    if (const size_t slash = node.find('/'); slash != std::string::npos)
      node.resize(slash);  // in a group's node
    auto& messages = problems[node];
    const std::string text = port.empty() ? message : port + ": " + message;
    if (std::find(messages.begin(), messages.end(), text) == messages.end()) messages.push_back(text);
  };
  for (const Checked::Problem& each : session.checked().errors) add(each.node, each.port, each.message);
  if (const auto run = session.shownRun(); run && run->error && run->state == RunInfo::State::failed)
    add(run->error->node.toStdString(), run->error->port.toStdString(), run->error->message.toStdString());
}

unsigned CanvasState::wireColour(unsigned rgb, double alpha) const {
  return imColour(Theme::current().ofType(rgb), alpha);
}

int fitOf(const CanvasState& state, const LinkDrag& link, const NodeShape& node, const SocketShape& socket) {
  const Catalog& catalog = state.session.catalog();
  using What = LinkDrag::What;
  if (link.what == What::allOfOutput) return socket.output ? catalog.fit(socket.type, link.type) : 0;
  if (link.wantsInput()) {
    if (socket.output) return 0;
    // A zone may feed itself by what goes round, a node may not.
    if (node.id == link.from.node && !socket.inside) return 0;
    return socket.adds ? 1 : catalog.fit(link.type, socket.type);
  }
  if (!socket.output) return 0;
  if (node.id == link.to.node && !socket.inside) return 0;
  return catalog.fit(socket.type, link.type);
}

}  // namespace loom::editor
