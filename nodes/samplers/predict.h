#pragma once
// From a denoiser's output to x_0 and ε. Free functions of tensors [B, C, H, W] float32 on any device; all
// samples are at the same step, whose coefficients are computed in double and applied in float32.
#include "nodes/kernels/fused_step.h"
#include "nodes/schedules/schedule.h"

namespace loom {

/// Which ε goes with a clipped x_0.
enum class EpsilonFrom {
  prediction,  // what the network said (ermongroup/ddim, diffusers)
  x0,  // (x_t − √ᾱ x_0) / √(1 − ᾱ), from the clipped x_0 (diffusers' use_clipped_model_output)
};

struct PredictOptions {
  PredictionKind kind = PredictionKind::epsilon;
  double clip = 0;  // x_0 is kept in [−clip, clip]; 0: as it comes
  EpsilonFrom epsilon = EpsilonFrom::prediction;
};

struct X0Epsilon {
  at::Tensor x0, epsilon;
};

/// x_t = √ᾱ x_0 + √(1 − ᾱ) ε (Ho et al., eq. 4), solved for x_0 and ε:
///   epsilon  x_0 = (x_t − √(1 − ᾱ) ε) / √ᾱ
///   x0       ε = (x_t − √ᾱ x_0) / √(1 − ᾱ)
///   x_prev   x_0 = (x_prev − fromXt x_t) / fromX0, of the posterior (eq. 7)
///   v        x_0 = √ᾱ x_t − √(1 − ᾱ) v, ε = √ᾱ v + √(1 − ᾱ) x_t (Salimans & Ho 2022, appendix D)
/// Throws Error where shapes differ, or where ᾱ = 0 leaves x_0 undetermined (ε at zero terminal SNR).
X0Epsilon predictX0(const at::Tensor& output, const at::Tensor& x_t, const Schedule& schedule,
                    const Timestep& step, const PredictOptions& options);

/// The same as the beginning of a fused step, which gives x̂_0 and ε̂ as wanted, and on from there what
/// setDdim or setAncestral add. Throws as predictX0 does.
FusedStep predictForm(const Schedule& schedule, const Timestep& step, const PredictOptions& options);

}  // namespace loom
