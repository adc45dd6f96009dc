// Zones, frames, notes: what lies behind and around nodes.
#include "app/editor/canvas/canvas_state.h"
#include "app/editor/canvas/pen.h"

namespace loom::editor {
namespace {

using namespace sizes;

std::string secondsText(double seconds) {
  char text[48];
  if (seconds < 60)
    std::snprintf(text, sizeof text, "%.1f s left", seconds);
  else if (seconds < 3600)
    std::snprintf(text, sizeof text, "%d:%02d min left", static_cast<int>(seconds) / 60,
                  static_cast<int>(seconds) % 60);
  else
    std::snprintf(text, sizeof text, "%d:%02d h left", static_cast<int>(seconds) / 3600,
                  static_cast<int>(seconds) / 60 % 60);
  return text;
}

std::string progressText(const ZoneProgress& progress) {
  std::string text = std::to_string(progress.done);
  if (progress.count > 0) text += " / " + std::to_string(progress.count);
  char rate[48];
  if (progress.perSecond > 0) {
    std::snprintf(rate, sizeof rate, progress.perSecond >= 10 ? "  ·  %.0f it/s" : "  ·  %.2f it/s",
                  progress.perSecond);
    text += rate;
  }
  if (progress.left && progress.running) text += "  ·  " + secondsText(*progress.left);
  return text;
}

// "over 100 timesteps"
std::string overText(const CanvasState& state, const NodeShape& node, const ZoneProgress* progress) {
  const Zone& zone = *node.node->zone;
  std::string name, count;
  if (!zone.over.empty()) {
    const Link& from = zone.over.front().second;
    name = from.port.empty() ? zone.over.front().first : from.port;
    const auto shape = state.session.checked().shapes.find(state.port(from.text()));
    if (shape != state.session.checked().shapes.end() && !shape->second.empty())
      count = shape->second.front();
  } else {
    name = "times";
    if (zone.count) count = std::to_string(*zone.count);
  }
  if (count.empty() && progress && progress->count > 0) count = std::to_string(progress->count);
  if (zone.over.empty()) return count.empty() ? "a number of times" : count + " times";
  return count.empty() ? "over " + name : "over " + count + " " + name;
}

void drawRailLabels(const CanvasState& state, const Pen& pen, const NodeShape& node) {
  const Theme& theme = pen.theme();
  for (const SocketShape& socket : node.sockets) {
    if (socket.slot == "@when") continue;
    const Point at = node.at(socket);
    const unsigned colour =
        socket.adds ? imColour(theme.dim, 0.8) : imColour(socket.state ? theme.nodeText : theme.dim);
    if (socket.field) {
      drawField(state, pen, node, socket);
      continue;
    }
    const bool leftRail = at.x < node.rect.x + kRail + 1;
    const float size = socket.adds ? kSmall : kText;
    const auto text = [&](float x, TextAt where) {
      pen.textWithin(FontKind::text, size, {x, at.y}, kRail - 22, kRow, colour, socket.label, where);
    };
    // Where both ends of a row have the same name, it is said once.
    if (leftRail && socket.inside)
      text(at.x - 12, TextAt::right);
    else if ((leftRail && (socket.adds || socket.slot == "@count")) || (!leftRail && socket.inside))
      text(at.x + 12, TextAt::left);
    else if (!leftRail && node.find("next." + socket.slot, false, true) < 0 &&
             node.find("collect." + socket.slot, false, true) < 0)
      text(at.x - 12, TextAt::right);
  }
}

void drawZoneHeader(const CanvasState& state, const Pen& pen, const NodeShape& node) {
  const Theme& theme = pen.theme();
  const Rect header = node.header();
  const float y = header.y + header.height / 2;
  const bool off = node.node->mode == NodeMode::muted;
  pen.fill(header, mixed(theme.canvas, theme.zone, off ? 0.12 : 0.34), 8, ImDrawFlags_RoundCornersTop);
  if (!pen.legible(kZoneHeader)) {
    const float pad = 5 / pen.zoom();
    pen.label(FontKind::bold, {header.x + pad, header.y + pad, header.width - pad, 3 * header.height},
              imColour(theme.nodeText, off ? 0.6 : 1), node.title);
    return;
  }
  const auto run = state.session.shownRun();
  const ZoneProgress* progress = nullptr;
  if (run)
    if (const auto found = run->zones.find(state.port(node.id)); found != run->zones.end())
      progress = &found->second;
  const float title = pen.textWithin(FontKind::bold, kTitle, {header.x + 14, y}, header.width - 28,
                                     kZoneHeader, imColour(theme.nodeText, off ? 0.6 : 1), node.title);
  if (off) pen.line({header.x + 13, y}, {header.x + 15 + title, y}, imColour(theme.nodeText, 0.6));
  if (state.problems.count(node.id)) return drawProblem(state, pen, node);
  float left = header.x + 14 + title + 18, end = right(header) - 14;
  const unsigned dim = imColour(theme.nodeText, 0.75);
  if (!progress) {
    pen.textWithin(FontKind::text, kSmall, {left, y}, end - left, kZoneHeader, dim,
                   overText(state, node, progress));
    return;
  }
  // How far it is comes before what it goes over.
  const float wide = pen.textWithin(FontKind::text, kSmall, {end, y}, end - left, kZoneHeader,
                                    imColour(theme.nodeText), progressText(*progress), TextAt::right);
  end -= wide + 16;
  const float over = pen.textWithin(FontKind::text, kSmall, {left, y}, end - left - 60, kZoneHeader, dim,
                                    overText(state, node, progress));
  if (over > 0) left += over + 20;
  const float bar = std::min(end - left, 190.f);
  if (bar < 40 || progress->count <= 0) return;
  const Rect whole{end - bar, y - 2.5f, bar, 5};
  pen.fill(whole, imColour(theme.field, 0.8), 2.5f);
  const float share =
      std::clamp(static_cast<float>(progress->done) / static_cast<float>(progress->count), 0.f, 1.f);
  if (share > 0)
    pen.fill({whole.x, whole.y, std::max(bar * share, 5.f), 5},
             imColour(theme.state, progress->running ? 1 : 0.6), 2.5f);
}

void drawZone(const CanvasState& state, const Pen& pen, int index) {
  const NodeShape& node = state.scene.nodes()[index];
  const Theme& theme = pen.theme();
  const bool over = state.zoneOver == index, off = node.node->mode == NodeMode::muted;
  // Each that is nested adds to the tint of what is around it.
  pen.fill(node.rect, imColour(theme.zone, (off ? 0.05 : 0.115) + (over ? 0.12 : 0)), 8);
  if (pen.zoom() >= 0.2f) {
    const float top = node.rect.y + kZoneHeader, high = node.rect.height - kZoneHeader;
    const unsigned rail = imColour(theme.zone, 0.10);
    pen.fill({node.rect.x, top, kRail, high}, rail, 8, ImDrawFlags_RoundCornersBottomLeft);
    pen.fill({right(node.rect) - kRail, top, kRail, high}, rail, 8, ImDrawFlags_RoundCornersBottomRight);
  }
  drawZoneHeader(state, pen, node);
  const bool error = state.problems.count(node.id) > 0, selected = state.selected(node.id);
  pen.outline(node.rect, imColour(theme.zone, over ? 1 : 0.75), 8, over ? 2.5f : 1.25f);
  if (error) pen.outline(node.rect, imColour(QColor(0xEE, 0, 0)), 8, 2);
  if (selected) pen.outline(grown(node.rect, 1.5f), imColour(theme.selected), 9, 2);
  if (node.node->mode == NodeMode::bypassed)
    pen.outline(grown(node.rect, -2), imColour(QColor(255, 0, 255), 0.8), 8, 2);
  if (pen.zoom() < 0.25f) return;
  if (pen.rows()) drawRailLabels(state, pen, node);
  for (const Thumb& thumb : node.thumbs)
    drawThumb(state, pen, moved(thumb.at, corner(node.rect)), thumb.port);
  for (size_t i = 0; i < node.sockets.size(); ++i) drawSocket(state, pen, node, static_cast<int>(i));
  if (node.body.empty() && pen.readable(kText)) {
    const Rect room{node.rect.x + kRail, node.rect.y + kZoneHeader, node.rect.width - 2 * kRail,
                    node.rect.height - kZoneHeader};
    pen.text(FontKind::text, kSmall, middle(room), imColour(theme.dim, 0.9), "Drop nodes here",
             TextAt::middle);
  }
}

QColor userColour(const std::string& text, const QColor& otherwise) {
  const QColor colour(QString::fromStdString(text));
  return colour.isValid() ? colour : otherwise;
}

}  // namespace

void drawZones(const CanvasState& state, const Pen& pen) {
  const auto& nodes = state.scene.nodes();
  // A zone comes before its body in the list, so that the outer ones are drawn first.
  for (size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].region() && pen.sees(grown(nodes[i].rect, 10))) drawZone(state, pen, static_cast<int>(i));
}

