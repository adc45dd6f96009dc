#include "nodes/training/learning_rate.h"

#include <algorithm>
#include <cmath>

namespace loom {

double LearningRate::at(int64_t step) const {
  if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (decay == Decay::constant || total <= warmup) return peak;
  const double done =
      std::clamp(static_cast<double>(step - warmup) / static_cast<double>(total - warmup), 0.0, 1.0);
  const double left = decay == Decay::linear ? 1 - done : 0.5 * (1 + std::cos(M_PI * done));
  return peak * (floor + (1 - floor) * left);
}

double warmedUpDecay(double decay, int64_t step) {
  return std::min(decay, (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step)));
}

}  // namespace loom
