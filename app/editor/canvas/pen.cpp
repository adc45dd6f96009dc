#include "app/editor/canvas/pen.h"

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/visual_text.h"

namespace loom::editor {

unsigned mixed(const QColor& a, const QColor& b, double share, double alpha) {
  const auto mix = [&](double x, double y) { return x + (y - x) * share; };
  return imColour(QColor::fromRgbF(static_cast<float>(mix(a.redF(), b.redF())),
                                   static_cast<float>(mix(a.greenF(), b.greenF())),
                                   static_cast<float>(mix(a.blueF(), b.blueF()))),
                  alpha);
}

Pen::Pen(ImDrawList* list, const Camera& camera, const ImGuiWidget& host)
    : list_(list),
      camera_(camera),
      theme_(Theme::current()),
      host_(host),
      scale_(host.textScale()),
      seen_(camera.seen()) {}

ImFont* Pen::font(FontKind kind) const {
  return kind == FontKind::text   ? host_.textFont()
         : kind == FontKind::bold ? host_.boldFont()
                                  : host_.numberFont();
}

// In halves of a pixel: each size that is drawn is rasterised once, and a zoom goes through many. Never
// larger than asked for, so that what was measured to fit does.
float Pen::pixels(float size) const {
  return std::clamp(std::floor(size * camera_.zoom * 2 + 0.01f) / 2, kLeastText, 96.f);
}

void Pen::put(FontKind kind, float drawn, ImVec2 middle, unsigned colour, std::string_view text) const {
  std::string visual;
  if (runsLeftwards(text)) text = visual = visualText(text);
  list_->AddText(font(kind), drawn, {std::round(middle.x), std::round(middle.y - drawn * 0.6f)}, colour,
                 text.data(), text.data() + text.size());
}

float Pen::textWithin(FontKind kind, float size, Point where, float room, float high, unsigned colour,
                      std::string_view text, TextAt alignment) const {
  if (text.empty() || room <= 0 || !legible(high)) return 0;
  const float most = std::floor(high * camera_.zoom * kOfLine * 2) / 2;
  const float drawn = std::max(pixels(size), std::min(kReadable * scale_, most));
  const float wide = room * camera_.zoom;
  const char *begin = text.data(), *end = begin + text.size(), *cut = end;
  float taken = font(kind)->CalcTextSizeA(drawn, FLT_MAX, 0, begin, end).x;
  std::string shorter;
  if (taken > wide + 0.5f) {
    constexpr std::string_view kMore = "…";
    const float more =
        font(kind)->CalcTextSizeA(drawn, FLT_MAX, 0, kMore.data(), kMore.data() + kMore.size()).x;
    taken = font(kind)->CalcTextSizeA(drawn, std::max(wide - more, 0.f), 0, begin, end, &cut).x;
    if (cut == begin) return 0;  // not one letter
    shorter.assign(begin, cut).append(kMore);
    text = shorter;
    taken += more;
  }
  ImVec2 pixel = at(where);
  if (alignment != TextAt::left) pixel.x -= alignment == TextAt::middle ? taken / 2 : taken;
  put(kind, drawn, pixel, colour, text);
  return taken / camera_.zoom;
}

void Pen::label(FontKind kind, const Rect& rect, unsigned colour, std::string_view text) const {
  const ImVec2 a = at(corner(rect)), b = at({right(rect), bottom(rect)});
  const float drawn = kReadable * scale_;
  if (b.x - a.x < 2.5f * drawn || b.y - a.y < drawn || text.empty()) return;
  const ImVec4 clip(a.x, a.y, b.x, a.y + std::floor((b.y - a.y) / drawn) * drawn);  // whole lines
  std::string visual;
  if (runsLeftwards(text)) text = visual = visualText(text);
  list_->AddText(font(kind), drawn, {std::round(a.x), std::round(a.y)}, colour, text.data(),
                 text.data() + text.size(), b.x - a.x, &clip);
}

void Pen::fill(const Rect& rect, unsigned colour, float round, ImDrawFlags corners) const {
  list_->AddRectFilled(at(corner(rect)), at({right(rect), bottom(rect)}), colour, round * camera_.zoom,
                       corners);
}

void Pen::outline(const Rect& rect, unsigned colour, float round, float thick) const {
  list_->AddRect(at(corner(rect)), at({right(rect), bottom(rect)}), colour, round * camera_.zoom, thick);
}

void Pen::line(Point a, Point b, unsigned colour, float thick) const {
  list_->AddLine(at(a), at(b), colour, thick);
}

void Pen::circle(Point centre, float radius, unsigned colour) const {
  list_->AddCircleFilled(at(centre), radius * camera_.zoom, colour);
}

void Pen::ring(Point centre, float radius, unsigned colour, float thick) const {
  list_->AddCircle(at(centre), radius * camera_.zoom, colour, 0, thick);
}

void Pen::arch(Point centre, float radius, unsigned colour, float thick) const {
  list_->PathArcTo(at(centre), radius * camera_.zoom, 3.14159265f, 2 * 3.14159265f);
  list_->PathStroke(colour, thick);
}

void Pen::diamond(Point centre, float radius, unsigned colour) const {
  const ImVec2 c = at(centre);
  const float r = radius * camera_.zoom;
  list_->AddQuadFilled({c.x - r, c.y}, {c.x, c.y - r}, {c.x + r, c.y}, {c.x, c.y + r}, colour);
}

void Pen::shadow(const Rect& rect, float round) const {
  const unsigned colour = imColour(QColor(0, 0, 0), theme_.dark ? 0.16 : 0.06);
  for (const float by : {1.5f, 3.5f, 6.f})
    fill({rect.x - by + 1, rect.y - by + 4, rect.width + 2 * by - 2, rect.height + 2 * by - 2}, colour,
         round + by);
}

void Pen::hatch(const Rect& rect, unsigned colour) const {
  list_->PushClipRect(at(corner(rect)), at({right(rect), bottom(rect)}), true);
  for (float x = -rect.height; x < rect.width; x += 12)
    line({rect.x + x, rect.y + rect.height}, {rect.x + x + rect.height, rect.y}, colour,
         std::max(1.f, 2 * camera_.zoom));
  list_->PopClipRect();
}

float Pen::width(FontKind kind, float size, std::string_view text) const {
  const float drawn = pixels(size);
  return font(kind)->CalcTextSizeA(drawn, FLT_MAX, 0, text.data(), text.data() + text.size()).x /
         camera_.zoom;
}

void Pen::text(FontKind kind, float size, Point where, unsigned colour, std::string_view text,
               TextAt alignment) const {
  if (!readable(size) || text.empty()) return;
  const float drawn = pixels(size);
  ImVec2 pixel = at(where);
  if (alignment != TextAt::left) {
    const float wide = font(kind)->CalcTextSizeA(drawn, FLT_MAX, 0, text.data(), text.data() + text.size()).x;
    pixel.x -= alignment == TextAt::middle ? wide / 2 : wide;
  }
  put(kind, drawn, pixel, colour, text);
}

void Pen::paragraph(FontKind kind, float size, const Rect& rect, unsigned colour,
                    const std::string& text) const {
  if (!readable(size) || text.empty()) return;
  const ImVec2 a = at(corner(rect)), b = at({right(rect), bottom(rect)});
  const ImVec4 clip(a.x, a.y, b.x, b.y);
  list_->AddText(font(kind), pixels(size), a, colour, text.data(), text.data() + text.size(), b.x - a.x,
                 &clip);
}

}  // namespace loom::editor
