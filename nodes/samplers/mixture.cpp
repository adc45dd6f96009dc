#include "nodes/samplers/mixture.h"

#include <ATen/ATen.h>

#include <cmath>

namespace loom {

at::Tensor Mixture::denoised(const at::Tensor& y, const at::Tensor& sigma) const {
  const double d = static_cast<double>(y.size(1));
  const at::Tensor noise = sigma * sigma;
  std::vector<at::Tensor> logits, guesses;
  for (size_t k = 0; k < pi.size(); ++k) {
    const at::Tensor mean = mu[static_cast<int64_t>(k)], variance = noise + s[k] * s[k];
    // log of π_k N(y; μ_k, (s_k² + σ²) I), and E[x_0 | y, k].
    logits.push_back(std::log(pi[k]) - (y - mean).square().sum(1, true) / (2 * variance) -
                     d / 2 * variance.log());
    guesses.push_back((y * (s[k] * s[k]) + mean * noise) / variance);
  }
  const at::Tensor weights = at::softmax(at::cat(logits, 1), 1);
  at::Tensor x0 = at::zeros_like(y);
  for (size_t k = 0; k < pi.size(); ++k)
    x0 = x0 + weights.slice(1, static_cast<int64_t>(k), static_cast<int64_t>(k) + 1) * guesses[k];
  return x0;
}

at::Tensor MixtureNet::embedTime(const at::Tensor& t) const { return t.to(at::kFloat).unsqueeze(1); }

at::Tensor MixtureNet::forward(const at::Tensor& x, const at::Tensor& embedding, Mode) const {
  std::vector<double> sigmas;
  const at::Tensor steps = embedding.to(at::kCPU, at::kDouble).flatten();
  for (int64_t i = 0; i < steps.size(0); ++i) {
    const double bar = alphaBar(schedule_, std::llround(steps[i].item<double>()));
    sigmas.push_back(bar == 0 ? 1e6 : std::sqrt((1 - bar) / bar));
  }
  const at::Tensor wide = x.to(at::kCPU, at::kDouble).flatten(1);
  const at::Tensor sigma = at::tensor(sigmas, at::kDouble).unsqueeze(1), alpha = (sigma * sigma + 1).rsqrt();
  const at::Tensor x0 = mixture_.denoised(wide / alpha, sigma),
                   epsilon = (wide - alpha * x0) / (alpha * sigma);
  const at::Tensor answer = kind_ == PredictionKind::v    ? alpha * epsilon - alpha * sigma * x0
                            : kind_ == PredictionKind::x0 ? x0
                                                          : epsilon;
  return answer.to(x.device(), x.scalar_type()).reshape_as(x);
}

std::string MixtureNet::describe() const {
  return "mixture of " + std::to_string(mixture_.pi.size()) + " Gaussians in " + std::to_string(channels()) +
         " dimensions, in closed form";
}

}  // namespace loom
