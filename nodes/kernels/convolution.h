#pragma once
// 3 × 3 convolution, stride 1, padding 1, with what usually stands around it. On the CPU in float32 it goes
// by Winograd's method, forwards and backwards; elsewhere the plain operations run. Differentiable in all
// tensors. Safe on any thread.
#include <ATen/core/Tensor.h>

namespace loom {

struct Convolution {
  at::Tensor weight;       // [C_out, C_in, 3, 3]
  at::Tensor bias{};       // [C_out] or undefined
  bool upsampled = false;  // convolves the input enlarged twofold (nearest)
};

/// x [B, C_in, H, W], residual like the result or undefined -> conv(x) + residual, [B, C_out, H, W] (2H × 2W
/// where upsampled).
at::Tensor convolve(const at::Tensor& x, const Convolution& c, const at::Tensor& residual = {});

/// The same by plain tensor operations: the meaning of the other.
at::Tensor convolveLiteral(const at::Tensor& x, const Convolution& c, const at::Tensor& residual = {});

}  // namespace loom
