#include "nodes/training/adamw_loop.h"

#include <cmath>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define LOOM_WIDE __attribute__((target_clones("avx2,fma", "default")))
#else
#define LOOM_WIDE
#endif

namespace loom {

LOOM_WIDE void adamwLoop(const AdamWSpan& s, int64_t count, const AdamWCoefficients& c) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; ++i) {
    const float g = s.gradient[i] * c.gradientScale;
    const float m = c.beta1 * s.first[i] + (1 - c.beta1) * g;
    const float v = c.beta2 * s.second[i] + (1 - c.beta2) * g * g;
    const float w = s.weight[i] * c.keep - c.stepSize * m / (std::sqrt(v) * c.inverseRoot + c.eps);
    s.newAverage[i] = c.emaDecay * s.average[i] + (1 - c.emaDecay) * w;
    s.newFirst[i] = m;
    s.newSecond[i] = v;
    s.newWeight[i] = w;
  }
}

LOOM_WIDE double sumOfSquares(const float* values, int64_t count) {
  constexpr int kLanes = 8;  // sums side by side: a fixed order, whatever the vector width
  double sums[kLanes] = {};
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t i = 0; i < whole; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane)
      sums[lane] += static_cast<double>(values[i + lane]) * static_cast<double>(values[i + lane]);
  double total = 0;
  for (const double sum : sums) total += sum;
  for (int64_t i = whole; i < count; ++i)
    total += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return total;
}

}  // namespace loom
