#pragma once
// What the numbers of a tensor say: which of its dimensions are pictures, statistics, histogram, difference,
// how much of x_t is noise. Pure functions; NaN and infinity are counted and left out of all else.
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "app/editor/session/picture.h"

namespace loom::editor {

/// A tensor as samples of channels of planes: [B, C, H, W], with more in front all samples, [B, H, W], [H,
/// W], or a row of numbers (all dimensions but the last are 1), folded into lines once it is longer than
/// kLongestRow. All zero for what has no
/// numbers or fewer than its shape says.
struct Planes {
  static constexpr int64_t kLongestRow = 4096;
  int64_t samples = 0, channels = 0, height = 0, width = 0;
  bool folded = false;  // the last line may be shorter than the others
  bool operator==(const Planes&) const = default;
};
Planes planesOf(const Values& values);
inline bool isRow(const Planes& planes) {
  return planes.folded || planes.samples * planes.channels * planes.height == 1;
}

/// One plane, or all planes of a sample; shorter where `folded`.
std::span<const float> planeOf(const Values& values, const Planes& planes, int64_t sample, int64_t channel);
std::span<const float> sampleOf(const Values& values, const Planes& planes, int64_t sample);

/// A row of numbers as at most so many points, each the smallest and largest finite one of `each` numbers.
struct NumberRow {
  std::vector<double> at, low, high;  // NaN where none is finite
  int64_t each = 1;
};
NumberRow rowOf(std::span<const float> numbers, size_t most);

/// Of the finite numbers; std is of the population, norm Euclidean.
struct Summary {
  double min = 0, max = 0, mean = 0, std = 0, norm = 0;
  int64_t count = 0, nan = 0, inf = 0;  // count: of all
};
Summary summaryOf(std::span<const float> numbers);

struct Histogram {
  double low = 0, high = 1;
  std::vector<int64_t> bins;     // the last one includes `high`
  int64_t below = 0, above = 0;  // outside of the range, infinities too
  double width() const { return (high - low) / static_cast<double>(bins.size()); }
};
/// Over `range`, else from the smallest to the largest number.
Histogram histogramOf(std::span<const float> numbers, int bins,
                      std::optional<std::pair<double, double>> range = {});

/// |a - b|, element by element; NaN where either is NaN. Empty where the shapes differ.
std::optional<Values> difference(const Values& a, const Values& b);

/// How much of x_t is picture and how much is noise, where no schedule says so: least squares of x_t on x0,
/// x_t = signal * x0 + offset + rest. noise: the standard deviation of the rest;
/// snr = signal^2 var(x0) / noise^2. Empty where x0 does not vary or the shapes differ.
struct NoiseEstimate {
  double signal = 0, noise = 0, snr = 0;
};
std::optional<NoiseEstimate> noiseOf(const Values& xt, const Values& x0);

}  // namespace loom::editor