void drawFrames(const CanvasState& state, const Pen& pen) {
  const Theme& theme = pen.theme();
  for (const FrameShape& frame : state.scene.frames()) {
    const Rect& rect = frame.layout.rect;
    if (!pen.sees(grown(rect, 10))) continue;
    const QColor colour = userColour(frame.layout.colour, theme.constant);
    pen.fill(rect, imColour(colour, theme.dark ? 0.09 : 0.13), 8);
    pen.fill({rect.x, rect.y, rect.width, kFrameTitle}, imColour(colour, theme.dark ? 0.16 : 0.22), 8,
             ImDrawFlags_RoundCornersTop);
    const bool selected = state.selected(frame.id);
    pen.outline(rect, selected ? imColour(theme.selected) : imColour(colour, 0.55), 8, selected ? 2 : 1);
    const std::string title = frame.layout.title.empty() ? "Frame" : frame.layout.title;
    if (state.renaming == frame.id) continue;
    if (pen.legible(kFrameTitle))
      pen.textWithin(FontKind::bold, 15, {rect.x + 12, rect.y + kFrameTitle / 2}, rect.width - 24,
                     kFrameTitle, imColour(theme.nodeText), title);
    else
      pen.label(FontKind::bold, {rect.x + 5 / pen.zoom(), rect.y + 3 / pen.zoom(), rect.width, rect.height},
                imColour(theme.nodeText), title);
    if (state.hover.id == frame.id && pen.zoom() > 0.3f) {
      const Point c{right(rect) - 4, bottom(rect) - 4};
      pen.line({c.x - 9, c.y}, {c.x, c.y - 9}, imColour(theme.dim), 1);
      pen.line({c.x - 5, c.y}, {c.x, c.y - 5}, imColour(theme.dim), 1);
    }
  }
}

