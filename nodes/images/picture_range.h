#pragma once
// How tensors of all sorts become colours: which numbers are black and white, and what to do with channels
// that are no colours.
#include <ATen/core/Tensor.h>

#include <array>

namespace loom {

/// unit: 0 to 1. ownRange: each picture's smallest number is black, its largest white. twoSided: -1 to 1.
enum class PictureRange { twoSided, unit, ownRange };
/// Their names in a graph file.
inline constexpr std::array<const char*, 3> kRangeNames{"-1 to 1", "0 to 1", "own"};

/// x [B, C, H, W] any real dtype, any device -> float32 [B, C, H, W] in [0, 1], same device; NaN is 0.
at::Tensor toUnitRange(const at::Tensor& x, PictureRange range);

/// Values that are no pictures made to look at: one channel or three as they are, else the first three (a
/// second one repeated). x [B, C, H, W] -> [B, 1 or 3, H, W].
at::Tensor asColours(const at::Tensor& x);

/// x [C, H, W] or [B, C, H, W] float in [0, 1] -> uint8, three channels.
at::Tensor asRgbBytes(const at::Tensor& x);

}  // namespace loom
