#include "nodes/images/resample.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"

namespace loom {
namespace {

double bilinearKernel(double x) { return std::max(0.0, 1 - std::abs(x)); }

// Keys, "Cubic convolution interpolation for digital image processing", 1981, eq. 4 with a = -1/2.
double bicubicKernel(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

Taps normalised(int64_t start, const std::vector<double>& weights) {
  double sum = 0;
  for (double w : weights) sum += w;
  Taps taps{start, {}};
  for (double w : weights) taps.weights.push_back(static_cast<float>(w / sum));
  return taps;
}

Taps nearestTaps(int64_t in, int64_t out, int64_t o) { return {std::min(o * in / out, in - 1), {1.0f}}; }

Taps areaTaps(int64_t in, int64_t out, int64_t o) {
  // Output pixel o covers [o in / out, (o + 1) in / out): in integers, so that nothing is lost.
  const int64_t low = o * in, high = (o + 1) * in;
  const int64_t first = low / out, last = (high + out - 1) / out;
  std::vector<double> weights;
  for (int64_t i = first; i < last; ++i)
    weights.push_back(static_cast<double>(std::min(high, (i + 1) * out) - std::max(low, i * out)));
  return normalised(first, weights);
}

Taps kernelTaps(int64_t in, int64_t out, int64_t o, double (*kernel)(double), double support) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double widen = std::max(scale, 1.0);
  const double centre = (static_cast<double>(o) + 0.5) * scale;
  const auto first = static_cast<int64_t>(std::floor(centre - support * widen));
  const auto last = static_cast<int64_t>(std::ceil(centre + support * widen));
  // Beyond the border the border's pixel is repeated.
  const int64_t begin = std::clamp<int64_t>(first, 0, in - 1), end = std::clamp<int64_t>(last, 1, in);
  std::vector<double> weights(static_cast<size_t>(end - begin), 0.0);
  for (int64_t i = first; i < last; ++i) {
    const int64_t at = std::clamp<int64_t>(i, begin, end - 1) - begin;
    weights[static_cast<size_t>(at)] += kernel((static_cast<double>(i) + 0.5 - centre) / widen);
  }
  return normalised(begin, weights);
}

at::Tensor matrix(int64_t in, int64_t out, Filter filter) {
  at::Tensor weights = at::zeros({out, in});
  auto rows = weights.accessor<float, 2>();
  const std::vector<Taps> taps = resampleTaps(in, out, filter);
  for (int64_t o = 0; o < out; ++o)
    for (size_t i = 0; i < taps[o].weights.size(); ++i) rows[o][taps[o].start + i] = taps[o].weights[i];
  return weights;
}

}  // namespace

std::vector<Taps> resampleTaps(int64_t in, int64_t out, Filter filter) {
  if (in < 1 || out < 1)
    throw Error("a picture's size must be 1 or more, this is " + std::to_string(std::min(in, out)));
  std::vector<Taps> all;
  all.reserve(static_cast<size_t>(out));
  for (int64_t o = 0; o < out; ++o) {
    switch (filter) {
      case Filter::area:
        all.push_back(areaTaps(in, out, o));
        break;
      case Filter::bilinear:
        all.push_back(kernelTaps(in, out, o, bilinearKernel, 1));
        break;
      case Filter::bicubic:
        all.push_back(kernelTaps(in, out, o, bicubicKernel, 2));
        break;
      case Filter::nearest:
        all.push_back(nearestTaps(in, out, o));
        break;
    }
  }
  return all;
}

at::Tensor resample(const at::Tensor& pixels, int64_t height, int64_t width, Filter filter) {
  const int64_t h = pixels.size(-2), w = pixels.size(-1);
  at::Tensor out = pixels;
  if (filter == Filter::nearest) {  // chosen, not computed: exact for any dtype
    std::vector<int64_t> rows, columns;
    for (const Taps& t : resampleTaps(h, height, filter)) rows.push_back(t.start);
    for (const Taps& t : resampleTaps(w, width, filter)) columns.push_back(t.start);
    out = out.index_select(-2, at::tensor(rows, at::kLong).to(out.device()));
    return out.index_select(-1, at::tensor(columns, at::kLong).to(out.device()));
  }
  // The larger reduction first: the second product is then the smaller one.
  const auto rows = [&] {
    if (h != height) out = at::matmul(matrix(h, height, filter).to(out.options()), out);
  };
  const auto columns = [&] {
    if (w != width) out = at::matmul(out, matrix(w, width, filter).to(out.options()).t());
  };
  if (height * w <= width * h) {
    rows();
    columns();
  } else {
    columns();
    rows();
  }
  return out;
}

}  // namespace loom
