#pragma once
// GroupNorm and SiLU in one go, with the bias a time embedding adds before them. On the CPU in float32
// channels-last the picture is read twice and written once; elsewhere the plain operations run.
// Differentiable in all tensors. Safe on any thread.
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace loom {

struct GroupNormOptions {
  int64_t groups = 32;
  double eps = 1e-5;
  bool silu = true;
};

/// f(GroupNorm(x + shift) · weight + bias), f SiLU or the identity. x [B, C, H, W], shift [B or 1, C] or
/// undefined, weight and bias [C]; all floating, computed in float32. Result float32, in x's memory format.
at::Tensor groupNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const at::Tensor& shift, const GroupNormOptions& options);

/// The same by plain tensor operations: the meaning of the other.
at::Tensor groupNormLiteral(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& shift, const GroupNormOptions& options);

}  // namespace loom
