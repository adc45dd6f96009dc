#pragma once
// The layers of the U-Net as functions of tensors. Activations are [B, C, H, W] in the dtype of the weights,
// channels-last on the CPU; norms and embeddings are float32. The same functions serve training and sampling.
#include "nodes/ddpm/unet_blocks.h"

namespace loom {

/// What the layers need to know beside weights.
struct LayerContext {
  double eps = 1e-5;  // of GroupNorm
  double dropout = 0;
  std::optional<at::Generator> generator;  // of the dropout masks
  InsideWatch* inside = nullptr;           // is shown blocks and attention maps, by the blocks' names
};

/// Groups of GroupNorm: 32 as in all published nets, or the most that divide fewer or odd channels evenly.
int64_t normGroups(int64_t channels);

/// SiLU(GroupNorm(x + shift)), x [B, C, H, W], shift [B or 1, C] or undefined; in float32, result in `dtype`.
at::Tensor normSilu(const at::Tensor& x, const Affine& norm, double eps, at::ScalarType dtype,
                    const at::Tensor& shift = {});
/// A 3 × 3 convolution that keeps the size, or a 1 × 1; plus `residual` where it is defined.
at::Tensor convolve(const at::Tensor& x, const Affine& conv, const at::Tensor& residual = {});
/// x + f(x), embedding [B or 1, E].
at::Tensor residual(const at::Tensor& x, const at::Tensor& embedding, const ResidualBlock& block,
                    const LayerContext& context);
/// x + proj(softmax(q kᵀ / √C) v) over the H·W places, one head. Shows the softmax, [B, 1, H·W, H·W].
at::Tensor attend(const at::Tensor& x, const AttentionBlock& block, const LayerContext& context);
/// Half the size: stride 2, padding 1 all around (pytorch_ddpm) or right and below only (ho); without weights
/// the mean of 2 × 2.
at::Tensor downsample(const at::Tensor& x, const Affine& conv, UNetLayout layout);
/// Twice the size by repetition, then a convolution where there are weights.
at::Tensor upsample(const at::Tensor& x, const Affine& conv);

}  // namespace loom
