#pragma once
// One block of the random streams, element by element: the arithmetic that the CPU's vector loops and the
// GPU's kernel share. Plain float32, multiply and add never joined, no library functions but the square root,
// which is exact: the bytes are the same on every machine. Compile with -ffp-contract=off (nvcc:
// -fmad=false).
#include <bit>
#include <cmath>
#include <cstdint>

#include "engine/device/both_sides.h"
#include "engine/random/philox.h"

namespace loom {

/// ln(u) for u in [2^-33, 1]. Error below 1.3e-7 relative to max(|ln u|, 1).
LOOM_BOTH_SIDES float unitLogarithm(float u) {
  const uint32_t bits = std::bit_cast<uint32_t>(u);
  // u = m 2^e with m in [√½, √2).
  const uint32_t shifted = bits - 0x3F3504F3;
  const int32_t e = static_cast<int32_t>(shifted) >> 23;
  const float m = std::bit_cast<float>((shifted & 0x007FFFFF) + 0x3F3504F3);
  // ln m = 2 artanh s, s = (m − 1) / (m + 1), |s| <= 0.172: s^11 is below a float's last bit.
  const float s = (m - 1.0f) / (m + 1.0f);
  const float w = s * s;
  const float series = w * (1 / 3.0f + w * (1 / 5.0f + w * (1 / 7.0f + w * (1 / 9.0f))));
  return static_cast<float>(e) * 0.693147180f + 2.0f * (s + s * series);
}

struct NormalPair {
  float cosine, sine;
};

/// Box and Muller, 1958: words (a, b) to (R cos 2πv, R sin 2πv), R = √(−2 ln u), u = a 2^-32 + 2^-33,
/// v = b 2^-32.
LOOM_BOTH_SIDES NormalPair normalPair(uint32_t a, uint32_t b) {
  // In halves, through a signed conversion, which every vector unit has.
  const float high = static_cast<float>(static_cast<int32_t>(a >> 16));
  const float low = static_cast<float>(static_cast<int32_t>(a & 0xFFFF));
  const float u = (high * 65536.0f + low) * 0x1p-32f + 0x1p-33f;
  const float radius = sqrtf(-2.0f * unitLogarithm(u));
  // The nearest quarter turn is taken off exactly, in integers; what is left is within an eighth of a turn.
  const uint32_t quarter = (b + 0x20000000u) >> 30;
  const float x = static_cast<float>(static_cast<int32_t>(b - (quarter << 30))) * (6.28318531f * 0x1p-32f);
  const float w = x * x;
  const float s = x + x * w * (-1 / 6.0f + w * (1 / 120.0f + w * (-1 / 5040.0f + w * (1 / 362880.0f))));
  const float c =
      1.0f + w * (-0.5f + w * (1 / 24.0f + w * (-1 / 720.0f + w * (1 / 40320.0f + w * (-1 / 3628800.0f)))));
  const bool odd = quarter & 1;
  const float c1 = odd ? s : c, s1 = odd ? c : s;
  // cos(x + qπ/2) is c, −s, −c, s and sin(x + qπ/2) is s, c, −s, −c for q = 0..3.
  return {radius * ((quarter + 1) & 2 ? -c1 : c1), radius * (quarter & 2 ? -s1 : s1)};
}

/// A batch of unit normal numbers for the GPU: Stream of engine/random/stream.h, and where they go.
struct UnitNormals {
  uint64_t seed = 0;
  uint32_t node = 0, step = 0, firstSample = 0;
  int64_t batch = 0, elements = 0;  // elements a sample, at most 2^32
  float* out = nullptr;             // [batch, elements]
};
using UnitNormalsFunction = int(const UnitNormals*, void* stream);  // noiseloom_cuda_unit_normals

/// Elements 4 block to 4 block + 3 of a sample.
LOOM_BOTH_SIDES void fourNormals(const UnitNormals& n, uint32_t sample, uint32_t block, float z[4]) {
  const PhiloxWords words = philox4x32({block, sample, n.step, n.node},
                                       {static_cast<uint32_t>(n.seed), static_cast<uint32_t>(n.seed >> 32)});
  const NormalPair first = normalPair(words[0], words[1]), second = normalPair(words[2], words[3]);
  z[0] = first.cosine;
  z[1] = first.sine;
  z[2] = second.cosine;
  z[3] = second.sine;
}

}  // namespace loom
