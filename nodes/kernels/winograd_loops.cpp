#include "nodes/kernels/winograd_loops.h"

#include "nodes/kernels/matmul_loops.h"
#include "nodes/kernels/winograd_points.h"

namespace loom::loops {

using namespace loom::simd;

namespace {

struct TilePlace {
  int64_t image, top, left;  // of the output
};
template <class F>
LOOM_INLINE TilePlace placeOf(const WinogradShape& s, int64_t tile) {
  const int64_t across = tile % s.tilesAcross, rest = tile / s.tilesAcross;
  return {rest / s.tilesDown, rest % s.tilesDown * F::m, across * F::m};
}
LOOM_INLINE int64_t atMost(int64_t a, int64_t b) { return a < b ? a : b; }

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
LOOM_INLINE void outputTiles(const float* M, const WinogradShape& s, int64_t begin, int64_t end,
                             int64_t first, const float* bias, const float* residual, float* y) {
  constexpr int n = F::n, m = F::m;
  const int64_t C = s.channels, width = atMost(kPanel, C - first);
  for (int64_t tile = begin; tile < end; ++tile) {
    const TilePlace at = placeOf<F>(s, tile);
    const float* in = M + (tile - begin) * n * n * kPanel;
    const int64_t rows = atMost(m, s.H - at.top), columns = atMost(m, s.W - at.left);
    const int64_t corner = ((at.image * s.H + at.top) * s.W + at.left) * C + first;
    for (int64_t c = 0; c < width; c += kWidth) {
      V8 v[n * n], t[m * n], o[m * m];
      for (int k = 0; k < n * n; ++k) v[k] = load(in + k * kPanel + c);
      for (int j = 0; j < n; ++j) F::output(v + j, n, t + j, n);
      for (int i = 0; i < m; ++i) F::output(t + i * n, 1, o + i * m, 1);
      const V8 b = bias ? load(bias + first + c) : V8{};
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
LOOM_INLINE void outputTileGradients(const float* y, const WinogradShape& s, int64_t begin, int64_t end,
                                     int64_t first, float* M, int64_t plane) {
  constexpr int n = F::n, m = F::m;
  const int64_t C = s.channels;
  for (int64_t tile = begin; tile < end; ++tile) {
    const TilePlace at = placeOf<F>(s, tile);
    const int64_t rows = s.H - at.top, columns = s.W - at.left;
    const float* corner = y + ((at.image * s.H + at.top) * s.W + at.left) * C + first;
    float* out = M + (tile - begin) * kPanel;
    for (int64_t c = 0; c < kPanel; c += kWidth) {
      V8 d[m * m], t[n * m], v[n * n];
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < m; ++j)
          d[i * m + j] =
              i < rows && j < columns && first + c < C ? load(corner + (i * s.W + j) * C + c) : V8{};
      for (int j = 0; j < m; ++j) F::outputGradient(d + j, m, t + j, m);
      for (int i = 0; i < n; ++i) F::outputGradient(t + i * m, 1, v + i * n, 1);
      for (int k = 0; k < n * n; ++k) store(out + k * plane + c, v[k]);
    }
  }
}

/// Number i of eight filters, in vector i.
template <bool turned>
LOOM_INLINE void loadFilters(const float* g, int64_t stride, V8* numbers) {
  V8 rows[8];
  for (int f = 0; f < 8; ++f) rows[f] = load(g + f * stride);
  transpose(rows);
  for (int i = 0; i < 8; ++i) numbers[turned ? 8 - i : i] = rows[i];
  // The filters come from memory, along eight lines at once: more than the machine foresees by itself.
  constexpr int64_t kAhead = 160;
  for (int f = 0; f < 8; ++f) __builtin_prefetch(g + f * stride + kAhead);
  g += 8;
  numbers[turned ? 0 : 8] = V8{g[0],          g[stride],     g[2 * stride], g[3 * stride],
                               g[4 * stride], g[5 * stride], g[6 * stride], g[7 * stride]};
}

template <class F, bool turned>
LOOM_INLINE void filters(const WinogradWeights& w, int64_t first, float* U) {
  constexpr int n = F::n;
  const int64_t plane = winogradPlane(w.in), width = atMost(kPanel, w.out - first);
  for (int64_t c = 0; c < w.in; ++c)
    for (int64_t f = 0; f < width; f += kWidth) {
      V8 g[9], half[n * 3], u[n * n];
      loadFilters<turned>(w.g + (first + f) * w.outStride + c * w.inStride, w.outStride, g);
      for (int j = 0; j < 3; ++j) F::filter(g + j, 3, half + j, 3);
      for (int i = 0; i < n; ++i) F::filter(half + i * 3, 1, u + i * n, 1);
      for (int k = 0; k < n * n; ++k) store(U + k * plane + c * kPanel + f, u[k]);
    }
}

/// The other way round: of the weights as they lie.
LOOM_INLINE void storeFilters(const V8* numbers, float* g, int64_t stride) {
  V8 rows[8];
  for (int i = 0; i < 8; ++i) rows[i] = numbers[i];
  transpose(rows);
  for (int f = 0; f < 8; ++f) {
    store(g + f * stride, rows[f]);
    g[f * stride + 8] = numbers[8][f];
  }
}

template <class F>
LOOM_INLINE void filterGradients(const float* U, int64_t first, const WinogradWeights& w) {
  constexpr int n = F::n;
  const int64_t plane = winogradPlane(w.in), width = atMost(kPanel, w.out - first);
  for (int64_t c = 0; c < w.in; ++c)
    for (int64_t f = 0; f < width; f += kWidth) {
      V8 u[n * n], half[3 * n], g[9];
      for (int k = 0; k < n * n; ++k) u[k] = load(U + k * plane + c * kPanel + f);
      for (int j = 0; j < n; ++j) F::filterGradient(u + j, n, half + j, n);
      for (int i = 0; i < 3; ++i) F::filterGradient(half + i * n, 1, g + i * 3, 1);
      storeFilters(g, w.g + (first + f) * w.outStride + c * w.inStride, w.outStride);
    }
}

}  // namespace

LOOM_FOR_EVERY_CPU
void winogradFilters(int m, const WinogradWeights& w, int64_t first, float* U) {
  if (m == 4)
    w.turned ? filters<F4, true>(w, first, U) : filters<F4, false>(w, first, U);
  else
    w.turned ? filters<F2, true>(w, first, U) : filters<F2, false>(w, first, U);
}

LOOM_FOR_EVERY_CPU
void winogradFilterGradients(int m, const float* U, int64_t first, const WinogradWeights& w) {
  m == 4 ? filterGradients<F4>(U, first, w) : filterGradients<F2>(U, first, w);
}

LOOM_FOR_EVERY_CPU
void winogradInput(int m, const float* x, const WinogradShape& s, int64_t begin, int64_t end, float* V,
                   int64_t plane) {
  m == 4 ? inputTiles<F4>(x, s, begin, end, V, plane) : inputTiles<F2>(x, s, begin, end, V, plane);
}

LOOM_FOR_EVERY_CPU
void winogradOutput(int m, const float* M, const WinogradShape& s, int64_t begin, int64_t end, int64_t first,
                    const float* bias, const float* residual, float* y) {
  m == 4 ? outputTiles<F4>(M, s, begin, end, first, bias, residual, y)
         : outputTiles<F2>(M, s, begin, end, first, bias, residual, y);
}

LOOM_FOR_EVERY_CPU
void winogradOutputGradients(int m, const float* y, const WinogradShape& s, int64_t begin, int64_t end,
                             int64_t first, float* M, int64_t plane) {
  m == 4 ? outputTileGradients<F4>(y, s, begin, end, first, M, plane)
         : outputTileGradients<F2>(y, s, begin, end, first, M, plane);
}

}  // namespace loom::loops
