#pragma once
// The radial power spectrum of a picture: how much of it is coarse and how much is fine. Pure functions.
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "app/editor/session/picture.h"

namespace loom::editor {

/// The discrete Fourier transform X_k = sum_n x_n exp(-2 pi i k n / N), of any length: radix 2 where it is a
/// power of two, else Bluestein's chirp.
void fourier(std::vector<std::complex<double>>& x);

/// |X|^2 / (H W), averaged over all frequencies whose distance from 0 rounds to this radius: white noise of
/// variance v gives v at every radius. Radius 1 is one wave across the longer side. The mean is not removed:
/// it is all there is at radius 0. Sum of power * count over all radii = H W times the mean square. NaN and
/// infinity count as 0.
struct RadialSpectrum {
  std::vector<double> power;
  std::vector<int64_t> count;
  bool cut = false;  // only the middle kLargest x kLargest of it
  static constexpr int64_t kLargest = 512;
};
RadialSpectrum radialSpectrum(std::span<const float> plane, int64_t height, int64_t width);
/// The mean of those of all channels of a sample.
RadialSpectrum radialSpectrum(const Values& values, int64_t sample);

}  // namespace loom::editor
