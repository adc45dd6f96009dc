#pragma once
// How the learning rate and the average's memory change over a training. Pure functions of the step.
#include <cstdint>

namespace loom {

enum class Decay { constant, linear, cosine };

struct LearningRate {
  double peak = 2e-4;
  int64_t warmup = 0;  // steps over which it rises linearly from peak / warmup
  Decay decay = Decay::constant;
  int64_t total = 0;  // the step at which decay ends; needed for linear and cosine
  double floor = 0;   // fraction of peak that decay ends at
  /// Of step number `step`, from 0.
  double at(int64_t step) const;
};

/// The average's decay at step number `step`, from 0: min(decay, (1 + step) / (10 + step)), so that early
/// weights are soon forgotten (as TensorFlow's ExponentialMovingAverage with num_updates).
double warmedUpDecay(double decay, int64_t step);

}  // namespace loom
