// Wires, the grid, and what gestures show.
#include "app/editor/canvas/canvas_state.h"
#include "app/editor/canvas/pen.h"

namespace loom::editor {
namespace {

using namespace sizes;

// Each second piece of a line, where it runs within `zone`; whole elsewhere.
void drawConstant(const Pen& pen, const std::vector<Point>& path, const Rect& zone, unsigned outside,
                  unsigned inside, float thick) {
  bool was = contains(zone, path.front());
  float along = 0;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const Point a = path[i], b = path[i + 1];
    const bool is = contains(zone, b);
    if (!is) {
      pen.line(a, b, outside, thick);
    } else {
      const float far = length(b - a) * pen.zoom();
      constexpr float kDash = 7, kGap = 5;
      for (float at = -std::fmod(along, kDash + kGap); at < far; at += kDash + kGap) {
        const float from = std::max(at, 0.f), to = std::min(at + kDash, far);
        if (to > from && far > 0)
          pen.line(a + (b - a) * (from / far), a + (b - a) * (to / far), inside, thick);
      }
      along += far;
    }
    if (is && !was) {  // where it becomes a constant
      Point low = a, high = b;
      for (int half = 0; half < 12; ++half) {
        const Point mid = (low + high) * 0.5f;
        (contains(zone, mid) ? high : low) = mid;
      }
      pen.fill({high.x - 3.5f, high.y - 3.5f, 7, 7}, imColour(pen.theme().canvas), 1.5f);
      pen.fill({high.x - 2.3f, high.y - 2.3f, 4.6f, 4.6f}, outside, 1);
    }
    was = is;
  }
}

}  // namespace

void drawGrid(const Pen& pen) {
  const Rect& seen = pen.seen();
  pen.fill(seen, imColour(pen.theme().canvas));
  float step = 20;
  while (step * pen.zoom() < 22) step *= 2;
  while (step * pen.zoom() > 60) step /= 2;
  const unsigned colour = imColour(pen.theme().grid);
  const float half = std::clamp(0.55f * pen.zoom() + 0.4f, 0.6f, 1.4f);
  const float left = std::floor(seen.x / step) * step, top = std::floor(seen.y / step) * step;
  for (float y = top; y < bottom(seen); y += step)
    for (float x = left; x < right(seen); x += step) {
      const ImVec2 at = pen.at({x, y});
      pen.list()->AddRectFilled({at.x - half, at.y - half}, {at.x + half, at.y + half}, colour);
    }
}

void drawWires(const CanvasState& state, const Pen& pen) {
  const auto& wires = state.scene.wires();
  const float thick = std::clamp(1.9f * pen.zoom(), 1.f, 4.f);
  for (size_t i = 0; i < wires.size(); ++i) {
    const WireShape& wire = wires[i];
    if (!pen.sees(grown(wire.bounds, 4)) || wire.path.size() < 2) continue;
    bool taken = false;
    double alpha = 0.9;
    if (state.link) {
      alpha = 0.35;
      taken = state.link->what == LinkDrag::What::detached && state.link->wire == wire.wire;
      for (const Wire& each : state.link->wires) taken |= each == wire.wire;
    }
    if (taken) continue;
    const bool hovered = !state.link && state.hover.wire == static_cast<int>(i);
    const bool selected = state.selected(wire.wire), over = state.wireOver == static_cast<int>(i);
    const NodeShape& from = state.scene.nodes()[wire.from];
    const NodeShape& to = state.scene.nodes()[wire.to];
    if (from.node->mode == NodeMode::muted || to.node->mode == NodeMode::muted) alpha *= 0.45;
    if (pen.zoom() < 0.2f && !selected && !over) {  // from far away a straight line will do
      pen.list()->AddLine(pen.at(wire.path.front()), pen.at(wire.path.back()),
                          state.wireColour(wire.colour, alpha * 0.6), 1);
      continue;
    }
    std::vector<ImVec2> points;
    points.reserve(wire.path.size());
    for (const Point& each : wire.path) points.push_back(pen.at(each));
    const auto stroke = [&](unsigned colour, float by) {
      pen.list()->AddPolyline(points.data(), static_cast<int>(points.size()), colour, by);
    };
    if (over)
      stroke(imColour(pen.theme().accent, 0.55), thick + 7);
    else if (selected)
      stroke(imColour(pen.theme().selected, 0.6), thick + 4);
    else if (hovered)
      stroke(state.wireColour(wire.colour, 0.35), thick + 4);
    const unsigned colour = state.wireColour(wire.colour, alpha);
    if (wire.constantIn >= 0 && pen.zoom() > 0.3f)
      drawConstant(pen, wire.path, state.scene.nodes()[wire.constantIn].rect, colour,
                   state.wireColour(wire.colour, alpha * (hovered || selected ? 1 : 0.55)), thick);
    else
      stroke(colour, thick);
    if (pen.zoom() > 0.3f)
      for (const Point& each : wire.corners) {
        pen.circle(each, 4.4f, imColour(pen.theme().canvas));
        pen.circle(each, 3.4f, colour);
      }
  }
}

void drawGestures(const CanvasState& state, const Pen& pen) {
  const Theme& theme = pen.theme();
  if (state.box) {
    pen.fill(*state.box, imColour(theme.accent, 0.10));
    pen.outline(*state.box, imColour(theme.accent, 0.8), 0, 1);
  }
  for (size_t i = 0; i + 1 < state.cut.size(); ++i)
    pen.line(state.cut[i], state.cut[i + 1], imColour(QColor(0xEE, 0x20, 0x20)), 2);
  if (!state.link) return;
  const LinkDrag& link = *state.link;
  const auto curve = [&](Point a, Point b, unsigned colour) {
    const ImVec2 from = pen.at(a), to = pen.at(b);
    const float pull = std::clamp(std::abs(to.x - from.x) * 0.5f, 24.f, 160.f);
    pen.list()->AddBezierCubic(from, {from.x + pull, from.y}, {to.x - pull, to.y}, to, colour,
                               std::max(2.f, 2 * pen.zoom()));
  };
  const unsigned colour = state.refusal.empty() ? state.wireColour(state.session.catalog().colour(link.type))
                                                : imColour(theme.error);
  Point end = state.mouse;
  if (state.hover.socket >= 0 && state.refusal.empty() && state.hover.node >= 0) {
    const NodeShape& node = state.scene.nodes()[state.hover.node];
    end = node.at(node.sockets[state.hover.socket]);
  }
  if (link.what == LinkDrag::What::allOfOutput) {
    for (const WireShape& wire : state.scene.wires())
      if (std::find(link.wires.begin(), link.wires.end(), wire.wire) != link.wires.end() &&
          !wire.path.empty())
        curve(end, wire.path.back(), colour);
  } else if (link.wantsInput()) {
    curve(link.fixed, end, colour);
  } else {
    curve(end, link.fixed, colour);
  }
}

}  // namespace loom::editor
