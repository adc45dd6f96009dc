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
  const Theme& theme() const { return theme_; }
  ImVec2 at(Point point) const { return camera_.toScreen(point); }
  bool sees(const Rect& rect) const { return overlap(seen_, rect); }
  const Rect& seen() const { return seen_; }
  bool readable(float size) const { return size * camera_.zoom >= kLeastText; }

  void fill(const Rect& rect, unsigned colour, float round = 0, ImDrawFlags corners = 0) const;
  /// `thick` in pixels.
  void outline(const Rect& rect, unsigned colour, float round = 0, float thick = 1) const;
  void line(Point a, Point b, unsigned colour, float thick = 1) const;
  void circle(Point centre, float radius, unsigned colour) const;
  void ring(Point centre, float radius, unsigned colour, float thick) const;
  void diamond(Point centre, float radius, unsigned colour) const;
  void shadow(const Rect& rect, float round) const;
  void hatch(const Rect& rect, unsigned colour) const;
  /// At the left, middle or right end of its line; the middle of its height at `at`.
  void text(FontKind font, float size, Point at, unsigned colour, std::string_view text,
            TextAt where = TextAt::left) const;
  /// Wrapped to a width, from its left upper corner; within `height`.
  void paragraph(FontKind font, float size, const Rect& rect, unsigned colour, const std::string& text) const;
  float width(FontKind font, float size, std::string_view text) const;  // canvas units
  ImFont* font(FontKind kind) const;

  static constexpr float kLeastText = 5;  // pixels

 private:
  float pixels(float size) const;
  ImDrawList* list_;
  const Camera& camera_;
  const Theme& theme_;
  const ImGuiWidget& host_;
  Rect seen_;
};

/// Mixed: `share` of b.
unsigned mixed(const QColor& a, const QColor& b, double share, double alpha = 1);

}  // namespace loom::editor
