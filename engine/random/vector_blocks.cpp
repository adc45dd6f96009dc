#include "engine/random/vector_blocks.h"

#include <bit>
#include <cmath>

#include "engine/random/philox.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define LOOM_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define LOOM_WIDE
#endif

namespace loom {

namespace {
inline __attribute__((always_inline)) float logarithm(float u) {
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
}  // namespace

float logOfUniform(float u) { return logarithm(u); }

LOOM_WIDE void philoxBlocks(uint32_t* const word[4], const uint32_t key[2], int64_t count) {
  using namespace detail;
  uint32_t* __restrict__ w0 = word[0];
  uint32_t* __restrict__ w1 = word[1];
  uint32_t* __restrict__ w2 = word[2];
  uint32_t* __restrict__ w3 = word[3];
  for (int64_t i = 0; i < count; ++i) {
    uint32_t c0 = w0[i], c1 = w1[i], c2 = w2[i], c3 = w3[i], k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < kPhiloxRounds; ++round, k0 += kPhiloxW0, k1 += kPhiloxW1) {
      const uint64_t product0 = uint64_t{kPhiloxM0} * c0;
      const uint64_t product1 = uint64_t{kPhiloxM1} * c2;
      c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ k0;
      c1 = static_cast<uint32_t>(product1);
      c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ k1;
      c3 = static_cast<uint32_t>(product0);
    }
    w0[i] = c0;
    w1[i] = c1;
    w2[i] = c2;
    w3[i] = c3;
  }
}

LOOM_WIDE void boxMuller(const uint32_t* __restrict__ a, const uint32_t* __restrict__ b,
                         float* __restrict__ cosine, float* __restrict__ sine, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    // In halves, through a signed conversion, which every vector unit has.
    const float high = static_cast<float>(static_cast<int32_t>(a[i] >> 16));
    const float low = static_cast<float>(static_cast<int32_t>(a[i] & 0xFFFF));
    const float u = (high * 65536.0f + low) * 0x1p-32f + 0x1p-33f;
    const float radius = std::sqrt(-2.0f * logarithm(u));
    // The nearest quarter turn is taken off exactly, in integers; what is left is within an eighth of a turn.
    const uint32_t quarter = (b[i] + 0x20000000u) >> 30;
    const float x =
        static_cast<float>(static_cast<int32_t>(b[i] - (quarter << 30))) * (6.28318531f * 0x1p-32f);
    const float w = x * x;
    const float s = x + x * w * (-1 / 6.0f + w * (1 / 120.0f + w * (-1 / 5040.0f + w * (1 / 362880.0f))));
    const float c =
        1.0f + w * (-0.5f + w * (1 / 24.0f + w * (-1 / 720.0f + w * (1 / 40320.0f + w * (-1 / 3628800.0f)))));
    const bool odd = quarter & 1;
    const float c1 = odd ? s : c, s1 = odd ? c : s;
    // cos(x + qπ/2) is c, −s, −c, s and sin(x + qπ/2) is s, c, −s, −c for q = 0..3.
    cosine[i] = radius * ((quarter + 1) & 2 ? -c1 : c1);
    sine[i] = radius * (quarter & 2 ? -s1 : s1);
  }
}

}  // namespace loom
