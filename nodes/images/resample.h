#pragma once
// Changing the size of pictures. A filter becomes, for each axis, one row of weights per output pixel; rows
// add up to one. Free functions, safe on any thread.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace loom {

/// area: the mean over the part of the input an output pixel covers, exact for fractions of pixels. bilinear
/// and bicubic (Keys 1981, a = -1/2) widen with the reduction, so that nothing is skipped when shrinking;
/// when enlarging they are the usual ones. Pixel centres are at half-integers (torch: align_corners = false).
enum class Filter { area, bilinear, bicubic, nearest };

/// The inputs that one output pixel is made of: weight[i] belongs to input start + i.
struct Taps {
  int64_t start = 0;
  std::vector<float> weights;
};
/// One entry per output pixel. Throws Error unless both sizes are 1 or more.
std::vector<Taps> resampleTaps(int64_t in, int64_t out, Filter filter);

/// pixels [..., H, W] floating -> [..., height, width], same dtype and device, not clamped (bicubic
/// overshoots).
at::Tensor resample(const at::Tensor& pixels, int64_t height, int64_t width, Filter filter);

}  // namespace loom
