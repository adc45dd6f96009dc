// A plot as a picture to keep: drawn by Qt, so that it needs no window and has any size.
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/plot_view.h"

namespace loom::editor {
std::vector<double> axisTicks(double low, double high, int wanted, bool logarithmic) {
  std::vector<double> found;
  if (logarithmic) {
    const int first = static_cast<int>(std::ceil(std::log10(low))),
              last = static_cast<int>(std::floor(std::log10(high)));
    const int step = std::max((last - first) / wanted, 1);
    for (int power = first; power <= last; power += step) found.push_back(std::pow(10, power));
    if (found.size() >= 2) return found;
    found.clear();
  }
  const double rough = (high - low) / wanted, power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0})
    if (factor * power >= rough * 0.999) {
      step = factor * power;
      break;
    }
  // Two at least, or nothing says how much it is.
  while (std::floor(high / step) - std::ceil(low / step) < 1) step /= 2;
  for (double at = std::ceil(low / step) * step; at <= high + step * 1e-9 && found.size() < 100; at += step)
    found.push_back(std::abs(at) < step * 1e-9 ? 0 : at);
  return found;
}

QImage plotPicture(const Plot& plot, QSize size, const QString& title) {
  const Theme& theme = Theme::current();
  QImage image(size, QImage::Format_RGB32);
  image.fill(theme.window);
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  QFont font = painter.font();
  font.setPixelSize(std::max(11, size.height() / 32));
  painter.setFont(font);
  const QFontMetrics metrics(font);
  const int line = metrics.height();
  auto [left, right] = limitsOf(plot, true);
  if (plot.bySteps) left += 1, right += 1;  // counted from 1
  const auto [low, high] = limitsOf(plot, false);
  const auto yTicks = axisTicks(low, high, 6, plot.logarithmic), xTicks = axisTicks(left, right, 10, false);
  int labels = 0;
  for (const double tick : yTicks)
    labels = std::max(labels, metrics.horizontalAdvance(QString::fromStdString(numberText(tick))));
  const QRectF area(labels + 2 * line, 2 * line, size.width() - labels - 3 * line, size.height() - 5 * line);
  const auto atX = [&, left = left, right = right](double x) {
    return area.left() + (x - left) / (right - left) * area.width();
  };
  const auto atY = [&, low = low, high = high](double y) {
    const double part =
        plot.logarithmic ? std::log(std::max(y, low) / low) / std::log(high / low) : (y - low) / (high - low);
    return area.bottom() - part * area.height();
  };
  painter.fillRect(area, theme.field);
  for (const double tick : yTicks) {
    painter.setPen(theme.border);
    painter.drawLine(QPointF(area.left(), atY(tick)), QPointF(area.right(), atY(tick)));
    painter.setPen(theme.dim);
    painter.drawText(QRectF(0, atY(tick) - line, area.left() - line / 3.0, 2 * line),
                     Qt::AlignRight | Qt::AlignVCenter, QString::fromStdString(numberText(tick)));
  }
  for (const double tick : xTicks) {
    painter.setPen(theme.border);
    painter.drawLine(QPointF(atX(tick), area.top()), QPointF(atX(tick), area.bottom()));
    painter.setPen(theme.dim);
    painter.drawText(QRectF(atX(tick) - 100, area.bottom() + line / 4.0, 200, line), Qt::AlignCenter,
                     QString::fromStdString(numberText(tick)));
  }
  painter.setClipRect(area);
  const double shift = plot.bySteps ? 1 : 0;
  for (const Series& series : plot.series) {
    QColor colour = readable(series.colour, theme.field);
    const auto path = [&](const std::vector<double>& numbers) {
      QPolygonF points;
      for (size_t i = 0; i < numbers.size(); ++i)
        if (std::isfinite(numbers[i])) points << QPointF(atX(series.x[i] + shift), atY(numbers[i]));
      return points;
    };
    const Qt::PenStyle style = series.compared ? Qt::DashLine : Qt::SolidLine;
    if (!series.low.empty()) {
      QPolygonF band = path(series.low), back = path(series.high);
      painter.setPen(QPen(colour, 1, style));
      painter.drawPolyline(band);
      painter.drawPolyline(back);
      std::reverse(back.begin(), back.end());
      QColor fill = colour;
      fill.setAlphaF(series.compared ? 0.1f : 0.2f);
      painter.setPen(Qt::NoPen);
      painter.setBrush(fill);
      painter.drawPolygon(band + back);
      painter.setBrush(Qt::NoBrush);
    }
    painter.setPen(QPen(colour, 2, style));
    painter.drawPolyline(path(series.y));
  }
  painter.setClipping(false);
  painter.setPen(theme.border);
  painter.drawRect(area);
  painter.setPen(theme.dim);
  painter.drawText(QRectF(area.left(), size.height() - 1.7 * line, area.width(), line), Qt::AlignCenter,
                   QString::fromStdString(plot.x));
  painter.setPen(theme.text);
  painter.drawText(QRectF(area.left(), line / 2.0, area.width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                   title);
  qreal at = area.right();
  for (auto series = plot.series.rbegin(); series != plot.series.rend(); ++series) {
    const QString name = QString::fromStdString(series->name) + (series->compared ? " (B)" : "");
    at -= metrics.horizontalAdvance(name);
    painter.setPen(readable(series->colour, theme.window));
    painter.drawText(QPointF(at, line / 2.0 + metrics.ascent()), name);
    at -= 2 * line;
    painter.setPen(QPen(painter.pen().color(), 2, series->compared ? Qt::DashLine : Qt::SolidLine));
    painter.drawLine(QPointF(at, line), QPointF(at + 1.6 * line, line));
    at -= line;
  }
  if (plot.series.empty()) {
    painter.setPen(theme.dim);
    painter.drawText(area, Qt::AlignCenter | Qt::TextWordWrap, QString::fromStdString(plot.note));
  }
  return image;
}

}  // namespace loom::editor
