#include "app/editor/canvas/minimap.h"

#include "app/editor/gl/theme.h"

namespace loom::editor {

namespace {
constexpr float kMargin = 12, kWide = 168, kHigh = 108;
constexpr float kMostShare = 0.18f;  // of the view's width
}  // namespace

bool Minimap::contains(ImVec2 pixel) const {
  return visible_ && pixel.x >= at_.x && pixel.y >= at_.y && pixel.x < at_.x + size_.x &&
         pixel.y < at_.y + size_.y;
}

bool Minimap::update(CanvasState& state, bool over) {
  const ImGuiIO& io = ImGui::GetIO();
  if (over && contains(io.MousePos) && ImGui::IsMouseClicked(0)) dragging_ = true;
  if (!io.MouseDown[0]) dragging_ = false;
  if (dragging_) {
    const float x = (io.MousePos.x - at_.x - size_.x / 2) / scale_ + middle(whole_).x;
    const float y = (io.MousePos.y - at_.y - size_.y / 2) / scale_ + middle(whole_).y;
    state.camera.centre = {x, y};
    state.redraw();
  }
  return dragging_ || (over && contains(io.MousePos));
}

void Minimap::draw(CanvasState& state, ImDrawList* list) {
  const Camera& camera = state.camera;
  const Rect bounds = state.scene.bounds();
  visible_ = shown && bounds.width > 0 && camera.size.x > 420 && camera.size.y > 260;
  if (!visible_) return;
  const Theme& theme = Theme::current();
  const float shrunk = std::min(1.f, camera.size.x * kMostShare / kWide);
  size_ = {kWide * shrunk, kHigh * shrunk};
  at_ = {camera.at.x + camera.size.x - size_.x - kMargin, camera.at.y + camera.size.y - size_.y - kMargin};
  whole_ = dragging_ ? whole_ : around(grown(bounds, 40), camera.seen());
  scale_ = std::min(size_.x / whole_.width, size_.y / whole_.height);
  const auto place = [&](Point point) {
    const Point from = point - middle(whole_);
    return ImVec2(at_.x + size_.x / 2 + from.x * scale_, at_.y + size_.y / 2 + from.y * scale_);
  };
  list->AddRectFilled(at_, {at_.x + size_.x, at_.y + size_.y}, imColour(theme.panel, 0.9), 6);
  list->PushClipRect(at_, {at_.x + size_.x, at_.y + size_.y}, true);
  const auto& nodes = state.scene.nodes();
  for (const FrameShape& frame : state.scene.frames())
    list->AddRectFilled(place(corner(frame.layout.rect)),
                        place({right(frame.layout.rect), bottom(frame.layout.rect)}),
                        imColour(theme.constant, 0.2));
  for (const NodeShape& node : nodes)
    if (node.region())
      list->AddRectFilled(place(corner(node.rect)), place({right(node.rect), bottom(node.rect)}),
                          imColour(theme.zone, 0.25));
  // Of very many, some: they would lie on each other.
  const size_t stride = std::max<size_t>(1, nodes.size() / 3000);
  for (size_t i = 0; i < nodes.size(); i += stride) {
    if (nodes[i].region()) continue;
    const ImVec2 a = place(corner(nodes[i].rect)), b = place({right(nodes[i].rect), bottom(nodes[i].rect)});
    list->AddRectFilled(a, {std::max(b.x, a.x + 1), std::max(b.y, a.y + 1)},
                        state.selected(nodes[i].id) ? imColour(theme.selected) : imColour(theme.dim, 0.55));
  }
  const Rect seen = camera.seen();
  const ImVec2 a = place(corner(seen)), b = place({right(seen), bottom(seen)});
  list->AddRect(a, b, imColour(theme.state), 2, 1.2f);
  list->PopClipRect();
  list->AddRect(at_, {at_.x + size_.x, at_.y + size_.y}, imColour(theme.border), 6);
}

}  // namespace loom::editor
