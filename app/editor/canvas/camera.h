#pragma once
// Which part of the canvas is seen, and how large: from canvas units to pixels of the host and back.
#include <imgui.h>

#include <algorithm>

#include "app/editor/document/layout.h"

namespace loom::editor {

struct Camera {
  static constexpr float kLeastZoom = 0.03f, kMostZoom = 6;
  static constexpr float kReadable = 0.62f;  // of the usual zoom: where rows are read with ease
  static constexpr float kRowsFrom = 0.4f;
  static constexpr float kMargin = 48;  // pixels around what is fitted

  Point centre;                 // canvas units, in the middle of the view
  float zoom = 1;               // pixels of a unit
  float usual = 1;              // the zoom at which texts have the size that the settings ask for: 100 %
  ImVec2 at{0, 0}, size{1, 1};  // the view, in the host's pixels

  /// Whether rows are drawn; fields that one can't read can't be edited.
  bool rows() const { return zoom >= kRowsFrom * usual; }
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
  /// All of it within the view.
  void fit(Rect what) {
    if (what.width <= 0 || what.height <= 0) return;
    const float wide = std::max(size.x - 2 * kMargin, 32.f), high = std::max(size.y - 2 * kMargin, 32.f);
    zoom = std::clamp(std::min(wide / what.width, high / what.height), kLeastZoom, 1.25f * usual);
    centre = {what.x + what.width / 2, what.y + what.height / 2};
  }
  /// A first look: all of it, where that can be read. Else as much as can be read around `first`, or from its
  /// left upper corner where that is too large itself; never beyond what there is.
  void show(Rect all, Rect first) {
    fit(all);
    if (zoom >= kReadable * usual || all.width <= 0) return;
    zoom = kReadable * usual;
    const float margin = kMargin / 2 / zoom, wide = size.x / zoom - 2 * margin,
                high = size.y / zoom - 2 * margin;
    const auto place = [](float from, float length, float firstFrom, float firstLength, float room) {
      if (length <= room) return from + length / 2;
      const float middle = firstLength <= room ? firstFrom + firstLength / 2 : firstFrom + room / 2;
      return std::clamp(middle, from + room / 2, from + length - room / 2);
    };
    centre = {place(all.x, all.width, first.x, first.width, wide),
              place(all.y, all.height, first.y, first.height, high)};
  }
};

}  // namespace loom::editor
