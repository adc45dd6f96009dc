#include "nodes/plots/line_plot.h"

#include <ATen/ATen.h>

#include <array>
#include <cmath>

#include "nodes/images/caption.h"

namespace loom {
namespace {

using Colour = std::array<float, 3>;
constexpr Colour kPaper{0.985f, 0.985f, 0.98f}, kGrid{0.89f, 0.89f, 0.90f}, kFrame{0.55f, 0.56f, 0.58f};
// Told apart by people who see fewer colours too (Okabe and Ito, 2008).
constexpr std::array<Colour, 7> kColours{{{0.00f, 0.45f, 0.70f},
                                          {0.84f, 0.37f, 0.00f},
                                          {0.00f, 0.62f, 0.45f},
                                          {0.80f, 0.47f, 0.65f},
                                          {0.90f, 0.62f, 0.00f},
                                          {0.34f, 0.71f, 0.91f},
                                          {0.35f, 0.35f, 0.38f}}};
constexpr float kInk = 0.25f;

struct Point {
  double x, y;
};

/// Pixels that colours are laid over.
class Canvas {
 public:
  Canvas(int64_t width, int64_t height)
      : picture_(at::empty({3, height, width}, at::kFloat)), width_(width), height_(height) {
    for (int c = 0; c < 3; ++c) picture_[c].fill_(kPaper[static_cast<size_t>(c)]);
    data_ = picture_.mutable_data_ptr<float>();
  }

  void blend(int64_t x, int64_t y, const Colour& colour, double cover) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_ || cover <= 0) return;
    for (int64_t c = 0; c < 3; ++c) {
      float& pixel = data_[(c * height_ + y) * width_ + x];
      pixel += static_cast<float>(cover) * (colour[static_cast<size_t>(c)] - pixel);
    }
  }
  void box(int64_t left, int64_t top, int64_t right, int64_t bottom, const Colour& colour) {
    for (int64_t y = top; y <= bottom; ++y)
      for (int64_t x = left; x <= right; ++x) blend(x, y, colour, 1);
  }
  void text(const std::string& line, int64_t left, int64_t top, int64_t scale = 1) {
    drawCaption(picture_, line, left, top, scale, kInk);
  }
  const at::Tensor& picture() const { return picture_; }

 private:
  at::Tensor picture_;
  float* data_ = nullptr;
  int64_t width_, height_;
};

/// Where the curves lie.
struct Area {
  int64_t left, top, right, bottom;
  Axis x, y;
  Point place(double px, double py) const {
    return {static_cast<double>(left) + x.place(px) * static_cast<double>(right - left),
            static_cast<double>(bottom) - y.place(py) * static_cast<double>(bottom - top)};
  }
};

/// How much of each pixel the curve covers. Kept apart from the picture, so that a curve which crosses itself
/// a thousand times is no darker for it.
class Coverage {
 public:
  explicit Coverage(const Area& area)
      : area_(area),
        width_(area.right - area.left + 1),
        cover_(static_cast<size_t>(width_ * (area.bottom - area.top + 1))) {}

