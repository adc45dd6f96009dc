#pragma once
// The matrices of Winograd convolution, and their transposes for gradients, as sums of vectors.
//
// Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks": Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A.
// Where we differ: F(4 × 4, 3 × 3) interpolates at 0, ±√2, ±1/√2, ∞ in place of 0, ±1, ±2, ∞. The matrices
// stay well scaled, and the float32 result is as exact as direct summation (with the paper's points it is
// five times worse).
#include "nodes/kernels/simd.h"

namespace loom::loops {

using simd::V8;

/// Output tiles of m × m from input tiles of n × n. All functions read values `step` apart and write `ostep`
/// apart.
struct F4 {
  static constexpr int m = 4, n = 6;
  static constexpr float a = 1.41421356237309505f, b = 0.70710678118654752f;

  /// Bᵀ: 6 to 6.
  static LOOM_INLINE void input(const V8* d, int step, V8* o, int ostep) {
    const V8 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const V8 even_a = d4 - 0.5f * d2, odd_a = a * (d3 - 0.5f * d1);
    const V8 even_b = d4 - 2.0f * d2, odd_b = b * (d3 - 2.0f * d1);
    o[0] = d0 - 2.5f * d2 + d4;
    o[ostep] = even_a + odd_a;
    o[2 * ostep] = even_a - odd_a;
    o[3 * ostep] = even_b + odd_b;
    o[4 * ostep] = even_b - odd_b;
    o[5 * ostep] = d1 - 2.5f * d3 + d5;
  }
  /// Aᵀ: 6 to 4.
  static LOOM_INLINE void output(const V8* v, int step, V8* y, int ostep) {
    const V8 m0 = v[0], m1 = v[step], m2 = v[2 * step], m3 = v[3 * step], m4 = v[4 * step], m5 = v[5 * step];
    const V8 s1 = m1 + m2, t1 = a * (m1 - m2), s2 = m3 + m4, t2 = b * (m3 - m4);
    y[0] = m0 + s1 + s2;
    y[ostep] = t1 + t2;
    y[2 * ostep] = 2.0f * s1 + 0.5f * s2;
    y[3 * ostep] = 2.0f * t1 + 0.5f * t2 + m5;
  }
  /// A: 4 to 6.
  static LOOM_INLINE void outputGradient(const V8* y, int step, V8* v, int ostep) {
    const V8 y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
    const V8 even_a = y0 + 2.0f * y2, odd_a = a * (y1 + 2.0f * y3);
    const V8 even_b = y0 + 0.5f * y2, odd_b = b * (y1 + 0.5f * y3);
    v[0] = y0;
    v[ostep] = even_a + odd_a;
    v[2 * ostep] = even_a - odd_a;
    v[3 * ostep] = even_b + odd_b;
    v[4 * ostep] = even_b - odd_b;
    v[5 * ostep] = y3;
  }
  /// G: 3 to 6.
  static LOOM_INLINE void filter(const V8* g, int step, V8* u, int ostep) {
    const V8 g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const V8 even_a = (g0 + 2.0f * g2) * (1 / 6.0f), odd_a = a / 6 * g1;
    const V8 even_b = (g0 + 0.5f * g2) * (-2 / 3.0f), odd_b = -2 * b / 3 * g1;
    u[0] = g0;
    u[ostep] = even_a + odd_a;
    u[2 * ostep] = even_a - odd_a;
    u[3 * ostep] = even_b + odd_b;
    u[4 * ostep] = even_b - odd_b;
    u[5 * ostep] = g2;
  }
  /// Gᵀ: 6 to 3.
  static LOOM_INLINE void filterGradient(const V8* u, int step, V8* g, int ostep) {
    const V8 u0 = u[0], u1 = u[step], u2 = u[2 * step], u3 = u[3 * step], u4 = u[4 * step], u5 = u[5 * step];
    const V8 even_a = (u1 + u2) * (1 / 6.0f), even_b = (u3 + u4) * (-2 / 3.0f);
    g[0] = u0 + even_a + even_b;
    g[ostep] = a / 6 * (u1 - u2) + -2 * b / 3 * (u3 - u4);
    g[2 * ostep] = 2.0f * even_a + 0.5f * even_b + u5;
  }
};

/// F(2 × 2, 3 × 3), points 0, 1, −1, ∞.
struct F2 {
  static constexpr int m = 2, n = 4;
  static LOOM_INLINE void input(const V8* d, int step, V8* o, int ostep) {
    const V8 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    o[0] = d0 - d2;
    o[ostep] = d1 + d2;
    o[2 * ostep] = d2 - d1;
    o[3 * ostep] = d3 - d1;
  }
  static LOOM_INLINE void output(const V8* v, int step, V8* y, int ostep) {
    const V8 m0 = v[0], m1 = v[step], m2 = v[2 * step], m3 = v[3 * step];
    y[0] = m0 + m1 + m2;
    y[ostep] = m1 - m2 + m3;
  }
  static LOOM_INLINE void outputGradient(const V8* y, int step, V8* v, int ostep) {
    const V8 y0 = y[0], y1 = y[step];
    v[0] = y0;
    v[ostep] = y0 + y1;
    v[2 * ostep] = y0 - y1;
    v[3 * ostep] = y1;
  }
  static LOOM_INLINE void filter(const V8* g, int step, V8* u, int ostep) {
    const V8 g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const V8 even = 0.5f * (g0 + g2), odd = 0.5f * g1;
    u[0] = g0;
    u[ostep] = even + odd;
    u[2 * ostep] = even - odd;
    u[3 * ostep] = g2;
  }
  static LOOM_INLINE void filterGradient(const V8* u, int step, V8* g, int ostep) {
    const V8 u0 = u[0], u1 = u[step], u2 = u[2 * step], u3 = u[3 * step];
    const V8 even = 0.5f * (u1 + u2);
    g[0] = u0 + even;
    g[ostep] = 0.5f * (u1 - u2);
    g[2 * ostep] = even + u3;
  }
};

}  // namespace loom::loops
