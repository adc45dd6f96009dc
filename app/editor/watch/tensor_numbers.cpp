#include "app/editor/watch/tensor_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace loom::editor {
namespace {

constexpr size_t kMostEstimated = size_t{1} << 20;  // enough of a large tensor to tell its noise

}  // namespace

Planes planesOf(const Values& values) {
  int64_t count = 1;
  for (const int64_t size : values.shape) {
    if (size <= 0 || count > static_cast<int64_t>(values.data.size()) / size) return {};
    count *= size;
  }
  if (count > static_cast<int64_t>(values.data.size())) return {};
  const auto& shape = values.shape;
  const size_t rank = shape.size();
  if (rank <= 1 || (count == shape.back() && count > Planes::kLongestRow)) {
    if (count <= Planes::kLongestRow) return {1, 1, 1, count};
    const auto side = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    return {1, 1, (count + side - 1) / side, side, true};
  }
  if (rank == 2) return {1, 1, shape[0], shape[1]};
  if (rank == 3) return {shape[0], 1, shape[1], shape[2]};
  const int64_t planes = shape[rank - 3], height = shape[rank - 2], width = shape[rank - 1];
  return {count / (planes * height * width), planes, height, width};
}

std::span<const float> planeOf(const Values& values, const Planes& planes, int64_t sample, int64_t channel) {
  const int64_t size = planes.height * planes.width;
  const int64_t begin = (sample * planes.channels + channel) * size;
  const auto have = static_cast<int64_t>(values.data.size());
  if (size <= 0 || sample < 0 || channel < 0 || sample >= planes.samples || channel >= planes.channels ||
      begin >= have)
    return {};
  return {values.data.data() + begin, static_cast<size_t>(std::min(size, have - begin))};
}

std::span<const float> sampleOf(const Values& values, const Planes& planes, int64_t sample) {
  const int64_t size = planes.channels * planes.height * planes.width;
  const auto have = static_cast<int64_t>(values.data.size());
  if (size <= 0 || sample < 0 || sample >= planes.samples || sample * size >= have) return {};
  return {values.data.data() + sample * size, static_cast<size_t>(std::min(size, have - sample * size))};
}

NumberRow rowOf(std::span<const float> numbers, size_t most) {
  NumberRow row;
  row.each = static_cast<int64_t>((numbers.size() + most - 1) / std::max<size_t>(most, 1));
  row.each = std::max<int64_t>(row.each, 1);
  const auto each = static_cast<size_t>(row.each);
  for (size_t from = 0; from < numbers.size(); from += each) {
    double low = std::numeric_limits<double>::quiet_NaN(), high = low;
    for (size_t i = from; i < std::min(from + each, numbers.size()); ++i) {
      if (!std::isfinite(numbers[i])) continue;
      low = std::isnan(low) ? numbers[i] : std::min<double>(low, numbers[i]);
      high = std::isnan(high) ? numbers[i] : std::max<double>(high, numbers[i]);
    }
    row.at.push_back(static_cast<double>(from));
    row.low.push_back(low);
    row.high.push_back(high);
  }
  return row;
}

Summary summaryOf(std::span<const float> numbers) {
  Summary summary;
  summary.count = static_cast<int64_t>(numbers.size());
  double sum = 0, squares = 0, low = std::numeric_limits<double>::infinity(), high = -low;
  int64_t finite = 0;
  for (const float number : numbers) {
    if (std::isnan(number)) {
      ++summary.nan;
    } else if (std::isinf(number)) {
      ++summary.inf;
    } else {
      ++finite;
      sum += number;
      squares += static_cast<double>(number) * number;
      low = std::min<double>(low, number);
      high = std::max<double>(high, number);
    }
  }
  if (!finite) return summary;
  summary.min = low;
  summary.max = high;
  summary.mean = sum / static_cast<double>(finite);
  summary.norm = std::sqrt(squares);
  // A second pass: the difference of two large sums would leave nothing of a small spread.
  double spread = 0;
  for (const float number : numbers)
    if (std::isfinite(number)) spread += (number - summary.mean) * (number - summary.mean);
  summary.std = std::sqrt(spread / static_cast<double>(finite));
  return summary;
}

Histogram histogramOf(std::span<const float> numbers, int bins,
                      std::optional<std::pair<double, double>> range) {
  Histogram histogram;
  histogram.bins.assign(static_cast<size_t>(std::max(bins, 1)), 0);
  if (range) {
    std::tie(histogram.low, histogram.high) = *range;
  } else {
    const Summary summary = summaryOf(numbers);
    histogram.low = summary.min;
    histogram.high = summary.max;
  }
  if (!(histogram.high > histogram.low)) {  // one number: a bin of its own in the middle
    const double margin = std::max(std::abs(histogram.low) * 1e-3, 1e-6);
    histogram.high = histogram.low + margin;
    histogram.low -= margin;
  }
  const auto count = static_cast<double>(histogram.bins.size());
  const double scale = count / (histogram.high - histogram.low);
  for (const float number : numbers) {
    if (std::isnan(number)) continue;
    if (number < histogram.low) {
      ++histogram.below;
    } else if (number > histogram.high) {
      ++histogram.above;
    } else {
      const double bin = std::min((number - histogram.low) * scale, count - 1);
      ++histogram.bins[static_cast<size_t>(std::max(bin, 0.0))];
    }
  }
  return histogram;
}

std::optional<Values> difference(const Values& a, const Values& b) {
  if (a.shape != b.shape || a.data.size() != b.data.size()) return {};
  Values out{a.shape, "float32", a.type, {}};
  std::vector<float>& apart = out.data.own();
  apart.resize(a.data.size());
  const float *one = a.data.data(), *other = b.data.data();
  for (size_t i = 0; i < apart.size(); ++i)
    // Equal infinities do not differ, though their difference is no number.
    apart[i] = one[i] == other[i] ? 0.f : std::abs(one[i] - other[i]);
  return out;
}

std::optional<NoiseEstimate> noiseOf(const Values& xt, const Values& x0) {
  if (xt.shape != x0.shape || xt.data.size() != x0.data.size()) return {};
  double meanX = 0, meanY = 0;
  int64_t count = 0;
  const size_t numbers = std::min(xt.data.size(), kMostEstimated);
  const auto each = [&](const auto& visit) {
    for (size_t i = 0; i < numbers; ++i)
      if (std::isfinite(xt.data[i]) && std::isfinite(x0.data[i])) visit(x0.data[i], xt.data[i]);
  };
  each([&](double x, double y) { meanX += x, meanY += y, ++count; });
  if (count < 3) return {};
  meanX /= static_cast<double>(count);
  meanY /= static_cast<double>(count);
  double xx = 0, xy = 0, yy = 0;
  each([&](double x, double y) {
    xx += (x - meanX) * (x - meanX);
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) * (y - meanY);
  });
  if (xx <= 1e-12 * static_cast<double>(count)) return {};
  NoiseEstimate estimate;
  estimate.signal = xy / xx;
  const double rest = std::max(yy - estimate.signal * xy, 0.0);
  estimate.noise = std::sqrt(rest / static_cast<double>(count));
  const double power = estimate.signal * xy;
  estimate.snr = rest > 1e-12 * yy ? power / rest : std::numeric_limits<double>::infinity();
  return estimate;
}

}  // namespace loom::editor
