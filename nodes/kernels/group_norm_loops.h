#pragma once
// The loops of GroupNorm + SiLU over pixels in channels-last order: rows of C floats, C a multiple of 8. No
// tensors here.
#include <cstdint>

namespace loom::loops {

/// Sums over `rows` rows of (x − pivot) and of its square, per channel. The pivot, any row of x, keeps the
/// squares small.
void channelMoments(const float* x, int64_t rows, int64_t C, const float* pivot, float* sum, float* square);

/// out = f(x a + d) per channel, f SiLU or the identity; out may be x.
void affine(const float* x, int64_t rows, int64_t C, const float* a, const float* d, float* out);
void affineSilu(const float* x, int64_t rows, int64_t C, const float* a, const float* d, float* out);

/// Backward, first pass. With y = x a + d and x̂ = x s + m: out g = dy f'(y); adds to the sums over rows of g,
/// g x̂, x̂.
void backwardSums(const float* x, const float* dy, int64_t rows, int64_t C, const float* a, const float* d,
                  const float* s, const float* m, bool silu, float* g, float* sum_g, float* sum_gx,
                  float* sum_x);
/// Backward, second pass: dx = g u + x v + w per channel; dx may be g.
void backwardInput(const float* x, const float* g, int64_t rows, int64_t C, const float* u, const float* v,
                   const float* w, float* dx);

}  // namespace loom::loops
