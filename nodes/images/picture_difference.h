#pragma once
// How far two pictures are apart, in levels of 8 bits. Free functions, safe on any thread.
#include <ATen/core/Tensor.h>

#include <string>

namespace loom {

struct PictureDifference {
  double max = 0, mean = 0;  // over all values, in levels: 0 to 255
  int64_t differing = 0;     // pixels of which a channel differs
  int64_t pixels = 0;
  bool equal() const { return differing == 0; }
  /// Peak signal to noise ratio, 10 log10(255² / mean square), dB; infinite for equal pictures.
  double psnr = 0;
};

/// a, b [C, H, W] of one shape, uint8 or float in [0, 1], as readPng() gives them. Throws Error where the
/// shapes differ.
PictureDifference pictureDifference(const at::Tensor& a, const at::Tensor& b);

/// "at most 3 of 255 levels, 0.0012 in the mean; 12 of 4,096 pixels differ".
std::string describe(const PictureDifference& difference);

}  // namespace loom
