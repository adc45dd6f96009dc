#include "nodes/images/picture_difference.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/core/error.h"
#include "engine/values/tensors.h"

namespace loom {
namespace {

constexpr int64_t kPiece = int64_t{1} << 22;  // values at a time: pictures may be large

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
  double sum = 0, squares = 0;
  const int64_t rows = std::max<int64_t>(1, kPiece / (a.size(0) * a.size(2)));
  for (int64_t row = 0; row < a.size(1); row += rows) {
    const int64_t count = std::min(rows, a.size(1) - row);
    const at::Tensor apart = (levels(a.narrow(1, row, count)) - levels(b.narrow(1, row, count))).abs();
    difference.differing += apart.amax(0).gt(0).sum().item<int64_t>();
    difference.max = std::max(difference.max, apart.max().item<double>());
    sum += apart.sum().item<double>();
    squares += apart.square().sum().item<double>();
  }
  if (difference.equal()) return difference;
  const auto values = static_cast<double>(a.numel());
  difference.mean = sum / values;
  difference.psnr = 10 * std::log10(255.0 * 255.0 * values / squares);
  return difference;
}

std::string describe(const PictureDifference& d) {
  char text[160];
  std::snprintf(text, sizeof text, "at most %.4g of 255 levels, %.3g in the mean; ", d.max, d.mean);
  return std::string(text) + grouped(d.differing) + " of " + grouped(d.pixels) + " pixels differ";
}

}  // namespace loom
