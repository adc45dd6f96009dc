#include "nodes/kernels/matmul_loops.h"

#include "nodes/kernels/simd.h"

namespace loom::loops {

using namespace loom::simd;

namespace {

/// Element (r, k) of A or of what Aᵀ stands for.
template <bool transposed>
LOOM_INLINE float element(const float* A, int64_t lda, int64_t r, int64_t k) {
  return transposed ? A[k * lda + r] : A[r * lda + k];
}

/// R rows of C in registers: six rows of two vectors fill the sixteen of AVX2.
template <int R, bool transposed>
LOOM_INLINE void tile(const float* A, int64_t lda, int64_t K, const float* B, float* C, int64_t ldc) {
  V8 left[R], right[R];
  for (int r = 0; r < R; ++r) {
    left[r] = transposed ? load(C + r * ldc) : V8{};
    right[r] = transposed ? load(C + r * ldc + kWidth) : V8{};
  }
  for (int64_t k = 0; k < K; ++k) {
    const V8 b0 = load(B + k * kPanel), b1 = load(B + k * kPanel + kWidth);
    for (int r = 0; r < R; ++r) {
      const float a = element<transposed>(A, lda, r, k);
      left[r] += a * b0;
      right[r] += a * b1;
    }
  }
  for (int r = 0; r < R; ++r) {
    store(C + r * ldc, left[r]);
    store(C + r * ldc + kWidth, right[r]);
  }
}

template <bool transposed>
LOOM_INLINE void multiply(const float* A, int64_t lda, int64_t rows, int64_t K, const float* B, float* C,
                          int64_t ldc) {
  const int64_t step = transposed ? 1 : lda;
  int64_t r = 0;
  for (; r + 6 <= rows; r += 6) tile<6, transposed>(A + r * step, lda, K, B, C + r * ldc, ldc);
  const float* rest = A + r * step;
  float* to = C + r * ldc;
  switch (rows - r) {
    case 5:
      return tile<5, transposed>(rest, lda, K, B, to, ldc);
    case 4:
      return tile<4, transposed>(rest, lda, K, B, to, ldc);
    case 3:
      return tile<3, transposed>(rest, lda, K, B, to, ldc);
    case 2:
      return tile<2, transposed>(rest, lda, K, B, to, ldc);
    case 1:
      return tile<1, transposed>(rest, lda, K, B, to, ldc);
    default:
      return;
  }
}

}  // namespace

LOOM_FOR_EVERY_CPU
void multiplyPanel(const float* A, int64_t lda, int64_t rows, int64_t K, const float* B, float* C,
                   int64_t ldc) {
  multiply<false>(A, lda, rows, K, B, C, ldc);
}

LOOM_FOR_EVERY_CPU
void multiplyTransposed(const float* A, int64_t lda, int64_t rows, int64_t K, const float* B, float* C) {
  multiply<true>(A, lda, rows, K, B, C, kPanel);
}

}  // namespace loom::loops
