#include "app/editor/watch/pixel_view.h"

#include <algorithm>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/textures.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"

namespace loom::editor {
namespace {

constexpr float kMostZoom = 160, kLeastZoom = 0.05f, kBetween = 6, kNames = 18;
constexpr int kMostWritten = 4000;  // pixels at a time

}  // namespace

void PixelView::place(ImVec2 at, ImVec2 size, const Picture& picture) {
  if (picture.width != width_ || picture.height != height_) fitted_ = true;
  width_ = picture.width;
  height_ = picture.height;
  const auto width = static_cast<float>(width_), height = static_cast<float>(height_);
  if (fitted_) {
    zoom_ = std::clamp(std::min((size.x - 8) / width, (size.y - 8) / height), kLeastZoom, kMostZoom);
    centre_ = {width / 2, height / 2};
  }
  centre_ = {std::clamp(centre_.x, 0.f, width), std::clamp(centre_.y, 0.f, height)};
  // Whole pixels of the screen keep the picture's edges sharp.
  origin_ = {std::floor(at.x + size.x / 2 - centre_.x * zoom_),
             std::floor(at.y + size.y / 2 - centre_.y * zoom_)};
}

ImVec2 PixelView::pixelOnScreen(int x, int y) const {
  return {origin_.x + (static_cast<float>(x) + 0.5f) * zoom_,
          origin_.y + (static_cast<float>(y) + 0.5f) * zoom_};
}

void PixelView::zoomBy(float factor) {
  fitted_ = false;
  zoom_ = std::clamp(zoom_ * factor, kLeastZoom, kMostZoom);
  host_.redraw();
}

void PixelView::gestures(const Pane& pane, const Picture& picture, How how) {
  const ImGuiIO& io = ImGui::GetIO();
  const float divide = pane.origin.x + divider_ * static_cast<float>(picture.width) * zoom_;
  const bool near = how == How::wipe && std::abs(io.MousePos.x - divide) < 7;
  if (ImGui::IsItemActivated()) dragsDivider_ = near && ImGui::IsMouseDown(ImGuiMouseButton_Left);
  if (how == How::wipe && (dragsDivider_ || (near && ImGui::IsItemHovered())))
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (ImGui::IsItemActive()) {
    if (dragsDivider_) {
      divider_ =
          std::clamp((io.MousePos.x - pane.origin.x) / (static_cast<float>(picture.width) * zoom_), 0.f, 1.f);
    } else if (io.MouseDelta.x != 0 || io.MouseDelta.y != 0) {
      fitted_ = false;
      centre_ = {centre_.x - io.MouseDelta.x / zoom_, centre_.y - io.MouseDelta.y / zoom_};
    }
  }
  if (!ImGui::IsItemHovered()) return;
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) fitted_ = true;
  if (io.MouseWheel == 0) return;
  // What is under the mouse stays there.
  const ImVec2 under((io.MousePos.x - pane.origin.x) / zoom_, (io.MousePos.y - pane.origin.y) / zoom_);
  const float before = zoom_;
  zoom_ = std::clamp(zoom_ * std::pow(1.25f, io.MouseWheel), kLeastZoom, kMostZoom);
  const float part = 1 - before / zoom_;
  centre_ = {centre_.x + (under.x - centre_.x) * part, centre_.y + (under.y - centre_.y) * part};
  fitted_ = false;
}

void PixelView::drawLayer(const Pane& pane, const Layer& layer, float from, float to) {
  if (!layer.picture || from >= to) return;
  const Picture& picture = *layer.picture;
  const auto width = static_cast<float>(picture.width), height = static_cast<float>(picture.height);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto show = [&](const PicturePtr& shown) {
    host_.textures().draw(draw, shown, {pane.origin.x + from * width * zoom_, pane.origin.y},
                          {pane.origin.x + to * width * zoom_, pane.origin.y + height * zoom_}, {from, 0},
                          {to, 1});
  };
  // The smallest that has a pixel for each of the screen's; under it the one that is there at once.
  size_t level = 0;
  for (float zoom = zoom_ * 2; level < layer.smaller.size() && zoom <= 1; zoom *= 2) ++level;
  if (level < layer.smaller.size()) show(layer.smaller.back());
  show(level == 0 ? layer.picture : layer.smaller[level - 1]);
  if (zoom_ >= kWritesFrom && layer.text) drawNumbers(pane, layer, from, to);
}

