#include "engine/random/vector_blocks.h"

#include "engine/random/unit_normal.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define LOOM_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define LOOM_WIDE
#endif

namespace loom {

float logOfUniform(float u) { return unitLogarithm(u); }

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
    const NormalPair pair = normalPair(a[i], b[i]);
    cosine[i] = pair.cosine;
    sine[i] = pair.sine;
  }
}

}  // namespace loom
