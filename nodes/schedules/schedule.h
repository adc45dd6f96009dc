#pragma once
// How noise grows with t: making the tables of a Schedule, and the coefficients of one step of it. Free
// functions on double; nothing here knows a network. ᾱ(−1) = 1 throughout: before the first step there is the
// picture itself.
#include <cstdint>

#include "nodes/types/types.h"

namespace loom {

enum class ScheduleKind {
  linear,         // β linear (Ho et al. 2020; LDM calls it sqrt_linear)
  scaled_linear,  // √β linear (diffusers' name; LDM calls it linear, Ho et al. quad)
  cosine,         // Nichol & Dhariwal 2021, eq. 17, β ≤ 0.999
  sqrt,           // β the root of a linear ramp (LDM)
  constant,       // β = beta_end
  jsd,            // β = 1/T, 1/(T−1), …, 1
  sigmoid,        // β a sigmoid over [−6, 6] (ermongroup/ddim)
};

/// In which precision upstream made its tables. Parity needs it; to the eye they are the same.
enum class SchedulePrecision {
  float64,
  float32_beta,  // β as a float32 ramp, then double (w86763777/pytorch-ddpm)
  float32,       // β rounded to float32, ᾱ a float32 product (ermongroup/ddim, diffusers)
};

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::linear;
  int64_t steps = 1000;
  double betaStart = 1e-4;
  double betaEnd = 0.02;
  double cosineS = 0.008;
  double vPosterior = 0;
  SchedulePrecision precision = SchedulePrecision::float64;
  bool zeroTerminalSnr = false;  // Lin et al. 2024, algorithm 1: √ᾱ shifted and scaled until ᾱ_T = 0
};
Schedule makeSchedule(const ScheduleOptions& options);

/// From β [T], each in [0, 1]; of the precisions float32 alone differs: ᾱ is then a product of float32.
/// Throws Error on anything else.
Schedule scheduleFromBetas(const at::Tensor& beta, double vPosterior = 0,
                           SchedulePrecision precision = SchedulePrecision::float64);

/// The schedule over a subsequence alone, β'_i = 1 − ᾱ_{t_i} / ᾱ_{t_{i−1}} (Nichol & Dhariwal 2021, sec. 4):
/// its step i is timesteps.t[S − 1 − i] of the original, where ᾱ agree.
Schedule respaced(const Schedule& schedule, const Timesteps& timesteps);

/// ᾱ_t; 1 for t = −1. Throws Error where the schedule has no such step.
double alphaBar(const Schedule& schedule, int64_t t);

/// q(x_s | x_t, x_0) = N(fromX0 x_0 + fromXt x_t, variance) for s = t_next < t (Ho et al., eq. 6–7, with
/// β' = 1 − ᾱ_t / ᾱ_s where steps are left out).
struct Posterior {
  double beta = 0;      // β'
  double fromX0 = 0;    // √ᾱ_s β' / (1 − ᾱ_t)
  double fromXt = 0;    // √(1 − β') (1 − ᾱ_s) / (1 − ᾱ_t)
  double variance = 0;  // β' (1 − ᾱ_s) / (1 − ᾱ_t), with v_posterior
};
Posterior posterior(const Schedule& schedule, const Timestep& step);

/// Its logarithm as samplers use it: where the variance is 0, at the last step, that of the step before (or
/// 1e-20 where there is none).
double posteriorLogVarianceClipped(const Schedule& schedule, const Timestep& step);

}  // namespace loom
