#include "nodes/plots/axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace loom {
namespace {

/// The smallest of 1, 2, 5 times a power of ten that is not below `rough`.
double niceStep(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

void linearTicks(Axis& axis, int count) {
  const double step = niceStep((axis.high - axis.low) / std::max(count, 1));
  const double first = std::ceil(axis.low / step - 1e-9);
  for (double k = first; k * step <= axis.high + 1e-9 * step; ++k) {
    const double value = k * step;
    axis.ticks.push_back({value, shortNumber(value, step)});
  }
}

void logarithmicTicks(Axis& axis) {
  const double decades = std::log10(axis.high / axis.low);
  const double stride = std::max(1.0, std::ceil(decades / 8));
  const std::vector<double> factors = decades > 2 ? std::vector<double>{1} : std::vector<double>{1, 2, 5};
  for (double e = std::floor(std::log10(axis.low)); e <= std::ceil(std::log10(axis.high)); e += stride)
    for (const double factor : factors) {
      const double value = factor * std::pow(10, e);
      if (value >= axis.low * (1 - 1e-9) && value <= axis.high * (1 + 1e-9))
        axis.ticks.push_back({value, shortNumber(value, value)});
    }
}

}  // namespace

double Axis::place(double value) const {
  if (scale == Scale::linear) return (value - low) / (high - low);
  return value > 0 ? std::log(value / low) / std::log(high / low) : NAN;
}

std::string shortNumber(double value, double step) {
  if (value == 0 || std::abs(value) < 1e-12 * step) return "0";
  const double size = std::abs(value);
  char text[32];
  const auto digits = [&](double unit) {
    return std::clamp(static_cast<int>(-std::floor(std::log10(step / unit) + 1e-9)), 0, 9);
  };
  if (size >= 1e9 || size < 1e-4) {
    const int more = std::clamp(
        static_cast<int>(std::floor(std::log10(size)) - std::floor(std::log10(step) + 1e-9)), 0, 9);
    std::snprintf(text, sizeof text, "%.*e", more, value);
    // 3e-05 -> 3e-5
    std::string short_(text);
    const size_t e = short_.find('e');
    size_t zero = e + 2;
    while (zero + 1 < short_.size() && short_[zero] == '0') short_.erase(zero, 1);
    if (short_[e + 1] == '+') short_.erase(e + 1, 1);
    return short_;
  }
  const double unit = size >= 1e6 ? 1e6 : size >= 1e4 ? 1e3 : 1;
  std::snprintf(text, sizeof text, "%.*f%s", digits(unit), value / unit,
                unit == 1e6   ? "M"
                : unit == 1e3 ? "k"
                              : "");
  return text;
}

Axis axisFor(double low, double high, Scale scale, int count) {
  Axis axis;
  axis.scale = scale;
  if (!(low < high)) {
    const double spread = scale == Scale::logarithmic ? 0 : (low == 0 ? 0.5 : std::abs(low) * 0.1);
    high = scale == Scale::logarithmic ? low * 2 : low + spread;
    low = scale == Scale::logarithmic ? low / 2 : low - spread;
  }
  axis.low = low;
  axis.high = high;
  if (scale == Scale::linear)
    linearTicks(axis, count);
  else
    logarithmicTicks(axis);
  return axis;
}

}  // namespace loom
