#pragma once
// What a denoiser is trained to do, as free functions of tensors: targets, errors, weights and the
// variational bound; the forward process is in nodes/samplers/q_sample.h. Pictures are float32 [B, C, H, W],
// t int64 [B] on the same device, results differentiable in the prediction. DDPM is Ho et al. 2020; IDDPM is
// Nichol & Dhariwal 2021.
#include "nodes/samplers/q_sample.h"

namespace loom {

/// What a net of this kind should answer: ε; x_0; v = √ᾱ_t ε − √(1 − ᾱ_t) x_0 (Salimans & Ho 2022, eq. 9
/// ff.); x_prev: the mean of q(x_{t−1} | x_t, x_0) (DDPM, eq. 7).
at::Tensor targetOf(PredictionKind kind, const at::Tensor& x0, const at::Tensor& noise, const at::Tensor& x_t,
                    const Schedule& schedule, const at::Tensor& t);

/// x_0 from a prediction of any kind, without clipping.
at::Tensor predictedX0(PredictionKind kind, const at::Tensor& prediction, const at::Tensor& x_t,
                       const Schedule& schedule, const at::Tensor& t);

/// (p − y)², or |p − y|, for each element.
enum class ErrorNorm { l2, l1 };
at::Tensor elementError(const at::Tensor& prediction, const at::Tensor& target, ErrorNorm norm);

/// Weights [B] of the squared errors, so that x_0's error is weighted by min(SNR, γ) whatever the net
/// predicts (Hang et al. 2023, "Efficient diffusion training via min-SNR weighting", sec. 3.4); SNR = ᾱ_t /
/// (1 − ᾱ_t). Kinds ε, x_0 and v; throws Error for x_prev.
at::Tensor minSnrWeight(PredictionKind kind, const Schedule& schedule, const at::Tensor& t, double gamma);

/// KL(N(m1, exp l1) ‖ N(m2, exp l2)) for each element, in nats.
at::Tensor gaussianKl(const at::Tensor& mean1, const at::Tensor& logVar1, const at::Tensor& mean2,
                      const at::Tensor& logVar2);

/// −log p(x_0) for each element, in nats, of 8-bit pictures scaled to [−1, 1]: the mass of N(mean, exp
/// logVar) in the bin of width 2/255 around x_0, its outer bins open (DDPM, eq. 13). As in the authors' code
/// the normal distribution's integral is approximated by a tanh (error below 2e-4).
at::Tensor discretisedNll(const at::Tensor& x0, const at::Tensor& mean, const at::Tensor& logVar);

/// log σ² of a learned variance: frac log β_t + (1 − frac) log β̃_t, frac = (raw + 1) / 2 (IDDPM, eq. 15).
at::Tensor learnedLogVariance(const at::Tensor& raw, const Schedule& schedule, const at::Tensor& t);

/// One term of the variational bound for each sample [B], bits per dimension: L_{t−1}, and for t = 0 the
/// decoder's −log p(x_0) (IDDPM, eq. 4–6). `mean` is the mean of p(x_{t−1} | x_t).
at::Tensor boundTerm(const at::Tensor& mean, const at::Tensor& logVar, const at::Tensor& x0,
                     const at::Tensor& x_t, const Schedule& schedule, const at::Tensor& t);

/// The mean of p(x_{t−1} | x_t) that a prediction stands for.
at::Tensor predictedMean(PredictionKind kind, const at::Tensor& prediction, const at::Tensor& x_t,
                         const Schedule& schedule, const at::Tensor& t);

struct LossOptions {
  PredictionKind kind = PredictionKind::epsilon;
  ErrorNorm norm = ErrorNorm::l2;
  double minSnrGamma = 0;  // 0: all timesteps count alike (L_simple)
  double boundWeight =
      1;  // of the bound, where the variance is learned: L_hybrid (IDDPM, eq. 16); there 0.001
};

/// L_simple or its weighted form for each sample [B], plus the bound where the prediction has a variance;
/// through the bound only the variance is trained, the mean is taken as given. `elements` gets the error of
/// every value, before weights and bound.
at::Tensor sampleLoss(const Prediction& prediction, const at::Tensor& x0, const at::Tensor& noise,
                      const at::Tensor& x_t, const Schedule& schedule, const at::Tensor& t,
                      const LossOptions& options, at::Tensor* elements = nullptr);

}  // namespace loom
