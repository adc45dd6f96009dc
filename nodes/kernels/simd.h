#pragma once
// Eight floats at once, in plain C++ (GCC and Clang vector extensions), for the loops of this folder. A
// function marked LOOM_FOR_EVERY_CPU is compiled for several instruction sets; the program takes the best one
// its machine has. Include only in .cpp files whose functions are marked so: what is inlined into them is
// compiled along.
#include <cstdint>
#include <cstring>

#include "engine/core/for_every_cpu.h"

#define LOOM_INLINE __attribute__((always_inline)) inline

namespace loom::simd {

typedef float V8 __attribute__((vector_size(32)));
typedef int32_t I8 __attribute__((vector_size(32)));
constexpr int64_t kWidth = 8;

LOOM_INLINE V8 load(const float* from) {
  V8 v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
LOOM_INLINE void store(float* to, V8 v) { std::memcpy(to, &v, sizeof v); }

/// Of two vectors, in each half: the first two of both by turns, the last two by turns, the first two of both
/// one after the other, the last two.
LOOM_INLINE V8 zipLow(V8 a, V8 b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13); }
LOOM_INLINE V8 zipHigh(V8 a, V8 b) { return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15); }
LOOM_INLINE V8 joinLow(V8 a, V8 b) { return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13); }
LOOM_INLINE V8 joinHigh(V8 a, V8 b) { return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15); }

/// Eight rows of eight become columns.
LOOM_INLINE void transpose(V8* r) {
  V8 quads[8];  // four rows of columns 0 and 4, 1 and 5, ...; the other four rows
  for (int i = 0; i < 2; ++i) {
    const V8 *four = r + 4 * i, a = zipLow(four[0], four[1]), b = zipHigh(four[0], four[1]),
             c = zipLow(four[2], four[3]), d = zipHigh(four[2], four[3]);
    quads[4 * i] = joinLow(a, c);
    quads[4 * i + 1] = joinHigh(a, c);
    quads[4 * i + 2] = joinLow(b, d);
    quads[4 * i + 3] = joinHigh(b, d);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = __builtin_shufflevector(quads[i], quads[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(quads[i], quads[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

/// e^x, relative error below 2e-7. Beyond ±87 the nearest that float holds; NaN stays NaN.
LOOM_INLINE V8 exponential(V8 x) {
  x = x < -87.0f ? V8{} - 87.0f : x;
  x = x > 87.0f ? V8{} + 87.0f : x;
  // x = n ln 2 + r with |r| ≤ ln 2 / 2; adding 1.5·2^23 rounds to a whole n.
  const V8 shifted = x * 1.44269504f + 12582912.0f;
  const V8 n = shifted - 12582912.0f;
  const V8 r = x - n * 0.693145752f - n * 1.42860677e-6f;
  V8 p = r * 1.9875691e-4f + 1.3981999e-3f;  // Cephes' minimax polynomial of (e^r − 1 − r) / r²
  p = p * r + 8.3334519e-3f;
  p = p * r + 4.1665796e-2f;
  p = p * r + 1.6666666e-1f;
  p = p * r + 5.0000001e-1f;
  p = p * r * r + r + 1.0f;
  const I8 scale = ((I8)shifted - 0x4B400000 + 127) << 23;
  return p * (V8)scale;
}

LOOM_INLINE V8 sigmoid(V8 x) { return 1.0f / (1.0f + exponential(-x)); }

}  // namespace loom::simd
