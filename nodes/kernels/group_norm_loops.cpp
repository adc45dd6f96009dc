#include "nodes/kernels/group_norm_loops.h"

#include "nodes/kernels/simd.h"

namespace loom::loops {

using namespace loom::simd;

LOOM_FOR_EVERY_CPU
void channelMoments(const float* x, int64_t rows, int64_t C, const float* pivot, float* sum, float* square) {
  constexpr int64_t kBlock = 4;  // vectors of one row that stay in registers
  int64_t c = 0;
  for (; c + kBlock * kWidth <= C; c += kBlock * kWidth) {
    V8 p[kBlock], s[kBlock] = {}, q[kBlock] = {};
    for (int64_t k = 0; k < kBlock; ++k) p[k] = load(pivot + c + k * kWidth);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t k = 0; k < kBlock; ++k) {
        const V8 d = load(x + r * C + c + k * kWidth) - p[k];
        s[k] += d;
        q[k] += d * d;
      }
    for (int64_t k = 0; k < kBlock; ++k) {
      store(sum + c + k * kWidth, s[k]);
      store(square + c + k * kWidth, q[k]);
    }
  }
  for (; c < C; c += kWidth) {
    const V8 p = load(pivot + c);
    V8 s = {}, q = {};
    for (int64_t r = 0; r < rows; ++r) {
      const V8 d = load(x + r * C + c) - p;
      s += d;
      q += d * d;
    }
    store(sum + c, s);
    store(square + c, q);
  }
}

LOOM_FOR_EVERY_CPU
void affine(const float* x, int64_t rows, int64_t C, const float* a, const float* d, float* out) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < C; c += kWidth)
      store(out + r * C + c, load(x + r * C + c) * load(a + c) + load(d + c));
}

LOOM_FOR_EVERY_CPU
void affineSilu(const float* x, int64_t rows, int64_t C, const float* a, const float* d, float* out) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < C; c += kWidth) {
      const V8 y = load(x + r * C + c) * load(a + c) + load(d + c);
      store(out + r * C + c, y * sigmoid(y));
    }
}

LOOM_FOR_EVERY_CPU
void backwardSums(const float* x, const float* dy, int64_t rows, int64_t C, const float* a, const float* d,
                  const float* s, const float* m, bool silu, float* g, float* sum_g, float* sum_gx,
                  float* sum_x) {
  for (int64_t c = 0; c < C; c += kWidth) {
    const V8 a_c = load(a + c), d_c = load(d + c), s_c = load(s + c), m_c = load(m + c);
    V8 total_g = {}, total_gx = {}, total_x = {};
    for (int64_t r = 0; r < rows; ++r) {
      const V8 x_c = load(x + r * C + c);
      V8 g_c = load(dy + r * C + c);
      if (silu) {
        // (y σ(y))' = σ(y) (1 + y (1 − σ(y)))
        const V8 y = x_c * a_c + d_c, sig = sigmoid(y);
        g_c *= sig * (1.0f + y * (1.0f - sig));
      }
      const V8 normal = x_c * s_c + m_c;
      store(g + r * C + c, g_c);
      total_g += g_c;
      total_gx += g_c * normal;
      total_x += normal;
    }
    store(sum_g + c, total_g);
    store(sum_gx + c, total_gx);
    store(sum_x + c, total_x);
  }
}

LOOM_FOR_EVERY_CPU
void backwardInput(const float* x, const float* g, int64_t rows, int64_t C, const float* u, const float* v,
                   const float* w, float* dx) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < C; c += kWidth)
      store(dx + r * C + c,
            load(g + r * C + c) * load(u + c) + load(x + r * C + c) * load(v + c) + load(w + c));
}

}  // namespace loom::loops
