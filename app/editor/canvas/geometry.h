#pragma once
// Sizes of what is drawn, in canvas units, and small sums with rectangles.
#include <algorithm>
#include <cmath>

#include "app/editor/document/layout.h"

namespace loom::editor {

namespace sizes {
inline constexpr float kHeader = 28, kRow = 22, kField = 19, kPad = 9, kRound = 7, kSocket = 4.6f;
inline constexpr float kText = 13, kSmall = 12, kTitle = 14;
inline constexpr float kLeastWidth = 150, kMostWidth = 236;
inline constexpr float kSlack = 1.24f;  // names are drawn 10 pixels high at least: so much wider at zoom 0.62
inline constexpr float kZoneHeader = 32, kRail = 92, kZonePad = 26;
inline constexpr float kThumb = 76;
inline constexpr float kGrid = 10;  // things snap to it
inline constexpr float kFrameTitle = 30;
}  // namespace sizes

inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(Point a, float by) { return {a.x * by, a.y * by}; }
inline float length(Point a) { return std::hypot(a.x, a.y); }
inline float right(const Rect& r) { return r.x + r.width; }
inline float bottom(const Rect& r) { return r.y + r.height; }
inline Point middle(const Rect& r) { return {r.x + r.width / 2, r.y + r.height / 2}; }
inline Point corner(const Rect& r) { return {r.x, r.y}; }
inline bool contains(const Rect& r, Point p) {
  return p.x >= r.x && p.y >= r.y && p.x < right(r) && p.y < bottom(r);
}
inline bool contains(const Rect& outer, const Rect& inner) {
  return inner.x >= outer.x && inner.y >= outer.y && right(inner) <= right(outer) &&
         bottom(inner) <= bottom(outer);
}
inline bool overlap(const Rect& a, const Rect& b) {
  return a.x < right(b) && b.x < right(a) && a.y < bottom(b) && b.y < bottom(a);
}
inline Rect grown(const Rect& r, float by) {
  return {r.x - by, r.y - by, r.width + 2 * by, r.height + 2 * by};
}
inline Rect moved(const Rect& r, Point by) { return {r.x + by.x, r.y + by.y, r.width, r.height}; }
inline Rect around(const Rect& a, const Rect& b) {
  const float x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(right(a), right(b)) - x, std::max(bottom(a), bottom(b)) - y};
}
inline Rect between(Point a, Point b) {
  return {std::min(a.x, b.x), std::min(a.y, b.y), std::abs(a.x - b.x), std::abs(a.y - b.y)};
}
inline float snapped(float value) { return std::round(value / sizes::kGrid) * sizes::kGrid; }

}  // namespace loom::editor
