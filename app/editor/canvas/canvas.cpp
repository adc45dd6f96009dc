#include "app/editor/canvas/canvas.h"

#include "app/editor/canvas/canvas_implementation.h"
#include "app/editor/canvas/pen.h"
#include "app/editor/gl/imgui_widget.h"

namespace loom::editor {
namespace {

constexpr double kHoverDelay = 0.4;  // seconds
// Milliseconds. Of a large graph an edit, the shapes and the frame are three turns of the event loop.
constexpr int kRebuildAfter = 1;

}  // namespace

Canvas::Implementation::Implementation(Canvas& canvas, Session& session, ImGuiWidget& host)
    : CanvasState(session, host), canvas(canvas), menus(canvas, *this, parameters) {
  snapping = session.settings().value("canvas/snap", true).toBool();
  minimap.shown = session.settings().value("canvas/minimap", true).toBool();
  rebuild_.setSingleShot(true);
  rebuild_.setTimerType(Qt::PreciseTimer);
  QObject::connect(&rebuild_, &QTimer::timeout, &context, [this] {
    this->host.makeCurrentContext();
    if (gestures.idle()) rebuild();
    redraw();
  });
  hoverTimer_.setSingleShot(true);
  QObject::connect(&hoverTimer_, &QTimer::timeout, &context, [this] { redraw(); });
  QObject::connect(&session, &Session::documentChanged, &context, [this] { documentChanged(); });
  QObject::connect(&session, &Session::catalogChanged, &context, [this] {
    stale = true;
    redraw();
  });
  QObject::connect(&session, &Session::checkedChanged, &context, [this] {
    findProblems();
    redraw();
  });
  QObject::connect(&session.runs(), &Runs::changed, &context, [this] { findProblems(); });

  gestures.openMenu = [this](const Hit& hit, Point at) { menus.open(hit, at); };
  gestures.rename = [this](const std::string& id) { titles.begin(id); };
  gestures.enter = [this](const NodeShape& group) { enter(group); };
  menus.addAt = [this](Point at) { search.openAdd(camera.toScreen(at), at); };
  menus.addNote = search.addNote = [this](Point at) { addNote(at); };
  menus.addFrame = search.addFrame = [this](Point at) { addFrame({at.x, at.y, 400, 280}); };
  menus.rename = gestures.rename;
  search.found = [this](const std::string& place, const std::string& node) {
    if (this->session.place() != place) this->session.enter(place);
    this->canvas.centreOn(node);
  };
  documentChanged();
}

// Another document, another place: the view goes to where it was there, or shows all.
void Canvas::Implementation::documentChanged() {
  atRest_ = true;
  stale = true;
  const Undo& undo = session.undo();
  const std::vector<NodePtr>& first = undo.entries().front().document.graph.nodes;
  const bool another = undo.entries().size() == 1 && (entries_ != 1 || first != opened_);
  entries_ = undo.entries().size();
  if (another) {
    opened_ = first;
    cameras_.clear();
    fitNext = true;
    place_ = session.place();
    search.close();
    titles.cancel();
    parameters.cancel();
  } else if (place_ != session.place()) {
    cameras_[place_] = {camera.centre, camera.zoom};
    place_ = session.place();
    if (const auto known = cameras_.find(place_); known != cameras_.end()) {
      camera.centre = known->second.first;
      camera.zoom = known->second.second;
      fitNext = false;
    } else {
      fitNext = true;
    }
    titles.cancel();
    parameters.cancel();
  }
  rebuild_.start(kRebuildAfter);
}

void Canvas::Implementation::fit(const Rect& rect) {
  camera.fit(rect);
  redraw();
}

bool Canvas::Implementation::keysTaken() const {
  return search.open() || parameters.busy() || titles.busy() || menus.shown() || !gestures.idle();
}

void Canvas::Implementation::draw(ImVec2 at, ImVec2 size) {
  camera.at = at;
  camera.size = size;
  followTextSize();
  if (stale && !gestures.idle()) gestures.documentChanged();
  rebuild();
  if (size.x > 1) firstLook();
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::Begin("##canvas", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoBringToFrontOnFocus);
  ImGui::PopStyleVar(2);
  ImGui::SetNextItemAllowOverlap();
  ImGui::InvisibleButton("surface", size,
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight |
                             ImGuiButtonFlags_MouseButtonMiddle);
  mouseInside_ = ImGui::IsItemHovered();
  const bool map = minimap.update(*this, mouseInside_);
  gestures.update(mouseInside_ && !map && !menus.shown());
  rebuild();  // what a gesture did is seen in the same frame

  ImDrawList* list = ImGui::GetWindowDrawList();
  const Pen pen(list, camera, host);
  drawGrid(pen);
  drawFrames(*this, pen);
  drawZones(*this, pen);
  drawWires(*this, pen);
  drawNodes(*this, pen);
  drawNotes(*this, pen);
  drawValues(*this, pen);
  drawGestures(*this, pen);
  parameters.draw(pen);
  titles.draw(pen);
  drawHint(pen);
  minimap.draw(*this, list);
  drawBreadcrumb();
  menus.draw();
  ImGui::End();
  search.draw();
  drawTip(mouseInside_ && !map);

  // While a popup or a gesture is on, keys are its own: Escape must not stop the run.
  const bool keys = keysTaken();
  if (keys) ImGui::GetIO().WantTextInput = true;
  ImGuiIO& io = ImGui::GetIO();
  if (menus.shown())
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  else
    io.ConfigFlags &= ~ImGuiConfigFlags_NavEnableKeyboard;
  if (!gestures.idle() && ImGui::IsKeyPressed(ImGuiKey_Escape, false)) gestures.cancel();
  if (keys != keys_) redraw();
  keys_ = keys;
}

void Canvas::Implementation::followTextSize() {
  const float usual = host.textScale();
  if (usual == camera.usual) return;
  camera.zoom *= usual / camera.usual;
  for (auto& [place, each] : cameras_) each.second *= usual / camera.usual;
  camera.usual = usual;
}

// The zone where it happens, or where the graph begins. Done again while the window finds its size, as long
// as nobody went elsewhere or did anything.
void Canvas::Implementation::firstLook() {
  const bool untouched = camera.centre == shown_.centre && camera.zoom == shown_.zoom && gestures.idle() &&
                         session.undo().now() == 0 && session.selection().nodes.empty();
  const bool resized = camera.size.x != shown_.size.x || camera.size.y != shown_.size.y;
  if (!fitNext && !(resized && untouched)) return;
  fitNext = false;
  const Rect all = scene.bounds();
  Rect first{all.x, all.y, 0, 0};
  for (const NodeShape& node : scene.nodes())
    if (node.region() && node.depth == 0 && node.rect.width * node.rect.height > first.width * first.height)
      first = node.rect;
  camera.centre = {0, 0};
  camera.zoom = camera.usual;
  camera.show(all, first);
  shown_ = camera;
}

void Canvas::Implementation::drawTip(bool over) {
  if (!refusal.empty()) return drawTooltip(*this);
  if (!over || hover.kind == Hit::Kind::nothing || keysTaken()) return hoverTimer_.stop();
  // What came to lie under a mouse at rest is looked at, not asked about.
  const ImVec2 moved = ImGui::GetIO().MouseDelta;
  if (moved.x != 0 || moved.y != 0) atRest_ = false;
  if (atRest_) return hoverTimer_.stop();
  const double since = ImGui::GetTime() - hoverSince;
  if (since >= kHoverDelay || tipFor_ == hover) {
    tipFor_ = hover;
    drawTooltip(*this);
  } else if (!hoverTimer_.isActive()) {
    hoverTimer_.start(static_cast<int>((kHoverDelay - since) * 1000) + 20);
  }
}

void Canvas::Implementation::drawBreadcrumb() {
  const std::string& place = session.place();
  if (place.empty()) return;
  const std::string top = session.document().title.empty() ? "Graph" : session.document().title;
  ImGui::SetCursorScreenPos({camera.at.x + 12, camera.at.y + 10});
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(9, 5));
  const std::string path = session.path();
  size_t depth = 0;
  std::optional<size_t> chosen;
  const auto level = [&](const std::string& name) {
    if (ImGui::Button((name + "##" + std::to_string(depth)).c_str())) chosen = depth;
    ++depth;
    ImGui::SameLine(0, 6);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted("›");
    ImGui::SameLine(0, 6);
  };
  level(top);
  for (size_t from = 0, to; (to = path.find('/', from)) != std::string::npos; from = to + 1)
    if (to + 1 < path.size()) level(path.substr(from, to - from));
  ImGui::PushFont(host.boldFont(), 0);
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(place.c_str());
  ImGui::PopFont();
  ImGui::PopStyleVar();
  if (chosen) leaveTo(*chosen);
}

