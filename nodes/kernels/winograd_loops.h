#pragma once
// The loops of Winograd convolution, 3 × 3, stride 1, padding 1, over pixels in channels-last order, channels
// a multiple of 8, and those of its weights' gradient. No tensors here. m is the tile: 4 or 2 outputs in each
// direction, from n = m + 2 inputs; a product ξ is one of n². Tiles are numbered image by image, row by row.
// Output channels go by panels of 16 (matmul_loops.h); of a last panel that is only half there, the rest is
// 0.
#include <cstdint>

namespace loom::loops {

struct WinogradShape {
  int64_t H = 0, W = 0;  // of the output
  int64_t channels = 0;
  int64_t tilesDown = 0, tilesAcross = 0;
  bool upsampled = false;  // the input is H/2 × W/2 and read twice in each direction (nearest)
};

/// Where 3 × 3 filters lie: number i of the filter from `in` to `out` at g[out · outStride + in · inStride +
/// i], or at 8 − i where they are turned round.
struct WinogradWeights {
  float* g = nullptr;
  int64_t outStride = 0, inStride = 0;
  int64_t in = 0, out = 0;
  bool turned = false;
};

/// Floats between two products of U, for `in` channels: a line more than they take, since planes a power of
/// two apart would share cache lines.
inline int64_t winogradPlane(int64_t in) { return (in + 1) * 16; }

/// U[ξ][in][16] = G g Gᵀ for the 16 outputs from `first` on.
void winogradFilters(int m, const WinogradWeights& weights, int64_t first, float* U);
/// Its transpose: g = Gᵀ U G.
void winogradFilterGradients(int m, const float* U, int64_t first, const WinogradWeights& weights);

/// V[ξ][tile − begin][channel] = Bᵀ d B for tiles [begin, end); products `plane` floats apart.
void winogradInput(int m, const float* x, const WinogradShape& shape, int64_t begin, int64_t end, float* V,
                   int64_t plane);

/// y = Aᵀ M A + bias + residual (null: none; may be y) for tiles [begin, end) of M[tile − begin][ξ][16] and
/// the 16 channels from `first` on.
void winogradOutput(int m, const float* M, const WinogradShape& shape, int64_t begin, int64_t end,
                    int64_t first, const float* bias, const float* residual, float* y);
/// Its transpose: M[ξ][tile − begin][16] = A y Aᵀ; products `plane` floats apart.
void winogradOutputGradients(int m, const float* y, const WinogradShape& shape, int64_t begin, int64_t end,
                             int64_t first, float* M, int64_t plane);

}  // namespace loom::loops
