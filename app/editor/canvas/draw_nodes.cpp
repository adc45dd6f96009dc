// Nodes, their sockets, fields and pictures.
#include "app/editor/canvas/canvas_state.h"
#include "app/editor/canvas/pen.h"
#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/textures.h"

namespace loom::editor {
namespace {

using namespace sizes;

constexpr float kBoxesBelow = 0.12f;  // the zoom below which a node is a box without a name
const QColor kErrorRed(0xEE, 0x00, 0x00), kBypassed(0xFF, 0x00, 0xFF);

QColor headerColour(const Theme& theme, const NodeShape& node) {
  if (!node.colour.empty() && QColor::isValidColor(QString::fromStdString(node.colour))) {
    QColor own = QColor(QString::fromStdString(node.colour));
    // The user's hue, as deep or pale as the text on it needs.
    own.setHslF(std::max(own.hslHueF(), 0.f), std::min(own.hslSaturationF(), 0.55f),
                theme.dark ? 0.26f : 0.84f);
    return own;
  }
  return theme.group(node.group ? "group" : node.zone ? "zone" : node.face->group);
}

struct Standing {  // how a node is, whatever it is
  bool selected, hovered, busy, error, off, bypassed, unknown, hoisted;
};

Standing standingOf(const CanvasState& state, int index) {
  const NodeShape& node = state.scene.nodes()[index];
  const Checked& checked = state.session.checked();
  Standing is{};
  is.selected = state.selected(node.id);
  is.hovered = state.hover.node == index && !state.link;
  const auto run = state.session.shownRun();
  if (run && run->alive() && !run->busyNode.empty()) {
    const std::string& busy = run->busyNode;
    const std::string own = state.port(node.id);
    is.busy = busy == own || busy.compare(0, own.size() + 1, own + "/") == 0;
  }
  is.error = state.problems.count(node.id) > 0;
  is.off = node.node->mode == NodeMode::muted || checked.muted.count(state.port(node.id)) > 0;
  is.bypassed = node.node->mode == NodeMode::bypassed;
  is.unknown = !node.face->known;
  is.hoisted = node.depth > 0 && checked.hoisted.count(state.port(node.id)) > 0;
  return is;
}

// A box: what is left of a node from very far away.
void drawBox(const CanvasState& state, const Pen& pen, const NodeShape& node, const Standing& is) {
  const Theme& theme = pen.theme();
  const QColor header = headerColour(theme, node);
  pen.fill(node.rect, mixed(theme.node, header, 0.5, is.off ? 0.4 : 1));
  if (is.error || is.selected || is.busy)
    pen.outline(node.rect, is.error ? imColour(kErrorRed) : imColour(is.busy ? theme.accent : theme.selected),
                0, 2);
  (void)state;
}

void drawBadge(const Pen& pen, Point rightMiddle, const char* text, unsigned colour, unsigned ground) {
  const float wide = pen.width(FontKind::text, 10.f, text) + 10;
  const Rect rect{rightMiddle.x - wide, rightMiddle.y - 7.5f, wide, 15};
  pen.fill(rect, ground, 7.5f);
  pen.text(FontKind::text, 10.f, middle(rect), colour, text, TextAt::middle);
}

void drawHeader(const Pen& pen, const NodeShape& node, const Standing& is) {
  const Theme& theme = pen.theme();
  const QColor colour = headerColour(theme, node);
  const Rect header = node.header();
  const double alpha = is.off ? 0.5 : 1;
  pen.fill(header, is.bypassed ? mixed(colour, kBypassed, 0.42, alpha) : imColour(colour, alpha), kRound,
           node.collapsed ? ImDrawFlags_RoundCornersAll : ImDrawFlags_RoundCornersTop);
  const unsigned text = imColour(theme.nodeText, is.off ? 0.6 : 1);
  const float y = header.y + header.height / 2;
  const float room = header.width - 2 * kPad - (node.group ? 16 : 0);
  const float wide =
      pen.textWithin(FontKind::bold, kTitle, {header.x + kPad + 1, y}, room, header.height, text, node.title);
  if (is.off && wide > 0)
    pen.line({header.x + kPad, y}, {header.x + kPad + wide + 2, y}, text, std::max(1.f, pen.zoom()));
  float end = right(header) - 7;
  if (is.hoisted && pen.readable(10)) {
    drawBadge(pen, {end, y}, "once", imColour(theme.text), imColour(theme.field, 0.65));
    end -= 40;
  }
  if (node.group && pen.readable(10)) {  // can be entered
    const Rect box{end - 11, y - 4, 8, 8};
    pen.outline(moved(box, {2.5f, -2.5f}), imColour(theme.nodeText, 0.55), 1.5f, std::max(1.f, pen.zoom()));
    pen.fill(box, imColour(colour), 1.5f);
    pen.outline(box, imColour(theme.nodeText, 0.8), 1.5f, std::max(1.f, pen.zoom()));
  }
}

void drawLabels(const CanvasState& state, const Pen& pen, const NodeShape& node, bool faded) {
  const Theme& theme = pen.theme();
  const unsigned text = imColour(theme.nodeText, faded ? 0.55 : 0.92);
  for (const SocketShape& socket : node.sockets) {
    if (socket.field || socket.hidden || node.collapsed || socket.slot == "@when") continue;
    const Point at = node.at(socket);
    const float pad = kPad + 3, room = socket.row.width - 10 - pad;
    if (socket.output)
      pen.textWithin(FontKind::text, kText, {at.x - pad, at.y}, room, kRow, text, socket.label,
                     TextAt::right);
    else
      pen.textWithin(FontKind::text, kText, {at.x + pad, at.y}, room, kRow, text, socket.label);
  }
  for (const SocketShape& socket : node.sockets)
    if (socket.field) drawField(state, pen, node, socket);
}

}  // namespace

void drawProblem(const CanvasState& state, const Pen& pen, const NodeShape& node) {
  if (!pen.readable(kSmall)) return;
  const float size = pen.atLeastReadable(node.region() ? kText : kSmall);
  const auto found = state.problems.find(node.id);
  if (found == state.problems.end() || found->second.empty()) return;
  const Theme& theme = pen.theme();
  std::string text = found->second.front();
  if (found->second.size() > 1) text += "  (+" + std::to_string(found->second.size() - 1) + ")";
  if (text.size() > 300) text.resize(300);
  const Scene::Measure measure = [&](FontKind kind, const std::string& each) {
    return pen.width(kind, size, each) / size;
  };
  const float high = std::max(20.f, 1.6f * size);
  Point at{node.rect.x, bottom(node.rect) + 5};
  float most = std::max(node.rect.width, 17 * size);
  if (node.region()) {  // in its header: its lower edge is often out of sight
    at = {node.rect.x + 32 + pen.width(FontKind::bold, kTitle, node.title),
          node.rect.y + (kZoneHeader - high) / 2};
    most = right(node.rect) - 14 - at.x;
    if (most < 60) return;
  }
  text = shortened(text, most - 16, size, FontKind::text, measure);
  const float wide = pen.width(FontKind::text, size, text) + 16;
  const Rect rect{at.x, at.y, wide, high};
  pen.fill(rect, imColour(theme.field, 0.92), 4);
  pen.fill({rect.x, rect.y, 3, rect.height}, imColour(kErrorRed), 1.5f);
  pen.text(FontKind::text, size, {rect.x + 9, rect.y + high / 2}, imColour(theme.error), text);
}

namespace {

// What goes through a node that is bypassed.
void drawBypass(const Pen& pen, const NodeShape& node) {
  const SocketShape* in = nullptr;
  const SocketShape* out = nullptr;
  for (const SocketShape& socket : node.sockets) {
    if (socket.slot == "@when" || socket.hidden) continue;
    if (!socket.output && socket.linked && !in) in = &socket;
    if (socket.output && !out) out = &socket;
  }
  if (!in || !out) return;
  const ImVec2 a = pen.at(node.at(*in)), b = pen.at(node.at(*out));
  // Above the labels, which stay readable.
  const float pull = (b.x - a.x) / 4, up = 17 * pen.zoom();
  pen.list()->AddBezierCubic(a, {a.x + pull, a.y - up}, {b.x - pull, b.y - up}, b, imColour(kBypassed, 0.9),
                             std::max(1.5f, 2 * pen.zoom()));
}

// What is seen of a node whose rows are too small to be read: its name, as large as there is room for, and
// its pictures.
void drawFar(const CanvasState& state, const Pen& pen, const NodeShape& node, const Standing& is) {
  const Theme& theme = pen.theme();
  const QColor header = headerColour(theme, node);
  pen.fill(node.rect, is.bypassed ? mixed(theme.node, kBypassed, 0.3) : mixed(theme.node, header, 0.55),
           pen.zoom() < 0.3f ? 0 : kRound);
  float low = bottom(node.rect) - 8;
  if (!node.collapsed)
    for (const Thumb& thumb : node.thumbs) {
      if (!state.session.pictureOf(thumb.port)) continue;
      drawThumb(state, pen, moved(thumb.at, corner(node.rect)), thumb.port);
      low = std::min(low, node.rect.y + thumb.at.y - 4);
    }
  const float pad = 4 / pen.zoom();
  pen.label(FontKind::bold,
            {node.rect.x + pad, node.rect.y + pad * 0.75f, node.rect.width - pad * 1.5f,
             low - node.rect.y - pad * 0.75f},
            imColour(theme.nodeText, is.off ? 0.5 : 1), node.face->title);
}

void drawNear(const CanvasState& state, const Pen& pen, const NodeShape& node, const Standing& is) {
  const Theme& theme = pen.theme();
  if (pen.zoom() >= 0.55f) pen.shadow(node.rect, kRound);
  pen.fill(node.rect,
           is.bypassed ? mixed(theme.node, kBypassed, 0.14) : imColour(theme.node, is.off ? 0.75 : 1),
           kRound);
  drawHeader(pen, node, is);
  if (is.unknown && !node.collapsed)
    pen.hatch({node.rect.x, node.rect.y + kHeader, node.rect.width, node.rect.height - kHeader},
              imColour(theme.warning, 0.16));
  drawLabels(state, pen, node, is.off);
  if (node.collapsed) return;
  for (const Thumb& thumb : node.thumbs)
    drawThumb(state, pen, moved(thumb.at, corner(node.rect)), thumb.port);
}

// Around it: that it runs, is wrong, selected or under the mouse.
void drawStanding(const Pen& pen, const NodeShape& node, const Standing& is) {
  const Theme& theme = pen.theme();
  const unsigned edge = theme.dark ? imColour(QColor(255, 255, 255), 0.07) : imColour(theme.border);
  if (pen.rows()) pen.outline(node.rect, edge, kRound, 1);
  if (is.busy) pen.outline(node.rect, imColour(theme.accent), kRound, 1.5f);
  if (is.error) pen.outline(grown(node.rect, 0.5f), imColour(kErrorRed), kRound, 2);
  if (is.selected)
    pen.outline(grown(node.rect, is.error ? 3 : 1), imColour(theme.selected), kRound + (is.error ? 3 : 1), 2);
  else if (is.hovered && !is.error)
    pen.outline(grown(node.rect, 1), imColour(theme.selected, 0.35), kRound + 1, 1);
}

void drawNode(const CanvasState& state, const Pen& pen, int index) {
  const NodeShape& node = state.scene.nodes()[index];
  const Standing is = standingOf(state, index);
  if (pen.zoom() < kBoxesBelow) return drawBox(state, pen, node, is);
  if (is.busy)
    for (const float by : {9.f, 6.f, 3.f})
      pen.fill(grown(node.rect, by), imColour(pen.theme().accent, 0.10), kRound + by);
  pen.rows() ? drawNear(state, pen, node, is) : drawFar(state, pen, node, is);
  if (is.bypassed) drawBypass(pen, node);
  drawStanding(pen, node, is);
  if (pen.zoom() >= 0.25f)
    for (size_t i = 0; i < node.sockets.size(); ++i) drawSocket(state, pen, node, static_cast<int>(i));
  if (is.error) drawProblem(state, pen, node);
}

// A padlock; open where each run draws another seed.
void drawLock(const Pen& pen, Point middle, bool shut, unsigned colour, float thick) {
  pen.fill({middle.x - 4, middle.y - 0.5f, 8, 6}, colour, 1);
  const float shift = shut ? 0 : 3.5f;
  const Point left{middle.x - 2.6f + shift, middle.y - 0.5f}, right{middle.x + 2.6f + shift, middle.y - 0.5f};
  const float top = middle.y - 3;
  pen.line({left.x, middle.y - (shut ? 0.f : 0.5f)}, {left.x, top}, colour, thick);
  pen.arch({(left.x + right.x) / 2, top}, 2.6f, colour, thick);
  pen.line({right.x, shut ? middle.y : top + 1.2f}, {right.x, top}, colour, thick);
}

// A tab at the node's edge: it can be set from outside, by this graph's own names.
void drawExposed(const Pen& pen, const NodeShape& node, const SocketShape& socket) {
  const Point at = node.at(socket);
  const ImVec2 a = pen.at({at.x - 5, at.y - 5}), b = pen.at({at.x + 2.5f, at.y}),
               c = pen.at({at.x - 5, at.y + 5});
  pen.list()->AddTriangleFilled(a, b, c, imColour(pen.theme().accent));
}

}  // namespace

void drawSocket(const CanvasState& state, const Pen& pen, const NodeShape& node, int index) {
  const SocketShape& socket = node.sockets[index];
  const Theme& theme = pen.theme();
  const int fit = state.link ? fitOf(state, *state.link, node, socket) : 0;
  const bool hovered = &state.scene.nodes()[std::max(state.hover.node, 0)] == &node &&
                       state.hover.node >= 0 && state.hover.socket == index;
  if (socket.hidden && !fit) return;
  if (!pen.rows() && !fit && !hovered) {  // from far away a dot: very many are seen at once
    const Point at = node.at(socket);
    if (!socket.field) pen.fill({at.x - 3.5f, at.y - 3.5f, 7, 7}, state.wireColour(socket.colour, 0.9));
    return;
  }
  if (!socket.exposed.empty() && socket.field && !fit) drawExposed(pen, node, socket);
  // A parameter's socket shows where it is of use: at a link, under the mouse, while one is dragged.
  if (socket.field && !fit && !(hovered && state.hover.kind == Hit::Kind::socket)) {
    if (state.hover.node >= 0 && &state.scene.nodes()[state.hover.node] == &node && !state.link &&
        socket.exposed.empty())
      pen.circle(node.at(socket), 2.2f, state.wireColour(socket.colour, 0.7));
    return;
  }
  const Point at = node.at(socket);
  const double alpha = state.link && !fit ? 0.22 : 1;
  const unsigned colour = state.wireColour(socket.colour, alpha);
  const unsigned ground = imColour(theme.canvas, alpha);
  float radius = socket.adds ? kSocket - 0.8f : kSocket;
  if (hovered && !state.link) radius += 1.2f;
  if (fit) {
    pen.circle(at, radius + 5, state.wireColour(socket.colour, hovered ? 0.5 : 0.2));
    radius += hovered ? 2 : 0.8f;
  }
  if (socket.adds) {
    pen.circle(at, radius + 1.6f, ground);
    const unsigned dim = imColour(theme.dim, alpha);
    pen.ring(at, radius, dim, std::max(1.f, pen.zoom()));
    pen.line({at.x - 2, at.y}, {at.x + 2, at.y}, dim, std::max(1.f, pen.zoom()));
    pen.line({at.x, at.y - 2}, {at.x, at.y + 2}, dim, std::max(1.f, pen.zoom()));
    return;
  }
  if (socket.state) {  // goes round
    pen.diamond(at, radius + 3, ground);
    pen.diamond(at, radius + 1.8f, colour);
    if (!socket.linked && !socket.inside) pen.diamond(at, radius - 1.6f, ground);
    return;
  }
  pen.circle(at, radius + 1.6f, ground);
  pen.circle(at, radius, colour);
  // Empty while nothing feeds it, so that one sees what is missing.
  if (!socket.output && !socket.linked && !fit) pen.circle(at, radius - 1.7f, ground);
  if (socket.port->many && !socket.output)
    pen.ring(at, radius + 2.6f, state.wireColour(socket.colour, 0.6), 1);
}

void drawField(const CanvasState& state, const Pen& pen, const NodeShape& node, const SocketShape& socket) {
  const Theme& theme = pen.theme();
  const Rect rect = moved(socket.fieldAt, corner(node.rect));
  const bool hovered = state.hover.node >= 0 && &state.scene.nodes()[state.hover.node] == &node &&
                       (state.hover.kind == Hit::Kind::field || state.hover.kind == Hit::Kind::fieldSign ||
                        state.hover.kind == Hit::Kind::fieldLock) &&
                       &node.sockets[state.hover.socket] == &socket;
  pen.fill(rect, hovered ? mixed(theme.field, theme.accent, 0.14) : imColour(theme.field), 4);
  if (!theme.dark) pen.outline(rect, imColour(theme.border), 4, 1);
  if (!pen.rows()) return;
  const float y = rect.y + rect.height / 2;
  const bool off = node.node->mode == NodeMode::muted;
  if (socket.changed) pen.fill({rect.x, rect.y + 4, 2.4f, rect.height - 8}, imColour(theme.accent), 1.2f);
  const unsigned dim = imColour(theme.dim, off ? 0.6 : 1);
  float end = right(rect) - 7;
  const auto label = [&](float until) {
    pen.textWithin(FontKind::text, kSmall, {rect.x + 7, y}, until - rect.x - 7, kRow, dim, socket.label);
  };
  const unsigned sign =
      imColour(hovered && state.hover.kind == Hit::Kind::fieldSign ? theme.accent : theme.dim);
  const float thick = std::max(1.f, 1.1f * pen.zoom());
  if (socket.type == "seed") {  // a die: draws another
    const Rect die{end - 10, y - 5, 10, 10};
    pen.outline(die, sign, 2, thick);
    for (const Point dot : {Point{3, 3}, Point{7, 7}, Point{5, 5}}) pen.circle(corner(die) + dot, 0.9f, sign);
    drawLock(pen, {end - 21, y}, !socket.rolled,
             imColour(socket.rolled || (hovered && state.hover.kind == Hit::Kind::fieldLock) ? theme.accent
                                                                                             : theme.dim),
             thick);
    end -= 32;
  } else if (socket.type == "path") {  // a folder: opens a picker
    const Rect folder{end - 11, y - 3.5f, 11, 8};
    pen.outline(folder, sign, 1.2f, thick);
    pen.line({folder.x + 0.5f, folder.y - 1.5f}, {folder.x + 4.5f, folder.y - 1.5f}, sign, thick);
    end -= 16;
  } else if (socket.type == "choice") {  // opens a list
    pen.line({end - 8, y - 1.5f}, {end - 5, y + 1.5f}, sign, thick);
    pen.line({end - 5, y + 1.5f}, {end - 2, y - 1.5f}, sign, thick);
    end -= 14;
  } else if (socket.type == "bool") {
    const bool on = socket.value == "on";
    const Rect box{end - 20, y - 5.5f, 20, 11};
    pen.fill(box, on ? imColour(theme.accent, off ? 0.5 : 1) : imColour(theme.raised), 5.5f);
    if (!on) pen.outline(box, imColour(theme.dim, 0.6), 5.5f, 1);
    pen.circle({on ? right(box) - 5.5f : box.x + 5.5f, y}, 3.6f,
               imColour(on ? (theme.dark ? theme.canvas : QColor(255, 255, 255)) : theme.dim));
    return label(box.x - 4);
  }
  if (state.editing == node.id + "." + socket.slot) return label(end);
  const unsigned value = socket.changed ? imColour(theme.nodeText, off ? 0.6 : 1)
                                        : mixed(theme.dim, theme.nodeText, 0.55, off ? 0.6 : 1);
  // Where there is not room for both, the value takes at most two thirds; a file's name, all.
  const float room = end - rect.x - 7;
  const float beside = room - pen.width(FontKind::text, kSmall, socket.label) - 5;
  const float taken = pen.textWithin(FontKind::numbers, kSmall, {end, y},
                                     std::max(room * (socket.type == "path" ? 1.f : 0.66f), beside), kRow,
                                     value, socket.value, TextAt::right);
  label(end - taken - 5);
}

void drawThumb(const CanvasState& state, const Pen& pen, const Rect& rect, const std::string& port) {
  const Theme& theme = pen.theme();
  pen.fill(rect, imColour(theme.field), 3);
  const PicturePtr picture = state.session.pictureOf(port);
  if (!picture || picture->width <= 0 || picture->height <= 0) {
    if (pen.readable(10)) {  // a place for one, which says so quietly
      const Point c = middle(rect);
      const unsigned quiet = imColour(theme.dim, 0.35);
      pen.outline({c.x - 9, c.y - 7, 18, 14}, quiet, 2, std::max(1.f, pen.zoom()));
      pen.line({c.x - 7, c.y + 4}, {c.x - 2, c.y - 1}, quiet, std::max(1.f, pen.zoom()));
      pen.line({c.x - 2, c.y - 1}, {c.x + 2, c.y + 3}, quiet, std::max(1.f, pen.zoom()));
      pen.line({c.x + 2, c.y + 3}, {c.x + 4, c.y + 1}, quiet, std::max(1.f, pen.zoom()));
      pen.line({c.x + 4, c.y + 1}, {c.x + 7, c.y + 4}, quiet, std::max(1.f, pen.zoom()));
    }
    return;
  }
  ImVec2 low = pen.at(corner(rect)), high = pen.at({right(rect), bottom(rect)});
  fitPicture(*picture, low, high);
  state.host.textures().draw(pen.list(), picture, low, high);
  if (state.hover.kind == Hit::Kind::thumb && state.hover.port == port)
    pen.outline(rect, imColour(theme.accent, 0.9), 3, 1.5f);
}

void drawNodes(const CanvasState& state, const Pen& pen) {
  const auto& nodes = state.scene.nodes();
  std::vector<int> onTop;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].region() || !pen.sees(grown(nodes[i].rect, 30))) continue;
    if (state.selected(nodes[i].id) && pen.zoom() >= kBoxesBelow)
      onTop.push_back(static_cast<int>(i));
    else
      drawNode(state, pen, static_cast<int>(i));
  }
  for (const int each : onTop) drawNode(state, pen, each);
}

}  // namespace loom::editor
