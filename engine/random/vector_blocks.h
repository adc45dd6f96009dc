#pragma once
// The inner loops of the random streams, many blocks at once, compiled for wide vectors where the processor
// has them. Plain float32 arithmetic, multiply and add never joined, no library functions: the bytes are the
// same on every machine.
#include <cstdint>

namespace loom {

/// Philox rounds over `count` counters, in place: word[k][i] is word k of counter i.
void philoxBlocks(uint32_t* const word[4], const uint32_t key[2], int64_t count);

/// ln(u) for u in [2^-33, 1]. Error below 1.3e-7 relative to max(|ln u|, 1).
float logOfUniform(float u);

/// Box and Muller, 1958. Words (a, b) to (R cos 2πv, R sin 2πv), R = √(−2 ln u), u = a 2^-32 + 2^-33, v = b
/// 2^-32; `count` of each.
void boxMuller(const uint32_t* a, const uint32_t* b, float* cosine, float* sine, int64_t count);

}  // namespace loom
