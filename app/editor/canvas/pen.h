#pragma once
// Draws in canvas units onto ImGui's list, as far as it is seen. Text is drawn at the size it is read at, so
// that it is crisp at every zoom.
#include <imgui.h>

#include <string_view>

#include "app/editor/canvas/camera.h"
#include "app/editor/canvas/scene.h"
#include "app/editor/gl/theme.h"

namespace loom::editor {

class ImGuiWidget;

enum class TextAt { left, middle, right };

class Pen {
 public:
  Pen(ImDrawList* list, const Camera& camera, const ImGuiWidget& host);

  ImDrawList* list() const { return list_; }
  float zoom() const { return camera_.zoom; }
  bool rows() const { return camera_.rows(); }
  const Theme& theme() const { return theme_; }
  ImVec2 at(Point point) const { return camera_.toScreen(point); }
  bool sees(const Rect& rect) const { return overlap(seen_, rect); }
  const Rect& seen() const { return seen_; }
  /// Whether text of this size is drawn; from far away smaller than one can read, it is left out.
  bool readable(float size) const { return size * camera_.zoom >= kLeastText * scale_; }
  /// This size, or the one that is read with ease at this zoom.
  float atLeastReadable(float size) const { return std::max(size, kReadable * scale_ / camera_.zoom); }

  void fill(const Rect& rect, unsigned colour, float round = 0, ImDrawFlags corners = 0) const;
  /// `thick` in pixels.
  void outline(const Rect& rect, unsigned colour, float round = 0, float thick = 1) const;
  void line(Point a, Point b, unsigned colour, float thick = 1) const;
  void circle(Point centre, float radius, unsigned colour) const;
  void ring(Point centre, float radius, unsigned colour, float thick) const;
  void arch(Point centre, float radius, unsigned colour, float thick) const;  // the upper half of a ring
  void diamond(Point centre, float radius, unsigned colour) const;
  void shadow(const Rect& rect, float round) const;
  void hatch(const Rect& rect, unsigned colour) const;
  /// At the left, middle or right end of its line; the middle of its height at `at`.
  void text(FontKind font, float size, Point at, unsigned colour, std::string_view text,
            TextAt where = TextAt::left) const;
  /// As text(), in a line that is `high` units: as large as one can read as long as there is room in that,
  /// and cut with "…" to `room` units. Gives the units it took; 0 where it would be too small to read.
  float textWithin(FontKind font, float size, Point at, float room, float high, unsigned colour,
                   std::string_view text, TextAt where = TextAt::left) const;
  /// Whether textWithin() would draw in lines of this height.
  bool legible(float high) const { return high * camera_.zoom * kOfLine >= kLeastText * scale_; }
  /// Wrapped into a box, at the size one can read; for what is seen from far away.
  void label(FontKind font, const Rect& rect, unsigned colour, std::string_view text) const;
  /// Wrapped to a width, from its left upper corner; within `height`.
  void paragraph(FontKind font, float size, const Rect& rect, unsigned colour, const std::string& text) const;
  float width(FontKind font, float size, std::string_view text) const;  // canvas units
  ImFont* font(FontKind kind) const;

  // Pixels, at the usual text size: below the first nothing is drawn, the second is read with ease.
  static constexpr float kLeastText = 7, kReadable = 10;
  static constexpr float kOfLine = 0.86f;  // that text may take of a line's height

 private:
  float pixels(float size) const;
  void put(FontKind font, float pixels, ImVec2 middle, unsigned colour, std::string_view text) const;
  ImDrawList* list_;
  const Camera& camera_;
  const Theme& theme_;
  const ImGuiWidget& host_;
  float scale_;  // of text, by the settings
  Rect seen_;
};

/// Mixed: `share` of b.
unsigned mixed(const QColor& a, const QColor& b, double share, double alpha = 1);

}  // namespace loom::editor
