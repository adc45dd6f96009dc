#pragma once
// The loops of Winograd convolution, 3 × 3, stride 1, padding 1, over pixels in channels-last order, channels
// a multiple of 8. No tensors here. Tiles are numbered image by image, row by row.
#include <cstdint>

namespace loom::loops {

struct WinogradShape {
  int64_t H = 0, W = 0;  // of the output
  int64_t channels = 0;
  int64_t tilesDown = 0, tilesAcross = 0;
  bool upsampled = false;  // the input is H/2 × W/2 and read twice in each direction (nearest)
};

/// For tiles [begin, end): V[ξ][tile − begin][channel] = Bᵀ d B, planes `plane` floats apart.
void winogradInput4(const float* x, const WinogradShape& shape, int64_t begin, int64_t end, float* V,
                    int64_t plane);
void winogradInput2(const float* x, const WinogradShape& shape, int64_t begin, int64_t end, float* V,
                    int64_t plane);

/// y = Aᵀ M A + bias + residual (null: none; may be y) for tiles [begin, end) of M.
void winogradOutput4(const float* M, int64_t plane, const WinogradShape& shape, int64_t begin, int64_t end,
                     const float* bias, const float* residual, float* y);
void winogradOutput2(const float* M, int64_t plane, const WinogradShape& shape, int64_t begin, int64_t end,
                     const float* bias, const float* residual, float* y);

/// G g Gᵀ of one 3 × 3 filter g, row major, in double; 6 × 6 or 4 × 4 numbers.
void winogradFilter4(const float* g, double* U);
void winogradFilter2(const float* g, double* U);

}  // namespace loom::loops
