#pragma once
// Which part of the canvas is seen, and how large: from canvas units to pixels of the host and back.
#include <imgui.h>

#include <algorithm>

#include "app/editor/document/layout.h"

namespace loom::editor {

struct Camera {
  static constexpr float kLeastZoom = 0.03f, kMostZoom = 6;

  Point centre;  // canvas units, in the middle of the view
  float zoom = 1;
  ImVec2 at{0, 0}, size{1, 1};  // the view, in the host's pixels

  ImVec2 toScreen(Point point) const {
    return {at.x + size.x / 2 + (point.x - centre.x) * zoom, at.y + size.y / 2 + (point.y - centre.y) * zoom};
  }
  Point toCanvas(ImVec2 pixel) const {
    return {(pixel.x - at.x - size.x / 2) / zoom + centre.x, (pixel.y - at.y - size.y / 2) / zoom + centre.y};
  }
  Rect seen() const {
    const Point corner = toCanvas(at);
    return {corner.x, corner.y, size.x / zoom, size.y / zoom};
  }
  /// The point under `pixel` stays there.
  void zoomAround(ImVec2 pixel, float to) {
    const Point before = toCanvas(pixel);
    zoom = std::clamp(to, kLeastZoom, kMostZoom);
    const Point after = toCanvas(pixel);
    centre = {centre.x + before.x - after.x, centre.y + before.y - after.y};
  }
  void fit(Rect what, float margin = 48, float largest = 1.25f) {
    if (what.width <= 0 || what.height <= 0) return;
    const float wide = std::max(size.x - 2 * margin, 32.f), high = std::max(size.y - 2 * margin, 32.f);
    zoom = std::clamp(std::min(wide / what.width, high / what.height), kLeastZoom, largest);
    centre = {what.x + what.width / 2, what.y + what.height / 2};
  }
};

}  // namespace loom::editor
