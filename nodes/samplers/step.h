#pragma once
// One step of a sampler, x_t -> x_{t_next}, given x̂_0 (and ε̂). Free functions of float32 tensors on any
// device; noise z is unit Gaussian in the shape of x_t. Where a step adds none (the last) z may be undefined.
#include "nodes/kernels/fused_step.h"
#include "nodes/schedules/schedule.h"

namespace loom {

/// The variance of p(x_{t−1} | x_t).
enum class Variance {
  fixed_large,  // β (Ho et al., σ² = β_t); at the end that of the posterior's second step
  fixed_small,  // the posterior's β̃
  learned,      // the network gives the logarithm
  learned_range,  // the network gives v: log σ² = f log β + (1 − f) log β̃, f = (v + 1)/2 (Nichol & Dhariwal,
                  // eq. 15)
};

struct AncestralOptions {
  Variance variance = Variance::fixed_large;
  double temperature = 1;   // scales the noise (MAR)
  bool noiseAtEnd = false;  // a last step from t > 0 is noised too (diffusers' DDPMScheduler)
};

struct AncestralStep {
  at::Tensor x_prev;
  at::Tensor mean;          // of p(x_{t−1} | x_t)
  at::Tensor log_variance;  // [1, 1, 1, 1] where fixed, else the shape of x_t
};

/// x_{t−1} = mean + σ z with the posterior's mean (Ho et al., algorithm 2, eq. 7); steps left out are bridged
/// by β' = 1 − ᾱ_t/ᾱ_{t_next}, which makes it ermongroup/ddim's ddpm_steps and improved-diffusion's
/// respacing. `variance` is the network's raw part, for learned variances only.
AncestralStep ancestralStep(const at::Tensor& x_t, const at::Tensor& x0, const at::Tensor& variance,
                            const at::Tensor& z, const Schedule& schedule, const Timestep& step,
                            const AncestralOptions& options);
/// The end of a fused step: this one, for a variance that is a number. Throws Error on a learned one.
void setAncestral(FusedStep& form, const Schedule& schedule, const Timestep& step,
                  const AncestralOptions& options);
/// Whether that step needs z.
bool ancestralNeedsNoise(const Timestep& step, const AncestralOptions& options);

/// log σ² of the step: a number (fixed), or per element from the network's raw part.
at::Tensor logVariance(Variance kind, const at::Tensor& raw, const Schedule& schedule, const Timestep& step,
                       const at::TensorOptions& options);

enum class LastAlpha {
  one,    // ᾱ = 1 at the end (Song et al.; set_alpha_to_one)
  first,  // ᾱ_0 (LDM, Stable Diffusion)
};
struct DdimOptions {
  double eta = 0;  // 0: deterministic, 1: as much noise as ancestral sampling with β̃
  LastAlpha last = LastAlpha::one;
  double temperature = 1;
};

/// x_s = √ᾱ_s x_0 + √(1 − ᾱ_s − σ²) ε + σ z, σ = η √((1 − ᾱ_s)/(1 − ᾱ_t)) √(1 − ᾱ_t/ᾱ_s) (Song et al. 2021,
/// eq. 12, 16).
at::Tensor ddimStep(const at::Tensor& x0, const at::Tensor& epsilon, const at::Tensor& z,
                    const Schedule& schedule, const Timestep& step, const DdimOptions& options);
/// The end of a fused step: this one.
void setDdim(FusedStep& form, const Schedule& schedule, const Timestep& step, const DdimOptions& options);
/// σ of that step; 0 means z is not needed.
double ddimSigma(const Schedule& schedule, const Timestep& step, const DdimOptions& options);

}  // namespace loom
