#pragma once
// Round numbers for the marks of an axis, and where they lie. Pure functions.
#include <string>
#include <vector>

namespace loom {

enum class Scale { linear, logarithmic };

struct Tick {
  double value = 0;
  std::string text;
};

struct Axis {
  Scale scale = Scale::linear;
  double low = 0, high = 1;  // what its ends stand for; low < high, and 0 < low where logarithmic
  std::vector<Tick> ticks;
  /// 0 at low, 1 at high; outside of both beyond that. NaN for what a logarithmic axis can't show.
  double place(double value) const;
};

/// An axis that holds [low, high], with about `count` marks at 1, 2 or 5 times powers of ten; logarithmic
/// over more than two decades: at powers of ten. Ends without extent are spread.
Axis axisFor(double low, double high, Scale scale, int count);

/// "0.002", "15k", "3e-5": short, with enough digits to tell apart numbers that are `step` apart.
std::string shortNumber(double value, double step);

}  // namespace loom