void PixelView::drawNumbers(const Pane& pane, const Layer& layer, float from, float to) {
  const Picture& picture = *layer.picture;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = host_.numberFont();
  const auto first = [&](float edge, float origin) {
    return static_cast<int>(std::floor((edge - origin) / zoom_));
  };
  const int left = std::max(first(pane.at.x, pane.origin.x),
                            static_cast<int>(std::ceil(from * static_cast<float>(picture.width) - 0.5f)));
  const int right = std::min(first(pane.at.x + pane.size.x, pane.origin.x),
                             static_cast<int>(to * static_cast<float>(picture.width) - 0.5f));
  const int top = std::max(first(pane.at.y, pane.origin.y), 0);
  const int bottom = std::min(first(pane.at.y + pane.size.y, pane.origin.y), picture.height - 1);
  if ((right - left + 1) * (bottom - top + 1) > kMostWritten) return;
  for (int y = top; y <= bottom; ++y)
    for (int x = std::max(left, 0); x <= std::min(right, picture.width - 1); ++x) {
      const std::vector<std::string> lines = layer.text(x, y);
      if (lines.empty()) continue;
      size_t longest = 1;
      for (const std::string& line : lines) longest = std::max(longest, line.size());
      const float size = std::min({zoom_ / (static_cast<float>(lines.size()) * 1.15f + 0.2f),
                                   (zoom_ - 3) / (static_cast<float>(longest) * 0.6f), 13.f});
      if (size < 6.5f) continue;
      const uint8_t* rgba =
          &picture
               .rgba[(static_cast<size_t>(y) * static_cast<size_t>(picture.width) + static_cast<size_t>(x)) *
                     4];
      const bool light = rgba[0] * 299 + rgba[1] * 587 + rgba[2] * 114 > 128'000;
      float at = pane.origin.y + (static_cast<float>(y) + 0.5f) * zoom_ -
                 size * 1.15f * static_cast<float>(lines.size()) / 2;
      for (const std::string& line : lines) {
        const float wide = font->CalcTextSizeA(size, FLT_MAX, 0, line.c_str()).x;
        draw->AddText(font, size, {pane.origin.x + (static_cast<float>(x) + 0.5f) * zoom_ - wide / 2, at},
                      light ? IM_COL32(0, 0, 0, 255) : IM_COL32(255, 255, 255, 255), line.c_str());
        at += size * 1.15f;
      }
    }
}

void PixelView::drawNames(ImVec2 at, float width, float second, const Layer& a, const Layer& b) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = host_.textFont();
  const float text = scaled(11.5f), between = 10;
  const float needed = font->CalcTextSizeA(text, FLT_MAX, 0, b.name.c_str()).x;
  const float left = second > 0 ? at.x + second : at.x + width - std::min(needed, (width - between) / 2);
  const float room = b.name.empty() ? width : left - at.x - between;
  textWithin(draw, at, room, a.colour, a.name, font, text);
  textWithin(draw, {left, at.y}, at.x + width - left, b.colour, b.name, font, text);
}

std::optional<PixelView::Hovered> PixelView::draw(ImVec2 at, ImVec2 size, How how, const Layer& a,
                                                  const Layer& b) {
  if (!a.picture || size.x < 8 || size.y < 8) return {};
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool two = how == How::sideBySide && b.picture;
  if (const float names = scaled(kNames); (!a.name.empty() || !b.name.empty()) && size.y > 3 * names) {
    drawNames(at, size.x, two ? (size.x + kBetween) / 2 : 0, a, b);
    at.y += names, size.y -= names;
  }
  const ImVec2 paneSize(two ? (size.x - kBetween) / 2 : size.x, size.y);
  const ImVec2 second(at.x + paneSize.x + kBetween, at.y);
  place(at, paneSize, *a.picture);
  ImGui::SetCursorScreenPos(at);
  ImGui::InvisibleButton("pixels", size,
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonMiddle);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsItemHovered();
  const bool inSecond = two && mouse.x >= second.x;
  const auto pane = [&](bool other) {
    const float shift = other ? second.x - at.x : 0;
    return Pane{{at.x + shift, at.y}, paneSize, {origin_.x + shift, origin_.y}};
  };
  gestures(pane(inSecond), *a.picture, how);
  place(at, paneSize, *a.picture);  // after what the gestures changed
  const auto width = static_cast<float>(a.picture->width);
  for (const bool other : {false, true}) {
    if (other && !two) break;
    const Pane where = pane(other);
    draw->AddRectFilled(where.at, {where.at.x + paneSize.x, where.at.y + paneSize.y}, imColour(theme.field),
                        4);
    draw->PushClipRect(where.at, {where.at.x + paneSize.x, where.at.y + paneSize.y}, true);
    if (how == How::wipe && b.picture) {
      drawLayer(where, a, 0, divider_);
      drawLayer(where, b, divider_, 1);
      const float x = where.origin.x + divider_ * width * zoom_;
      dividerAt_ = {
          x, std::clamp(where.origin.y + static_cast<float>(height_) * zoom_ / 2, at.y, at.y + size.y)};
      draw->AddLine({x, where.at.y}, {x, where.at.y + size.y}, imColour(theme.window, 0.7), 4);
      draw->AddLine({x, where.at.y}, {x, where.at.y + size.y}, imColour(theme.text), 1.5f);
      draw->AddCircleFilled(dividerAt_, 6, imColour(theme.text), 20);
    } else {
      drawLayer(where, other ? b : a, 0, 1);
    }
    draw->PopClipRect();
  }
  if (!hovered) return {};
  const Pane under = pane(inSecond);
  const int x = static_cast<int>(std::floor((mouse.x - under.origin.x) / zoom_)),
            y = static_cast<int>(std::floor((mouse.y - under.origin.y) / zoom_));
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return {};
  if (zoom_ >= 6) {
    const ImVec2 corner(under.origin.x + static_cast<float>(x) * zoom_,
                        under.origin.y + static_cast<float>(y) * zoom_);
    draw->PushClipRect(under.at, {under.at.x + paneSize.x, under.at.y + paneSize.y}, true);
    draw->AddRect(corner, {corner.x + zoom_, corner.y + zoom_}, imColour(theme.accent), 0, 1.5f);
    draw->PopClipRect();
  }
  const bool right = how == How::wipe && mouse.x > under.origin.x + divider_ * width * zoom_;
  return Hovered{x, y, inSecond || right ? 1 : 0};
}

}  // namespace loom::editor
