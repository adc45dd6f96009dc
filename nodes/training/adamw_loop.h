#pragma once
// The inner loops of adamw.cpp, compiled for wide vectors where the processor has them.
#include <cstdint>

namespace loom {

struct AdamWCoefficients {
  float gradientScale, beta1, beta2, keep;  // keep = 1 − lr · weight decay
  float stepSize;                           // lr / (1 − β1^step)
  float inverseRoot;                        // 1 / √(1 − β2^step)
  float eps, emaDecay;
};
struct AdamWSpan {
  const float *weight, *first, *second, *average, *gradient;
  float *newWeight, *newFirst, *newSecond, *newAverage;  // may be the same as the old ones, or apart from all
};
void adamwLoop(const AdamWSpan& span, int64_t count, const AdamWCoefficients& c);

double sumOfSquares(const float* values, int64_t count);

}  // namespace loom