void drawNotes(const CanvasState& state, const Pen& pen) {
  const Theme& theme = pen.theme();
  for (const NoteShape& note : state.scene.notes()) {
    const Rect& rect = note.layout.rect;
    if (!pen.sees(grown(rect, 10))) continue;
    const QColor colour = userColour(note.layout.colour, QColor("#E5C07B"));
    if (pen.zoom() >= 0.4f) pen.shadow(rect, 5);
    pen.fill(rect, mixed(theme.node, colour, theme.dark ? 0.16 : 0.3), 5);
    pen.fill({rect.x, rect.y, 3, rect.height}, imColour(colour), 1.5f);
    const bool selected = state.selected(note.id);
    if (selected) pen.outline(grown(rect, 1), imColour(theme.selected), 6, 2);
    if (state.renaming == note.id) continue;
    const bool empty = note.layout.text.empty();
    pen.paragraph(FontKind::text, kText, {rect.x + 12, rect.y + 8, rect.width - 20, rect.height - 14},
                  imColour(empty ? theme.dim : theme.nodeText),
                  empty ? "Double-click to write a note" : note.layout.text);
    if (state.hover.id == note.id && pen.zoom() > 0.3f) {
      const Point c{right(rect) - 4, bottom(rect) - 4};
      pen.line({c.x - 8, c.y}, {c.x, c.y - 8}, imColour(theme.dim), 1);
      pen.line({c.x - 4, c.y}, {c.x, c.y - 4}, imColour(theme.dim), 1);
    }
  }
}

}  // namespace loom::editor
