#include "app/editor/watch/ink.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

double luminance(const QColor& colour) {
  const auto linear = [](double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

void triangle(ImDrawList* draw, ImVec2 middle, float size, float direction, ImU32 colour) {
  const float x = size * 0.5f * direction;
  draw->AddTriangleFilled({middle.x - x, middle.y - size * 0.55f}, {middle.x + x, middle.y},
                          {middle.x - x, middle.y + size * 0.55f}, colour);
}

void bar(ImDrawList* draw, float x, float y, float size, ImU32 colour) {
  draw->AddRectFilled({x - 1.1f, y - size * 0.55f}, {x + 1.1f, y + size * 0.55f}, colour);
}

void drawIcon(ImDrawList* draw, Icon icon, ImVec2 m, float s, ImU32 colour) {
  switch (icon) {
    case Icon::toBegin:
      bar(draw, m.x - s * 0.55f, m.y, s, colour);
      triangle(draw, {m.x + s * 0.15f, m.y}, s, -1, colour);
      break;
    case Icon::back:
      triangle(draw, {m.x - s * 0.2f, m.y}, s, -1, colour);
      bar(draw, m.x + s * 0.5f, m.y, s, colour);
      break;
    case Icon::play:
      triangle(draw, m, s * 1.2f, 1, colour);
      break;
    case Icon::pause:
      draw->AddRectFilled({m.x - s * 0.5f, m.y - s * 0.6f}, {m.x - s * 0.14f, m.y + s * 0.6f}, colour);
      draw->AddRectFilled({m.x + s * 0.14f, m.y - s * 0.6f}, {m.x + s * 0.5f, m.y + s * 0.6f}, colour);
      break;
    case Icon::forward:
      bar(draw, m.x - s * 0.5f, m.y, s, colour);
      triangle(draw, {m.x + s * 0.2f, m.y}, s, 1, colour);
      break;
    case Icon::toEnd:
      triangle(draw, {m.x - s * 0.15f, m.y}, s, 1, colour);
      bar(draw, m.x + s * 0.55f, m.y, s, colour);
      break;
    case Icon::loop:
      draw->PathArcTo(m, s * 0.58f, -1.1f, 3.9f, 20);
      draw->PathStroke(colour, 1.6f);
      draw->AddTriangleFilled({m.x + s * 0.02f, m.y - s * 0.86f}, {m.x + s * 0.52f, m.y - s * 0.66f},
                              {m.x + s * 0.14f, m.y - s * 0.22f}, colour);
      break;
    case Icon::proceed:
      draw->AddCircle(m, s * 0.95f, colour, 24, 1.4f);
      triangle(draw, {m.x + s * 0.08f, m.y}, s * 0.85f, 1, colour);
      break;
    case Icon::hold:
      draw->AddCircle(m, s * 0.95f, colour, 24, 1.4f);
      bar(draw, m.x - s * 0.26f, m.y, s * 0.75f, colour);
      bar(draw, m.x + s * 0.26f, m.y, s * 0.75f, colour);
      break;
    case Icon::oneStep:
      draw->AddCircle(m, s * 0.95f, colour, 24, 1.4f);
      triangle(draw, {m.x - s * 0.06f, m.y}, s * 0.7f, 1, colour);
      bar(draw, m.x + s * 0.42f, m.y, s * 0.7f, colour);
      break;
    case Icon::runTo:
      draw->AddLine({m.x - s * 0.95f, m.y}, {m.x + s * 0.35f, m.y}, colour, 1.6f);
      triangle(draw, {m.x + s * 0.3f, m.y}, s * 0.75f, 1, colour);
      bar(draw, m.x + s * 0.85f, m.y, s * 1.2f, colour);
      break;
    case Icon::fork:
      // A line that goes on, and another that leaves it.
      draw->AddLine({m.x - s * 0.9f, m.y + s * 0.45f}, {m.x + s * 0.75f, m.y + s * 0.45f}, colour, 1.6f);
      draw->AddBezierCubic({m.x - s * 0.55f, m.y + s * 0.45f}, {m.x, m.y + s * 0.45f},
                           {m.x - s * 0.15f, m.y - s * 0.5f}, {m.x + s * 0.4f, m.y - s * 0.5f}, colour, 1.6f);
      triangle(draw, {m.x + s * 0.6f, m.y - s * 0.5f}, s * 0.7f, 1, colour);
      draw->AddCircleFilled({m.x - s * 0.6f, m.y + s * 0.45f}, s * 0.22f, colour, 12);
      break;
    case Icon::fit:
      for (const float x : {-1.f, 1.f})
        for (const float y : {-1.f, 1.f}) {
          const ImVec2 corner(m.x + x * s * 0.6f, m.y + y * s * 0.6f);
          draw->AddLine(corner, {corner.x - x * s * 0.4f, corner.y}, colour, 1.5f);
          draw->AddLine(corner, {corner.x, corner.y - y * s * 0.4f}, colour, 1.5f);
        }
      break;
    case Icon::copy:
      draw->AddRect({m.x - s * 0.6f, m.y - s * 0.65f}, {m.x + s * 0.25f, m.y + s * 0.3f}, colour, 1.5f, 1.4f);
      draw->AddRectFilled({m.x - s * 0.25f, m.y - s * 0.3f}, {m.x + s * 0.6f, m.y + s * 0.65f}, colour, 1.5f);
      break;
    case Icon::save:
      draw->AddLine({m.x, m.y - s * 0.7f}, {m.x, m.y + s * 0.1f}, colour, 1.6f);
      draw->AddTriangleFilled({m.x - s * 0.38f, m.y - s * 0.1f}, {m.x + s * 0.38f, m.y - s * 0.1f},
                              {m.x, m.y + s * 0.34f}, colour);
      draw->AddLine({m.x - s * 0.6f, m.y + s * 0.62f}, {m.x + s * 0.6f, m.y + s * 0.62f}, colour, 1.6f);
      break;
    case Icon::pin:
      draw->AddCircleFilled({m.x, m.y - s * 0.25f}, s * 0.42f, colour, 16);
      draw->AddLine({m.x, m.y}, {m.x, m.y + s * 0.75f}, colour, 1.6f);
      break;
    case Icon::chart:
      draw->AddLine({m.x - s * 0.65f, m.y - s * 0.65f}, {m.x - s * 0.65f, m.y + s * 0.6f}, colour, 1.4f);
      draw->AddLine({m.x - s * 0.65f, m.y + s * 0.6f}, {m.x + s * 0.65f, m.y + s * 0.6f}, colour, 1.4f);
      draw->AddLine({m.x - s * 0.4f, m.y + s * 0.2f}, {m.x - s * 0.05f, m.y - s * 0.3f}, colour, 1.5f);
      draw->AddLine({m.x - s * 0.05f, m.y - s * 0.3f}, {m.x + s * 0.2f, m.y}, colour, 1.5f);
      draw->AddLine({m.x + s * 0.2f, m.y}, {m.x + s * 0.6f, m.y - s * 0.55f}, colour, 1.5f);
      break;
  }
}

void tooltip(const char* tip) {
  if (*tip && ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled | ImGuiHoveredFlags_ForTooltip))
    ImGui::SetTooltip("%s", tip);
}

}  // namespace

