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

namespace {

struct LegendEntry {
  const Series* series;
  QString name;
  double x, y;
};

// In lines from `top` on, which moves to where they end.
std::vector<LegendEntry> legendOf(const Plot& plot, const QFontMetrics& metrics, double width, double& top) {
  std::vector<LegendEntry> entries;
  const double line = metrics.height();
  double x = 0;
  for (const Series& series : plot.series) {
    const QString name = QString::fromStdString(series.name) + (series.compared ? " (B)" : "");
    const double needed = 3 * line + metrics.horizontalAdvance(name);
    if (x > 0 && x + needed > width) x = 0, top += 1.2 * line;
    entries.push_back({&series, name, x, top});
    x += needed;
  }
  top += entries.empty() ? 0.2 * line : 1.5 * line;
  return entries;
}

// Where numbers are on the picture.
struct Scale {
  QRectF area;
  double left, right, low, high;
  bool logarithmic;
  double x(double number) const { return area.left() + (number - left) / (right - left) * area.width(); }
  double y(double number) const {
    const double part = logarithmic ? std::log(std::max(number, low) / low) / std::log(high / low)
                                    : (number - low) / (high - low);
    return area.bottom() - part * area.height();
  }
  bool shows(double number) const { return std::isfinite(number) && (!logarithmic || number > 0); }
};

void paintGrid(QPainter& painter, const Scale& scale, const Theme& theme) {
  const QRectF& area = scale.area;
  const int line = painter.fontMetrics().height();
  painter.fillRect(area, theme.field);
  for (const double tick : axisTicks(scale.low, scale.high, 6, scale.logarithmic)) {
    const double y = scale.y(tick);
    painter.setPen(theme.border);
    painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
    painter.setPen(theme.dim);
    painter.drawText(QRectF(line, y - line, area.left() - line - line / 3.0, 2 * line),
                     Qt::AlignRight | Qt::AlignVCenter, QString::fromStdString(numberText(tick)));
  }
  for (const double tick : axisTicks(scale.left, scale.right, 10, false)) {
    const double x = scale.x(tick);
    painter.setPen(theme.border);
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    painter.setPen(theme.dim);
    painter.drawText(QRectF(x - 100, area.bottom() + line / 4.0, 200, line), Qt::AlignCenter,
                     QString::fromStdString(numberText(tick)));
  }
}

void paintSeries(QPainter& painter, const Series& series, const Scale& scale, double shift,
                 const QColor& colour) {
  const auto path = [&](const std::vector<double>& numbers) {
    QPolygonF points;
    for (size_t i = 0; i < numbers.size(); ++i)
      if (scale.shows(numbers[i])) points << QPointF(scale.x(series.x[i] + shift), scale.y(numbers[i]));
    return points;
  };
  const bool dashed = series.compared || series.dashed;
  const Qt::PenStyle style = dashed ? Qt::DashLine : Qt::SolidLine;
  if (!series.low.empty()) {
    QPolygonF band = path(series.low), back = path(series.high);
    painter.setPen(QPen(colour, 1, style));
    painter.drawPolyline(band);
    painter.drawPolyline(back);
    std::reverse(back.begin(), back.end());
    QColor fill = colour;
    fill.setAlphaF(dashed ? 0.1f : 0.2f);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPolygon(band + back);
    painter.setBrush(Qt::NoBrush);
  }
  painter.setPen(QPen(colour, 2, style));
  painter.drawPolyline(path(series.y));
}

// What the axes are, and what all of it was made from.
void paintNames(QPainter& painter, const Plot& plot, const QRectF& area, QSize size, const Theme& theme) {
  const QFontMetrics metrics = painter.fontMetrics();
  const int line = metrics.height();
  painter.setPen(theme.dim);
  painter.drawText(QRectF(area.left(), area.bottom() + 1.4 * line, area.width(), line), Qt::AlignCenter,
                   QString::fromStdString(plot.x));
  painter.drawText(
      QRectF(area.left(), size.height() - 1.5 * line, area.width(), line), Qt::AlignLeft,
      metrics.elidedText(QString::fromStdString(plot.note), Qt::ElideRight, static_cast<int>(area.width())));
  painter.save();
  painter.translate(line * 0.3, area.bottom());
  painter.rotate(-90);
  painter.drawText(QRectF(0, 0, area.height(), line), Qt::AlignCenter,
                   QString::fromStdString(plot.y) + (plot.logarithmic ? ", logarithmic" : ""));
  painter.restore();
}

void paintLegend(QPainter& painter, const std::vector<LegendEntry>& legend, double left, const Theme& theme) {
  const QFontMetrics metrics = painter.fontMetrics();
  const int line = metrics.height();
  for (const LegendEntry& entry : legend) {
    const bool dashed = entry.series->compared || entry.series->dashed;
    painter.setPen(
        QPen(readable(entry.series->colour, theme.window), 2, dashed ? Qt::DashLine : Qt::SolidLine));
    painter.drawLine(QPointF(left + entry.x, entry.y + line / 2.0),
                     QPointF(left + entry.x + 1.6 * line, entry.y + line / 2.0));
    painter.setPen(theme.text);
    painter.drawText(QPointF(left + entry.x + 2 * line, entry.y + metrics.ascent()), entry.name);
  }
}

}  // namespace

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
  const double shift = plot.bySteps ? 1 : 0;  // counted from 1
  const auto [left, right] = limitsOf(plot, true);
  const auto [low, high] = limitsOf(plot, false);
  int labels = 0;
  for (const double tick : axisTicks(low, high, 6, plot.logarithmic))
    labels = std::max(labels, metrics.horizontalAdvance(QString::fromStdString(numberText(tick))));
  const double wide = size.width() - labels - 3.4 * line;
  double top = 1.8 * line;
  const std::vector<LegendEntry> legend = legendOf(plot, metrics, wide, top);
  const QRectF area(labels + 2.4 * line, top, wide, size.height() - top - 4 * line);
  const Scale scale{area, left + shift, right + shift, low, high, plot.logarithmic};
  paintGrid(painter, scale, theme);
  painter.setClipRect(area);
  for (const Series& series : plot.series)
    paintSeries(painter, series, scale, shift, readable(series.colour, theme.field));
  painter.setClipping(false);
  painter.setPen(theme.border);
  painter.drawRect(area);
  paintNames(painter, plot, area, size, theme);
  painter.setPen(theme.text);
  painter.drawText(QRectF(area.left(), line / 2.0, area.width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                   title);
  paintLegend(painter, legend, area.left(), theme);
  if (plot.series.empty()) {
    painter.setPen(theme.dim);
    painter.drawText(area, Qt::AlignCenter | Qt::TextWordWrap, QString::fromStdString(plot.note));
  }
  return image;
}

}  // namespace loom::editor