  /// A line with round ends; a pixel's cover falls off over one pixel around half its width.
  void line(Point a, Point b, double thickness) {
    const double reach = thickness / 2 + 1;
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const auto from = [](double v, int64_t least) {
      return std::max(static_cast<int64_t>(std::floor(v)), least);
    };
    const auto to = [](double v, int64_t most) { return std::min(static_cast<int64_t>(std::ceil(v)), most); };
    for (int64_t y = from(std::min(a.y, b.y) - reach, area_.top);
         y <= to(std::max(a.y, b.y) + reach, area_.bottom); ++y) {
      // Only the stretch of x near the line at this row: long lines stay cheap.
      double low = std::min(a.x, b.x), high = std::max(a.x, b.x);
      if (std::abs(dy) > 1e-9) {
        const double t0 = (static_cast<double>(y) - reach - a.y) / dy,
                     t1 = (static_cast<double>(y) + reach - a.y) / dy;
        const double x0 = a.x + std::clamp(t0, 0.0, 1.0) * dx, x1 = a.x + std::clamp(t1, 0.0, 1.0) * dx;
        low = std::min(x0, x1);
        high = std::max(x0, x1);
      }
      for (int64_t x = from(low - reach, area_.left); x <= to(high + reach, area_.right); ++x) {
        const double px = static_cast<double>(x) - a.x, py = static_cast<double>(y) - a.y;
        const double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0;
        const double distance = std::hypot(px - t * dx, py - t * dy);
        float& cover = cover_[static_cast<size_t>((y - area_.top) * width_ + x - area_.left)];
        cover = std::max(cover, static_cast<float>(std::clamp(thickness / 2 + 0.5 - distance, 0.0, 1.0)));
      }
    }
  }
  void paint(Canvas& canvas, const Colour& colour, double strength) const {
    for (int64_t y = area_.top; y <= area_.bottom; ++y)
      for (int64_t x = area_.left; x <= area_.right; ++x)
        canvas.blend(x, y, colour,
                     strength * cover_[static_cast<size_t>((y - area_.top) * width_ + x - area_.left)]);
  }

 private:
  Area area_;
  int64_t width_;
  std::vector<float> cover_;
};

bool shows(double value, Scale scale) {
  return std::isfinite(value) && (scale == Scale::linear || value > 0);
}

struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// Ends of both axes: what all series hold, with a little room above and below.
void fitAxes(Area& area, const std::vector<Series>& series, const PlotOptions& o) {
  Range x, y;
  for (const Series& s : series)
    for (size_t i = 0; i < s.y.size(); ++i)
      if (shows(s.x[i], o.x) && shows(s.y[i], o.y)) {
        x.add(s.x[i]);
        y.add(s.y[i]);
      }
  if (x.low > x.high) {
    x = {o.x == Scale::linear ? 0.0 : 0.1, 1};
    y = {o.y == Scale::linear ? 0.0 : 0.1, 1};
  }
  if (o.y == Scale::linear) {
    const double room = 0.04 * (y.high - y.low);
    // Where all is above zero and near it, zero is the natural end.
    y.low = y.low >= 0 && y.low < 0.35 * y.high ? 0 : y.low - room;
    y.high += room;
  } else if (y.low < y.high) {
    const double room = std::pow(y.high / y.low, 0.04);
    y.low /= room;
    y.high *= room;
  }
  area.x = axisFor(x.low, x.high, o.x, static_cast<int>(std::max<int64_t>(o.width / 100, 2)));
  area.y = axisFor(y.low, y.high, o.y, static_cast<int>(std::max<int64_t>(o.height / 60, 2)));
}

void drawAxes(Canvas& canvas, const Area& area, const PlotOptions& o) {
  for (const Tick& tick : area.x.ticks) {
    const auto at = static_cast<int64_t>(std::lround(area.place(tick.value, area.y.low).x));
    canvas.box(at, area.top, at, area.bottom, kGrid);
    canvas.box(at, area.bottom, at, area.bottom + 4, kFrame);
    canvas.text(tick.text, at - captionWidth(tick.text) / 2, area.bottom + 8);
  }
  for (const Tick& tick : area.y.ticks) {
    const auto at = static_cast<int64_t>(std::lround(area.place(area.x.low, tick.value).y));
    canvas.box(area.left, at, area.right, at, kGrid);
    canvas.box(area.left - 4, at, area.left, at, kFrame);
    canvas.text(tick.text, area.left - 8 - captionWidth(tick.text), at - 3);
  }
  canvas.box(area.left, area.bottom, area.right, area.bottom, kFrame);
  canvas.box(area.left, area.top, area.left, area.bottom, kFrame);
  if (!o.title.empty()) canvas.text(o.title, area.left, 9, 2);
}

