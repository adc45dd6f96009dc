#include "nodes/images/picture_difference.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/core/error.h"
#include "engine/values/tensors.h"

namespace loom {
namespace {

at::Tensor levels(const at::Tensor& pixels) {
  return pixels.scalar_type() == at::kByte ? pixels.to(at::kDouble) : pixels.to(at::kDouble) * 255;
}

std::string grouped(int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace

PictureDifference pictureDifference(const at::Tensor& a, const at::Tensor& b) {
  if (a.dim() != 3 || a.sizes() != b.sizes())
    throw Error("the pictures differ in size: " + describe(a) + " and " + describe(b));
  PictureDifference difference;
  difference.pixels = a.size(1) * a.size(2);
  difference.psnr = std::numeric_limits<double>::infinity();
  if (a.numel() == 0) return difference;
  const at::Tensor apart = (levels(a) - levels(b)).abs();
  difference.differing = apart.amax(0).gt(0).sum().item<int64_t>();
  if (difference.equal()) return difference;
  difference.max = apart.max().item<double>();
  difference.mean = apart.mean().item<double>();
  difference.psnr = 10 * std::log10(255.0 * 255.0 / apart.square().mean().item<double>());
  return difference;
}

std::string describe(const PictureDifference& d) {
  char text[160];
  std::snprintf(text, sizeof text, "at most %.4g of 255 levels, %.3g in the mean; ", d.max, d.mean);
  return std::string(text) + grouped(d.differing) + " of " + grouped(d.pixels) + " pixels differ";
}

}  // namespace loom