double contrast(const QColor& a, const QColor& b) {
  const double first = luminance(a), second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor readable(uint32_t rgb, const QColor& background) {
  QColor colour = QColor::fromRgb(rgb | 0xff000000u);
  const bool darker = luminance(background) > 0.18;
  for (int i = 0; i < 40 && contrast(colour, background) < 4.5; ++i) {
    const auto towards = [&](int v) { return darker ? v * 92 / 100 : v + (255 - v) / 10 + 1; };
    colour.setRgb(std::min(towards(colour.red()), 255), std::min(towards(colour.green()), 255),
                  std::min(towards(colour.blue()), 255));
  }
  return colour;
}

bool iconButton(Icon icon, const char* tip, bool on, bool enabled) {
  const float side = ImGui::GetFrameHeight();
  ImGui::BeginDisabled(!enabled);
  ImGui::PushID(static_cast<int>(icon));  // not by the tip, which may change under a press
  const bool pressed = ImGui::InvisibleButton("##icon", {side + 3, side});
  ImGui::PopID();
  ImGui::EndDisabled();
  const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool hovered = enabled && ImGui::IsItemHovered();
  if (on || hovered)
    draw->AddRectFilled(low, high, imColour(on ? theme.accent : theme.raised, on ? 0.28 : 1), 4);
  const QColor& ink = on ? theme.accent : hovered ? theme.text : theme.dim;
  drawIcon(draw, icon, {(low.x + high.x) / 2, (low.y + high.y) / 2}, side * 0.36f,
           imColour(ink, enabled ? 1 : 0.4));
  tooltip(tip);
  return pressed && enabled;
}

bool wordButton(const char* words, const char* tip, bool enabled) {
  ImGui::BeginDisabled(!enabled);
  const bool pressed = ImGui::Button(words);
  ImGui::EndDisabled();
  tooltip(tip);
  return pressed && enabled;
}

float textWithin(ImDrawList* draw, ImVec2 at, float width, ImU32 colour, const std::string& text,
                 ImFont* font, float size) {
  if (!font) font = ImGui::GetFont();
  if (size <= 0) size = ImGui::GetFontSize();
  const auto wide = [&](const std::string& shown) {
    return font->CalcTextSizeA(size, FLT_MAX, 0, shown.data(), shown.data() + shown.size()).x;
  };
  std::string shown = text;
  float needed = wide(shown);
  while (needed > width && !shown.empty()) {
    // A whole character less, of however many bytes.
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80) shown.pop_back();
    if (!shown.empty()) shown.pop_back();
    needed = wide(shown + "…");
    if (needed <= width)
      shown += "…";
    else
      continue;
    break;
  }
  if (!shown.empty()) draw->AddText(font, size, at, colour, shown.data(), shown.data() + shown.size());
  return needed;
}

std::string numberText(double number, int digits) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char text[32];
  const double size = std::abs(number);
  if (size != 0 && (size < 1e-3 || size >= 1e5)) {
    std::snprintf(text, sizeof text, "%.*e", std::min(digits, 3) - 1, number);
  } else {
    std::snprintf(text, sizeof text, "%.*g", digits, number);
  }
  return text;
}

}  // namespace loom::editor
