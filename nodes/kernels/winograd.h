#pragma once
// 3 × 3 convolution on the CPU by Winograd's method, and its gradients: a fourth of the multiplications
// (F(4, 3)) or less than half (F(2, 3)), as exact in float32 as direct summation. Weights are transformed on
// the way, panel by panel: next to reading them it costs little, and what they become would be four times
// their size. No autograd here; see convolution.h.
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace loom {

/// Whether this can go by Winograd's method: float32 on the CPU, 3 × 3, channels multiples of 8.
bool winogradFits(const at::Tensor& x, const at::Tensor& weight);

struct WinogradOptions {
  at::Tensor residual{};   // added to the result; of its shape, float32; or undefined
  bool upsampled = false;  // convolve the input enlarged twofold (nearest), without enlarging it
  bool transposed =
      false;     // weights [C_in, C_out, 3, 3], turned round: the gradient of the input from that of y
  int tile = 0;  // 4 or 2 outputs in each direction; 0: the faster
};

/// Stride 1, padding 1. x [B, C_in, H, W], weight [C_out, C_in, 3, 3], bias [C_out] or undefined
/// -> [B, C_out, H, W] channels-last (2H × 2W where upsampled).
at::Tensor winogradConvolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const WinogradOptions& options = {});

/// The gradient of the weights [C_out, C_in, 3, 3] from x [B, C_in, H, W] and that of y, dy [B, C_out, H, W]
/// (2H × 2W where upsampled). Of the options, those of the input and the tile count.
at::Tensor winogradWeightGradient(const at::Tensor& x, const at::Tensor& dy,
                                  const WinogradOptions& options = {});

}  // namespace loom
