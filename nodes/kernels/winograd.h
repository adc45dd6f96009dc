#pragma once
// 3 × 3 convolution on the CPU by Winograd's method: a fourth of the multiplications (F(4, 3)) or less than
// half (F(2, 3)), as exact in float32 as direct summation. For inference: no gradients. Weights are
// transformed once and then shared.
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace loom {

/// Filters after their transform, for one tile size.
struct WinogradFilters {
  int tile = 4;     // outputs a tile and direction: 4 or 2
  at::Tensor U;     // float32 [(tile + 2)², C_in, C_out]
  at::Tensor bias;  // float32 [C_out] or undefined
};

/// weight float32 [C_out, C_in, 3, 3], CPU.
WinogradFilters winogradFilters(const at::Tensor& weight, const at::Tensor& bias, int tile);

/// Whether these filters can be transformed: 3 × 3, channels multiples of 8.
bool winogradFits(const at::Tensor& weight);
/// The tile that is fastest for pictures of B × H × W (of the output).
int winogradTile(int64_t B, int64_t H, int64_t W);

struct WinogradOptions {
  at::Tensor residual;     // added to the result; [B, C_out, H, W] channels-last float32, or undefined
  bool upsampled = false;  // convolve the input enlarged twofold (nearest), without enlarging it
};

/// Stride 1, padding 1. x float32 [B, C_in, H, W] channels-last -> the same with C_out (2H × 2W where
/// upsampled).
at::Tensor winogradConvolve(const at::Tensor& x, const WinogradFilters& filters,
                            const WinogradOptions& options = {});

}  // namespace loom
