#include "nodes/kernels/winograd_loops.h"

#include "nodes/kernels/simd.h"

// Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks": Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A.
// Where we differ: F(4 × 4, 3 × 3) interpolates at 0, ±√2, ±1/√2, ∞ in place of 0, ±1, ±2, ∞. The matrices
// stay well scaled, and the float32 result is as exact as direct summation (with the paper's points it is
// five times worse).

namespace loom::loops {

using namespace loom::simd;

namespace {

constexpr float kA = 1.41421356237309505f, kB = 0.70710678118654752f;

/// Output tiles of m × m from input tiles of n × n.
struct F4 {
  static constexpr int m = 4, n = 6;
  /// Bᵀ on six values `step` apart.
  static LOOM_INLINE void input(const V8* d, int step, V8* o, int ostep) {
    const V8 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const V8 even_a = d4 - 0.5f * d2, odd_a = kA * (d3 - 0.5f * d1);
    const V8 even_b = d4 - 2.0f * d2, odd_b = kB * (d3 - 2.0f * d1);
    o[0] = d0 - 2.5f * d2 + d4;
    o[ostep] = even_a + odd_a;
    o[2 * ostep] = even_a - odd_a;
    o[3 * ostep] = even_b + odd_b;
    o[4 * ostep] = even_b - odd_b;
    o[5 * ostep] = d1 - 2.5f * d3 + d5;
  }
  static LOOM_INLINE void output(const V8* v, int step, V8* y, int ystep) {
    const V8 m0 = v[0], m1 = v[step], m2 = v[2 * step], m3 = v[3 * step], m4 = v[4 * step], m5 = v[5 * step];
    const V8 s1 = m1 + m2, t1 = kA * (m1 - m2), s2 = m3 + m4, t2 = kB * (m3 - m4);
    y[0] = m0 + s1 + s2;
    y[ystep] = t1 + t2;
    y[2 * ystep] = 2.0f * s1 + 0.5f * s2;
    y[3 * ystep] = 2.0f * t1 + 0.5f * t2 + m5;
  }
  static void filter(const double* g, int step, double* u, int ustep) {
    constexpr double a = 1.41421356237309505, b = 0.70710678118654752;
    const double g0 = g[0], g1 = g[step], g2 = g[2 * step];
    u[0] = g0;
    u[ustep] = g0 / 6 + a / 6 * g1 + g2 / 3;
    u[2 * ustep] = g0 / 6 - a / 6 * g1 + g2 / 3;
    u[3 * ustep] = -2 * g0 / 3 - 2 * b / 3 * g1 - g2 / 3;
    u[4 * ustep] = -2 * g0 / 3 + 2 * b / 3 * g1 - g2 / 3;
    u[5 * ustep] = g2;
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
  static LOOM_INLINE void output(const V8* v, int step, V8* y, int ystep) {
    const V8 m0 = v[0], m1 = v[step], m2 = v[2 * step], m3 = v[3 * step];
    y[0] = m0 + m1 + m2;
    y[ystep] = m1 - m2 + m3;
  }
  static void filter(const double* g, int step, double* u, int ustep) {
    const double g0 = g[0], g1 = g[step], g2 = g[2 * step];
    u[0] = g0;
    u[ustep] = (g0 + g1 + g2) / 2;
    u[2 * ustep] = (g0 - g1 + g2) / 2;
    u[3 * ustep] = g2;
  }
};

struct TilePlace {
  int64_t image, top, left;  // of the output
};
template <class F>
LOOM_INLINE TilePlace placeOf(const WinogradShape& s, int64_t tile) {
  const int64_t across = tile % s.tilesAcross, rest = tile / s.tilesAcross;
  return {rest / s.tilesDown, rest % s.tilesDown * F::m, across * F::m};
}

template <class F>
LOOM_INLINE void inputTiles(const float* x, const WinogradShape& s, int64_t begin, int64_t end, float* V,
                            int64_t plane) {
  constexpr int n = F::n;
  const int shift = s.upsampled ? 1 : 0;
  const int64_t rows = s.H >> shift, columns = s.W >> shift, C = s.channels;
  for (int64_t tile = begin; tile < end; ++tile) {
    const TilePlace at = placeOf<F>(s, tile);
    const float* source[n * n];  // null outside the picture
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        const int64_t row = at.top + i - 1, column = at.left + j - 1;
        const bool inside = row >= 0 && row < s.H && column >= 0 && column < s.W;
        source[i * n + j] =
            inside ? x + ((at.image * rows + (row >> shift)) * columns + (column >> shift)) * C : nullptr;
      }
    float* out = V + (tile - begin) * C;
    for (int64_t c = 0; c < C; c += kWidth) {
      V8 d[n * n], t[n * n];
      for (int k = 0; k < n * n; ++k) d[k] = source[k] ? load(source[k] + c) : V8{};
      for (int j = 0; j < n; ++j) F::input(d + j, n, t + j, n);
      for (int i = 0; i < n; ++i) F::input(t + i * n, 1, d + i * n, 1);
      for (int k = 0; k < n * n; ++k) store(out + k * plane + c, d[k]);
    }
  }
}

template <class F>
LOOM_INLINE void outputTiles(const float* M, int64_t plane, const WinogradShape& s, int64_t begin,
                             int64_t end, const float* bias, const float* residual, float* y) {
  constexpr int n = F::n, m = F::m;
  const int64_t C = s.channels;
  for (int64_t tile = begin; tile < end; ++tile) {
    const TilePlace at = placeOf<F>(s, tile);
    const float* in = M + (tile - begin) * C;
    const int64_t rows = s.H - at.top < m ? s.H - at.top : m, columns = s.W - at.left < m ? s.W - at.left : m;
    const int64_t corner = ((at.image * s.H + at.top) * s.W + at.left) * C;
    for (int64_t c = 0; c < C; c += kWidth) {
      V8 v[n * n], t[m * n], o[m * m];
      for (int k = 0; k < n * n; ++k) v[k] = load(in + k * plane + c);
      for (int j = 0; j < n; ++j) F::output(v + j, n, t + j, n);
      for (int i = 0; i < m; ++i) F::output(t + i * n, 1, o + i * m, 1);
      const V8 b = bias ? load(bias + c) : V8{};
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j) {
          const int64_t to = corner + (i * s.W + j) * C + c;
          const V8 sum = o[i * m + j] + b;
          store(y + to, residual ? sum + load(residual + to) : sum);
        }
    }
  }
}

template <class F>
void filterTile(const float* g, double* U) {
  double wide[9], half[F::n * 3];
  for (int k = 0; k < 9; ++k) wide[k] = g[k];
  for (int j = 0; j < 3; ++j) F::filter(wide + j, 3, half + j, 3);
  for (int i = 0; i < F::n; ++i) F::filter(half + i * 3, 1, U + i * F::n, 1);
}

}  // namespace

LOOM_FOR_EVERY_CPU
void winogradInput4(const float* x, const WinogradShape& s, int64_t begin, int64_t end, float* V,
                    int64_t plane) {
  inputTiles<F4>(x, s, begin, end, V, plane);
}
LOOM_FOR_EVERY_CPU
void winogradInput2(const float* x, const WinogradShape& s, int64_t begin, int64_t end, float* V,
                    int64_t plane) {
  inputTiles<F2>(x, s, begin, end, V, plane);
}
LOOM_FOR_EVERY_CPU
void winogradOutput4(const float* M, int64_t plane, const WinogradShape& s, int64_t begin, int64_t end,
                     const float* bias, const float* residual, float* y) {
  outputTiles<F4>(M, plane, s, begin, end, bias, residual, y);
}
LOOM_FOR_EVERY_CPU
void winogradOutput2(const float* M, int64_t plane, const WinogradShape& s, int64_t begin, int64_t end,
                     const float* bias, const float* residual, float* y) {
  outputTiles<F2>(M, plane, s, begin, end, bias, residual, y);
}

void winogradFilter4(const float* g, double* U) { filterTile<F4>(g, U); }
void winogradFilter2(const float* g, double* U) { filterTile<F2>(g, U); }

}  // namespace loom::loops