void drawCurve(Canvas& canvas, const Area& area, const std::vector<double>& x, const std::vector<double>& y,
               const Colour& colour, double strength) {
  Coverage coverage(area);
  std::optional<Point> last;
  for (size_t i = 0; i < y.size(); ++i) {
    if (!shows(x[i], area.x.scale) || !shows(y[i], area.y.scale)) {
      last.reset();
      continue;
    }
    const Point here = area.place(x[i], y[i]);
    coverage.line(last.value_or(here), here, 1.7);
    last = here;
  }
  coverage.paint(canvas, colour, strength);
}

void drawLegend(Canvas& canvas, const Area& area, const std::vector<Series>& series) {
  int64_t widest = 0, lines = 0;
  for (const Series& s : series)
    if (!s.name.empty()) {
      widest = std::max(widest, captionWidth(s.name));
      ++lines;
    }
  if (!lines) return;
  const int64_t left = area.right - widest - 32, top = area.top + 6;
  canvas.box(left - 8, top - 4, area.right - 4, top + 14 * lines, kPaper);
  int64_t row = top;
  for (size_t i = 0; i < series.size(); ++i) {
    if (series[i].name.empty()) continue;
    canvas.box(left, row + 3, left + 14, row + 4, kColours[i % kColours.size()]);
    canvas.text(series[i].name, left + 20, row);
    row += 14;
  }
}

void check(const std::vector<Series>& series, const PlotOptions& o) {
  if (o.width < 120 || o.height < 90 || o.width > 16384 || o.height > 16384)
    throw Error("a plot is from 120 x 90 to 16384 x 16384 pixels, not " + std::to_string(o.width) + " x " +
                std::to_string(o.height));
  for (const Series& s : series)
    if (s.x.size() != s.y.size())
      throw Error("the series '" + s.name + "' has " + std::to_string(s.x.size()) + " x and " +
                  std::to_string(s.y.size()) + " y");
}

}  // namespace

std::vector<double> runningMean(const std::vector<double>& values, int64_t window) {
  // Sums from the start, of which two give any stretch.
  const auto n = static_cast<int64_t>(values.size());
  std::vector<double> sums(values.size() + 1), counts(values.size() + 1), means(values.size());
  for (int64_t i = 0; i < n; ++i) {
    const bool finite = std::isfinite(values[i]);
    sums[i + 1] = sums[i] + (finite ? values[i] : 0);
    counts[i + 1] = counts[i] + (finite ? 1 : 0);
  }
  for (int64_t i = 0; i < n; ++i) {
    const int64_t reach = std::min({std::max<int64_t>(window, 1) / 2, i, n - 1 - i});
    const double count = counts[i + reach + 1] - counts[i - reach];
    means[i] = count > 0 ? (sums[i + reach + 1] - sums[i - reach]) / count : NAN;
  }
  return means;
}

at::Tensor linePlot(const std::vector<Series>& series, const PlotOptions& options) {
  check(series, options);
  Canvas canvas(options.width, options.height);
  Area area{.left = 0,
            .top = options.title.empty() ? 14 : 36,
            .right = options.width - 22,
            .bottom = options.height - 26,
            .x = {},
            .y = {}};
  fitAxes(area, series, options);
  int64_t widest = 0;
  for (const Tick& tick : area.y.ticks) widest = std::max(widest, captionWidth(tick.text));
  area.left = widest + 18;
  drawAxes(canvas, area, options);
  for (size_t i = 0; i < series.size(); ++i) {
    const Colour& colour = kColours[i % kColours.size()];
    const Series& s = series[i];
    drawCurve(canvas, area, s.x, s.y, colour, options.smooth > 1 ? 0.25 : 1);
    if (options.smooth > 1)
      drawCurve(canvas, area, s.x,
                runningMean(s.y, std::min<int64_t>(options.smooth, static_cast<int64_t>(s.y.size()) / 10)),
                colour, 1);
  }
  drawLegend(canvas, area, series);
  return canvas.picture();
}

}  // namespace loom
