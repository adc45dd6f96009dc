#include "app/editor/watch/spectrum.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "app/editor/watch/tensor_numbers.h"

namespace loom::editor {
namespace {

using Complex = std::complex<double>;

Complex turn(double part) { return std::polar(1.0, -2 * std::numbers::pi * part); }

// In place; the length is a power of two.
void radix2(std::vector<Complex>& x) {
  const size_t n = x.size();
  for (size_t i = 1, j = 0; i < n; ++i) {
    size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  std::vector<Complex> turns(n / 2);
  for (size_t k = 0; k < n / 2; ++k) turns[k] = turn(static_cast<double>(k) / static_cast<double>(n));
  for (size_t length = 2; length <= n; length *= 2)
    for (size_t begin = 0; begin < n; begin += length)
      for (size_t k = 0; k < length / 2; ++k) {
        const Complex odd = x[begin + k + length / 2] * turns[k * (n / length)], even = x[begin + k];
        x[begin + k] = even + odd;
        x[begin + k + length / 2] = even - odd;
      }
}

// kn = (k^2 + n^2 - (k - n)^2) / 2 makes the transform a convolution, which powers of two can do.
void bluestein(std::vector<Complex>& x) {
  const size_t n = x.size(), m = std::bit_ceil(2 * n - 1);
  std::vector<Complex> chirp(n), a(m), b(m);
  for (size_t k = 0; k < n; ++k)
    chirp[k] = turn(static_cast<double>(k * k % (2 * n)) / static_cast<double>(2 * n));
  for (size_t k = 0; k < n; ++k) a[k] = x[k] * chirp[k];
  b[0] = std::conj(chirp[0]);
  for (size_t k = 1; k < n; ++k) b[k] = b[m - k] = std::conj(chirp[k]);
  radix2(a);
  radix2(b);
  for (size_t k = 0; k < m; ++k) a[k] = std::conj(a[k] * b[k]);  // conjugated: the next one goes back
  radix2(a);
  for (size_t k = 0; k < n; ++k) x[k] = std::conj(a[k]) / static_cast<double>(m) * chirp[k];
}

}  // namespace

void fourier(std::vector<Complex>& x) {
  if (x.size() < 2) return;
  std::has_single_bit(x.size()) ? radix2(x) : bluestein(x);
}

RadialSpectrum radialSpectrum(std::span<const float> plane, int64_t height, int64_t width) {
  RadialSpectrum spectrum;
  if (height <= 0 || width <= 0 || static_cast<int64_t>(plane.size()) < height * width) return spectrum;
  const int64_t h = std::min(height, RadialSpectrum::kLargest), w = std::min(width, RadialSpectrum::kLargest);
  spectrum.cut = h < height || w < width;
  const int64_t top = (height - h) / 2, left = (width - w) / 2;
  std::vector<Complex> all(static_cast<size_t>(h * w)), line(static_cast<size_t>(w));
  for (int64_t y = 0; y < h; ++y) {
    for (int64_t x = 0; x < w; ++x) {
      const float value = plane[static_cast<size_t>((top + y) * width + left + x)];
      line[static_cast<size_t>(x)] = std::isfinite(value) ? value : 0.f;
    }
    fourier(line);
    std::copy(line.begin(), line.end(), all.begin() + y * w);
  }
  const int64_t longer = std::max(h, w);
  const auto signedFrequency = [](int64_t k, int64_t n) {
    return static_cast<double>(2 * k > n ? k - n : k) / static_cast<double>(n);
  };
  const auto radius = [&](int64_t y, int64_t x) {
    return static_cast<size_t>(
        std::lround(std::hypot(signedFrequency(y, h), signedFrequency(x, w)) * static_cast<double>(longer)));
  };
  const size_t radii = radius(h / 2, w / 2) + 1;
  spectrum.power.assign(radii, 0);
  spectrum.count.assign(radii, 0);
  line.resize(static_cast<size_t>(h));
  for (int64_t x = 0; x < w; ++x) {
    for (int64_t y = 0; y < h; ++y) line[static_cast<size_t>(y)] = all[static_cast<size_t>(y * w + x)];
    fourier(line);
    for (int64_t y = 0; y < h; ++y) {
      const size_t r = radius(y, x);
      spectrum.power[r] += std::norm(line[static_cast<size_t>(y)]) / static_cast<double>(h * w);
      ++spectrum.count[r];
    }
  }
  for (size_t r = 0; r < radii; ++r)
    if (spectrum.count[r]) spectrum.power[r] /= static_cast<double>(spectrum.count[r]);
  return spectrum;
}

RadialSpectrum radialSpectrum(const Values& values, int64_t sample) {
  const Planes planes = planesOf(values);
  RadialSpectrum sum;
  if (planes.folded || sample < 0 || sample >= planes.samples) return sum;
  // Of very many channels some speak for all: this is drawn between two frames.
  constexpr int64_t kMostChannels = 16;
  const int64_t channels = std::min(planes.channels, kMostChannels);
  for (int64_t channel = 0; channel < channels; ++channel) {
    const RadialSpectrum one = radialSpectrum(
        planeOf(values, planes, sample, channel * planes.channels / channels), planes.height, planes.width);
    if (sum.power.empty()) {
      sum = one;
    } else {
      for (size_t r = 0; r < one.power.size(); ++r) sum.power[r] += one.power[r];
    }
  }
  for (double& power : sum.power) power /= static_cast<double>(channels);
  return sum;
}

}  // namespace loom::editor