void Canvas::Implementation::drawHint(const Pen& pen) {
  if (!scene.nodes().empty() || !scene.notes().empty() || !scene.frames().empty() || search.open()) return;
  const ImVec2 centre{camera.at.x + camera.size.x / 2, camera.at.y + camera.size.y / 2};
  const auto line = [&](ImFont* font, float size, float y, unsigned colour, const char* text) {
    const float wide = font->CalcTextSizeA(size, FLT_MAX, 0, text).x;
    pen.list()->AddText(font, size, {std::round(centre.x - wide / 2), std::round(centre.y + y)}, colour,
                        text);
  };
  const float scale = host.textScale();
  line(host.boldFont(), 17 * scale, -26 * scale, imColour(pen.theme().text), "An empty graph");
  line(host.textFont(), 13.5f * scale, 2, imColour(pen.theme().dim),
       "Double-click, or press Tab, to add a node. Drag from a socket to link it.");
}

Canvas::Canvas(Session& session, ImGuiWidget& host)
    : implementation_(std::make_unique<Implementation>(*this, session, host)) {}

Canvas::~Canvas() = default;

void Canvas::draw(ImVec2 at, ImVec2 size) {
  implementation_->openViewer = openViewer;
  implementation_->openFilePicker = openFilePicker;
  implementation_->draw(at, size);
}

}  // namespace loom::editor
