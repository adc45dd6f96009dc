#include "nodes/training/losses.h"

#include <ATen/ATen.h>

#include <cmath>

namespace loom {
namespace {

at::Tensor meanOfSample(const at::Tensor& elements) { return elements.flatten(1).mean(1); }

at::Tensor approximateCdf(const at::Tensor& x) {
  return 0.5 * (1 + at::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x.pow(3))));
}

}  // namespace

at::Tensor targetOf(PredictionKind kind, const at::Tensor& x0, const at::Tensor& noise, const at::Tensor& x_t,
                    const Schedule& schedule, const at::Tensor& t) {
  const at::Tensor& alpha_bar = schedule.alpha_bar;
  switch (kind) {
    case PredictionKind::epsilon:
      return noise;
    case PredictionKind::x0:
      return x0;
    case PredictionKind::x_prev:
      return posteriorMean(posteriorTables(schedule), x0, x_t, t);
    case PredictionKind::v:
      break;
  }
  return gathered(alpha_bar.sqrt(), t, x0.dim()) * noise - gathered((1 - alpha_bar).sqrt(), t, x0.dim()) * x0;
}

at::Tensor predictedX0(PredictionKind kind, const at::Tensor& prediction, const at::Tensor& x_t,
                       const Schedule& schedule, const at::Tensor& t) {
  const at::Tensor& alpha_bar = schedule.alpha_bar;
  const int64_t rank = x_t.dim();
  switch (kind) {
    case PredictionKind::epsilon:  // DDPM, eq. 15
      return gathered(alpha_bar.rsqrt(), t, rank) * x_t -
             gathered((1 / alpha_bar - 1).sqrt(), t, rank) * prediction;
    case PredictionKind::v:
      return gathered(alpha_bar.sqrt(), t, rank) * x_t -
             gathered((1 - alpha_bar).sqrt(), t, rank) * prediction;
    case PredictionKind::x_prev:
      throw Error("a net that predicts x_prev does not tell x_0");
    case PredictionKind::x0:
      break;
  }
  return prediction;
}

at::Tensor elementError(const at::Tensor& prediction, const at::Tensor& target, ErrorNorm norm) {
  const at::Tensor difference = prediction - target;
  return norm == ErrorNorm::l1 ? difference.abs() : difference.square();
}

at::Tensor minSnrWeight(PredictionKind kind, const Schedule& schedule, const at::Tensor& t, double gamma) {
  const at::Tensor snr = schedule.alpha_bar / (1 - schedule.alpha_bar);
  const at::Tensor least = snr.clamp_max(gamma);
  switch (kind) {
    // min(SNR, γ) / SNR, in a form that holds where the signal is gone.
    case PredictionKind::epsilon:
      return gathered((gamma / snr).clamp_max(1), t, 1);
    case PredictionKind::x0:
      return gathered(least, t, 1);
    case PredictionKind::v:
      return gathered(least / (snr + 1), t, 1);
    case PredictionKind::x_prev:
      break;
  }
  throw Error("min-SNR weighting is known for epsilon, x0 and v; choose one of them, or weighting none");
}

at::Tensor gaussianKl(const at::Tensor& mean1, const at::Tensor& logVar1, const at::Tensor& mean2,
                      const at::Tensor& logVar2) {
  return 0.5 *
         (-1 + logVar2 - logVar1 + (logVar1 - logVar2).exp() + (mean1 - mean2).square() * (-logVar2).exp());
}

at::Tensor discretisedNll(const at::Tensor& x0, const at::Tensor& mean, const at::Tensor& logVar) {
  const at::Tensor centred = x0 - mean, inverse = (-0.5 * logVar).exp();
  const at::Tensor above = approximateCdf(inverse * (centred + 1.0 / 255));
  const at::Tensor below = approximateCdf(inverse * (centred - 1.0 / 255));
  constexpr double least = 1e-12;
  const at::Tensor inner = (above - below).clamp_min(least).log();
  const at::Tensor log_p = at::where(x0 < -0.999, above.clamp_min(least).log(),
                                     at::where(x0 > 0.999, (1 - below).clamp_min(least).log(), inner));
  return -log_p;
}

at::Tensor learnedLogVariance(const at::Tensor& raw, const Schedule& schedule, const at::Tensor& t) {
  const at::Tensor most = gathered(schedule.beta.log(), t, raw.dim());
  const at::Tensor least = gathered(posteriorTables(schedule).log_variance_clipped, t, raw.dim());
  const at::Tensor frac = (raw + 1) / 2;
  return frac * most + (1 - frac) * least;
}

at::Tensor boundTerm(const at::Tensor& mean, const at::Tensor& logVar, const at::Tensor& x0,
                     const at::Tensor& x_t, const Schedule& schedule, const at::Tensor& t) {
  const at::Tensor trueMean = posteriorMean(posteriorTables(schedule), x0, x_t, t);
  const at::Tensor trueLogVar = gathered(posteriorTables(schedule).log_variance_clipped, t, x0.dim());
  const at::Tensor kl = meanOfSample(gaussianKl(trueMean, trueLogVar, mean, logVar));
  const at::Tensor nll = meanOfSample(discretisedNll(x0, mean, logVar));
  return at::where(t == 0, nll, kl) / std::log(2.0);
}

at::Tensor predictedMean(PredictionKind kind, const at::Tensor& prediction, const at::Tensor& x_t,
                         const Schedule& schedule, const at::Tensor& t) {
  if (kind == PredictionKind::x_prev) return prediction;
  return posteriorMean(posteriorTables(schedule), predictedX0(kind, prediction, x_t, schedule, t), x_t, t);
}

at::Tensor sampleLoss(const Prediction& prediction, const at::Tensor& x0, const at::Tensor& noise,
                      const at::Tensor& x_t, const Schedule& schedule, const at::Tensor& t,
                      const LossOptions& options, at::Tensor* elements) {
  const at::Tensor target = targetOf(options.kind, x0, noise, x_t, schedule, t);
  if (prediction.mean.sizes() != target.sizes())
    throw Error("the prediction is " + describe(prediction.mean) + ", the pictures are " + describe(target));
  const at::Tensor error = elementError(prediction.mean, target, options.norm);
  if (elements) *elements = error.detach();
  at::Tensor loss = meanOfSample(error);
  if (options.minSnrGamma > 0) loss = loss * minSnrWeight(options.kind, schedule, t, options.minSnrGamma);
  if (!prediction.variance.defined()) return loss;
  const at::Tensor mean = predictedMean(options.kind, prediction.mean.detach(), x_t, schedule, t);
  const at::Tensor logVar = learnedLogVariance(prediction.variance, schedule, t);
  return loss + options.boundWeight * boundTerm(mean, logVar, x0, x_t, schedule, t);
}

}  // namespace loom
