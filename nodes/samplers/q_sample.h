#pragma once
// The forward process and its posterior with a timestep a sample, as training needs them. Tables are float64
// and are rounded to float32 when gathered, as upstream does. Differentiable in the tensors.
#include "nodes/schedules/schedule.h"

namespace loom {

/// table[t] for t int64 [B] -> float32 [B, 1, 1, …] to multiply tensors of rank `rank` with, on the device of
/// t.
at::Tensor gathered(const at::Tensor& table, const at::Tensor& t, int64_t rank);

/// x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε (Ho et al., eq. 4); t int64 [B] inside the schedule, else Error.
at::Tensor qSample(const Schedule& schedule, const at::Tensor& x0, const at::Tensor& t,
                   const at::Tensor& epsilon);

/// Tables float64 [T] of the posterior q(x_{t−1} | x_t, x_0) for the whole schedule.
struct PosteriorTables {
  at::Tensor fromX0, fromXt;  // eq. 7
  at::Tensor variance;
  at::Tensor log_variance_clipped;  // entry 0 is that of 1
};
PosteriorTables posteriorTables(const Schedule& schedule);

/// The posterior's mean with a timestep a sample.
at::Tensor posteriorMean(const PosteriorTables& tables, const at::Tensor& x0, const at::Tensor& x_t,
                         const at::Tensor& t);

}  // namespace loom
