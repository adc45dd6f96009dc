#include "nodes/samplers/predict.h"

#include <cmath>

namespace loom {

namespace {

/// a x + b y, in two passes and one allocation.
at::Tensor combined(const at::Tensor& x, double a, const at::Tensor& y, double b) {
  return (x * a).add_(y, b);
}

at::Tensor epsilonOf(const at::Tensor& x_t, const at::Tensor& x0, double bar) {
  // At ᾱ = 1 there is no noise to tell.
  if (bar >= 1) return at::zeros_like(x_t);
  const double noise = std::sqrt(1 - bar);
  return combined(x_t, 1 / noise, x0, -std::sqrt(bar) / noise);
}

Weights2 weights(double first, double second) {
  return {static_cast<float>(first), static_cast<float>(second)};
}

void refuseUndetermined(double bar, const Timestep& step, const PredictOptions& options) {
  if (bar == 0 && options.kind == PredictionKind::epsilon)
    throw Error("At t = " + std::to_string(step.t) +
                " nothing of x_0 is left (ᾱ = 0), so ε does not tell it. A schedule "
                "with zero terminal SNR needs a model that predicts v or x_0.");
}

X0Epsilon inOnePass(const FusedStep& form, const FusedInputs& inputs) {
  // What the network said as it stands is no work at all.
  const bool sameX0 = form.x0 == X0Source::output && form.clip == 0;
  const bool sameEpsilon = form.epsilon == EpsilonSource::output;
  const FusedOutputs made = fusedStep(form, inputs, {.x0 = !sameX0, .epsilon = !sameEpsilon});
  return {sameX0 ? inputs.output : made.x0, sameEpsilon ? inputs.output : made.epsilon};
}

}  // namespace

FusedStep predictForm(const Schedule& schedule, const Timestep& step, const PredictOptions& options) {
  const double bar = alphaBar(schedule, step.t), signal = std::sqrt(bar), noise = std::sqrt(1 - bar);
  refuseUndetermined(bar, step, options);
  FusedStep form;
  form.clip = static_cast<float>(options.clip);
  switch (options.kind) {
    case PredictionKind::epsilon:
      form.x0 = X0Source::from_x_t;
      form.toX0 = weights(1 / signal, -std::sqrt(1 / bar - 1));
      form.epsilon = EpsilonSource::output;
      break;
    case PredictionKind::x0:
      form.x0 = X0Source::output;
      break;
    case PredictionKind::x_prev: {
      const Posterior p = posterior(schedule, step);
      form.x0 = X0Source::from_output;
      form.toX0 = weights(1 / p.fromX0, -p.fromXt / p.fromX0);
      break;
    }
    case PredictionKind::v:
      form.x0 = X0Source::from_x_t;
      form.toX0 = weights(signal, -noise);
      form.epsilon = EpsilonSource::from_output;
      form.toEpsilon = weights(signal, noise);
      break;
  }
  const bool late = options.epsilon == EpsilonFrom::x0 && options.clip > 0;
  if (late || form.epsilon == EpsilonSource::none) {
    form.epsilon = bar >= 1 ? EpsilonSource::zero
                   : late   ? EpsilonSource::from_clipped_x0
                            : EpsilonSource::from_x0;
    form.toEpsilon = bar >= 1 ? Weights2{} : weights(1 / noise, -signal / noise);
  }
  return form;
}

X0Epsilon predictX0(const at::Tensor& output, const at::Tensor& x_t, const Schedule& schedule,
                    const Timestep& step, const PredictOptions& options) {
  if (!output.sizes().equals(x_t.sizes()))
    throw Error(
        "The prediction " + describe(output) + " and x_t " + describe(x_t) +
        " must have the same shape; where the network also learned the variance, split it off first.");
  const double bar = alphaBar(schedule, step.t), signal = std::sqrt(bar), noise = std::sqrt(1 - bar);
  refuseUndetermined(bar, step, options);
  if (const FusedInputs inputs{.output = output, .x_t = x_t}; fusedStepApplies(inputs))
    return inOnePass(predictForm(schedule, step, options), inputs);

  X0Epsilon result;
  switch (options.kind) {
    case PredictionKind::epsilon:
      result.x0 = combined(x_t, 1 / signal, output, -std::sqrt(1 / bar - 1));
      result.epsilon = output;
      break;
    case PredictionKind::x0:
      result.x0 = output;
      break;
    case PredictionKind::x_prev: {
      const Posterior p = posterior(schedule, step);
      result.x0 = combined(output, 1 / p.fromX0, x_t, -p.fromXt / p.fromX0);
      break;
    }
    case PredictionKind::v:
      result.x0 = combined(x_t, signal, output, -noise);
      result.epsilon = combined(output, signal, x_t, noise);
      break;
  }
  const bool late = options.epsilon == EpsilonFrom::x0 && options.clip > 0;
  if (!late && !result.epsilon.defined()) result.epsilon = epsilonOf(x_t, result.x0, bar);
  if (options.clip > 0) result.x0 = result.x0.clamp(-options.clip, options.clip);
  if (late) result.epsilon = epsilonOf(x_t, result.x0, bar);
  return result;
}

}  // namespace loom
