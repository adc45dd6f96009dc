#include "nodes/samplers/step.h"

#include <algorithm>
#include <cmath>

namespace loom {

namespace {

void checkShape(const char* name, const at::Tensor& tensor, const at::Tensor& like) {
  if (!tensor.defined() || !tensor.sizes().equals(like.sizes()))
    throw Error(std::string(name) + " is " + describe(tensor) + "; this step needs the shape of x_t, " +
                describe(like) + ".");
}

double endAlphaBar(const Schedule& schedule, const Timestep& step, LastAlpha last) {
  return alphaBar(schedule, step.t_next < 0 && last == LastAlpha::first ? 0 : step.t_next);
}

/// log σ² of the variances that are numbers. `noised`: the step adds noise though it is the last.
double fixedLogVariance(Variance kind, const Schedule& schedule, const Timestep& step, bool noised) {
  const double clipped = posteriorLogVarianceClipped(schedule, step);
  if (kind == Variance::fixed_small) return clipped;
  // β', but at the end the posterior's second step (Ho et al.: "to get a better decoder log likelihood").
  const Posterior p = posterior(schedule, step);
  const bool end = step.t_next < 0 && !noised && p.variance == 0 && clipped > std::log(1e-20);
  return end ? clipped : std::log(std::max(p.beta, 1e-20));
}

bool isLearned(Variance kind) { return kind == Variance::learned || kind == Variance::learned_range; }

Weights2 weights(double first, double second) {
  return {static_cast<float>(first), static_cast<float>(second)};
}

}  // namespace

bool ancestralNeedsNoise(const Timestep& step, const AncestralOptions& options) {
  if (options.temperature == 0) return false;
  return step.t_next >= 0 || (options.noiseAtEnd && step.t > 0);
}

at::Tensor logVariance(Variance kind, const at::Tensor& raw, const Schedule& schedule, const Timestep& step,
                       const at::TensorOptions& options) {
  if (!isLearned(kind)) return at::full({1, 1, 1, 1}, fixedLogVariance(kind, schedule, step, false), options);
  if (kind == Variance::learned) return raw;
  const double low = posteriorLogVarianceClipped(schedule, step);
  const double high = std::log(std::max(posterior(schedule, step).beta, 1e-20));
  // f high + (1 − f) low with f = (v + 1)/2.
  return (raw * ((high - low) / 2)).add_((high + low) / 2);
}

void setAncestral(FusedStep& form, const Schedule& schedule, const Timestep& step,
                  const AncestralOptions& options) {
  if (isLearned(options.variance))
    throw Error("A fused step has a variance that is a number, not a learned one.");
  const Posterior p = posterior(schedule, step);
  form.next = NextSource::from_x_t;
  form.toNext = weights(p.fromX0, p.fromXt);
  form.noise = 0;
  if (!ancestralNeedsNoise(step, options)) return;
  const double log_variance = fixedLogVariance(options.variance, schedule, step, step.t_next < 0);
  form.noise = static_cast<float>(std::exp(0.5 * log_variance) * options.temperature);
}

AncestralStep ancestralStep(const at::Tensor& x_t, const at::Tensor& x0, const at::Tensor& variance,
                            const at::Tensor& z, const Schedule& schedule, const Timestep& step,
                            const AncestralOptions& options) {
  checkShape("x_0", x0, x_t);
  const bool learned = isLearned(options.variance);
  if (learned && !variance.defined())
    throw Error(
        "This denoiser learned no variance: choose fixed_large or fixed_small, or link a prediction that has "
        "one.");
  if (learned) checkShape("The learned variance", variance, x_t);

  const Posterior p = posterior(schedule, step);
  AncestralStep result;
  const bool noisy = ancestralNeedsNoise(step, options);
  if (noisy) checkShape("The noise", z, x_t);
  const auto fixed = [&] {
    return fixedLogVariance(options.variance, schedule, step, noisy && step.t_next < 0);
  };
  const FusedInputs inputs{.x_t = x_t, .x0 = x0, .z = noisy ? z : at::Tensor()};
  if (!learned && fusedStepApplies(inputs)) {
    FusedStep form;
    setAncestral(form, schedule, step, options);
    const FusedOutputs made = fusedStep(form, inputs, {.mean = true, .x_prev = noisy});
    return {noisy ? made.x_prev : made.mean, made.mean, at::full({1, 1, 1, 1}, fixed(), x_t.options())};
  }
  result.mean = (x0 * p.fromX0).add_(x_t, p.fromXt);
  if (learned) {
    result.log_variance = logVariance(options.variance, variance, schedule, step, x_t.options());
    result.x_prev = noisy
                        ? at::addcmul(result.mean, (result.log_variance * 0.5).exp_(), z, options.temperature)
                        : result.mean;
    return result;
  }
  const double log_variance = fixed();
  result.log_variance = at::full({1, 1, 1, 1}, log_variance, x_t.options());
  result.x_prev =
      noisy ? at::add(result.mean, z, std::exp(0.5 * log_variance) * options.temperature) : result.mean;
  return result;
}

double ddimSigma(const Schedule& schedule, const Timestep& step, const DdimOptions& options) {
  if (options.eta == 0) return 0;
  const double bar_t = alphaBar(schedule, step.t), bar_s = endAlphaBar(schedule, step, options.last);
  // Where LDM ends at ᾱ_0 its last step may go from t = 0 to itself, of variance 0; rounding must not make it
  // NaN.
  const double variance = (1 - bar_s) / (1 - bar_t) * std::max(1 - bar_t / bar_s, 0.0);
  return options.eta * std::sqrt(variance);
}

void setDdim(FusedStep& form, const Schedule& schedule, const Timestep& step, const DdimOptions& options) {
  const double bar_s = endAlphaBar(schedule, step, options.last);
  const double sigma = ddimSigma(schedule, step, options);
  form.next = NextSource::from_epsilon;
  form.toNext = weights(std::sqrt(bar_s), std::sqrt(std::max(1 - bar_s - sigma * sigma, 0.0)));
  form.noise = static_cast<float>(sigma * options.temperature);
}

at::Tensor ddimStep(const at::Tensor& x0, const at::Tensor& epsilon, const at::Tensor& z,
                    const Schedule& schedule, const Timestep& step, const DdimOptions& options) {
  checkShape("ε", epsilon, x0);
  const double bar_s = endAlphaBar(schedule, step, options.last);
  const double sigma = ddimSigma(schedule, step, options);
  const double direction = std::sqrt(std::max(1 - bar_s - sigma * sigma, 0.0));
  const bool noisy = sigma * options.temperature != 0;
  if (noisy) checkShape("The noise", z, x0);
  const FusedInputs inputs{.x0 = x0, .epsilon = epsilon, .z = noisy ? z : at::Tensor()};
  if (fusedStepApplies(inputs)) {
    FusedStep form{.epsilon = EpsilonSource::given};
    setDdim(form, schedule, step, options);
    return fusedStep(form, inputs, {.x_prev = true}).x_prev;
  }
  at::Tensor x = (x0 * std::sqrt(bar_s)).add_(epsilon, direction);
  if (!noisy) return x;
  return x.add_(z, sigma * options.temperature);
}

}  // namespace loom
