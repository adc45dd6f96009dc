#include "app/editor/shell/graph_sketch.h"

#include <QPainter>
#include <QPainterPath>

#include "app/editor/document/face.h"
#include "app/editor/document/layout.h"
#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

constexpr double kNodeWidth = 170, kNodeHeight = 92, kZonePadding = 34;
constexpr size_t kMostNodes = 400;  // more would be a grey square

QRectF place(const Layout& layout, const Node& node, std::map<std::string, QRectF>& places) {
  QRectF rect;
  if (node.zone) {
    for (const NodePtr& inner : node.zone->nodes) rect = rect.united(place(layout, *inner, places));
    if (!rect.isEmpty()) rect.adjust(-kZonePadding * 2, -kZonePadding * 2, kZonePadding * 2, kZonePadding);
  }
  if (rect.isEmpty()) {
    const auto found = layout.nodes.find(node.id);
    const Point at = found != layout.nodes.end() && found->second.at ? *found->second.at : Point{};
    rect = {at.x, at.y, kNodeWidth, kNodeHeight};
  }
  places[node.id] = rect;
  return rect;
}

void draw(QPainter& painter, const Node& node, const std::map<std::string, QRectF>& places,
          const Theme& theme) {
  const QRectF rect = places.at(node.id);
  if (node.zone) {
    QColor tint = theme.zone;
    painter.setPen(QPen(tint, 3));
    tint.setAlphaF(0.13f);
    painter.setBrush(tint);
    painter.drawRoundedRect(rect, 18, 18);
    for (const NodePtr& inner : node.zone->nodes) draw(painter, *inner, places, theme);
    return;
  }
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.node);
  painter.drawRoundedRect(rect, 10, 10);
  const QString group = QString::fromStdString(node.type).section('.', 0, 0);
  QPainterPath header;
  header.addRoundedRect(rect, 10, 10);
  painter.save();
  painter.setClipRect(QRectF(rect.left(), rect.top(), rect.width(), 30));
  painter.fillPath(header, theme.group(group.toStdString()).lighter(theme.dark ? 135 : 92));
  painter.restore();
}

}  // namespace

QImage graphSketch(const Document& document, QSize size, qreal ratio, const Theme& theme) {
  QImage image(size * ratio, QImage::Format_RGB32);
  image.setDevicePixelRatio(ratio);
  image.fill(theme.canvas);
  const Layout layout = tidy(document, "", Catalog(), {.all = false, .only = {}, .sizes = {}});
  std::map<std::string, QRectF> places;
  QRectF whole;
  for (const NodePtr& node : document.graph.nodes) whole = whole.united(place(layout, *node, places));
  if (places.empty() || places.size() > kMostNodes) return image;
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  const double margin = 14;
  const double scale = std::min(
      {(size.width() - 2 * margin) / whole.width(), (size.height() - 2 * margin) / whole.height(), 0.5});
  painter.translate(size.width() / 2., size.height() / 2.);
  painter.scale(scale, scale);
  painter.translate(-whole.center());
  for (const NodePtr& node : document.graph.nodes) draw(painter, *node, places, theme);
  QColor wire = theme.accent;
  wire.setAlphaF(0.75f);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(wire, 4));
  for (const Wire& each : wiresOf(document.graph)) {
    const auto from = places.find(each.from.node), to = places.find(each.to.node);
    if (from == places.end() || to == places.end()) continue;
    const QRectF a = from->second, b = to->second;
    // From a zone to its own inside it goes the other way round.
    const bool inward = a.contains(b), outward = b.contains(a);
    const QPointF begin(inward ? a.left() : a.right(), a.center().y());
    const QPointF end(outward ? b.right() : b.left(), b.center().y());
    const double bend = std::max(40., std::abs(end.x() - begin.x()) / 2);
    QPainterPath path(begin);
    path.cubicTo(begin + QPointF(bend, 0), end - QPointF(bend, 0), end);
    painter.drawPath(path);
  }
  return image;
}

}  // namespace loom::editor
