#pragma once
// A denoiser in closed form: x_0 is a mixture of Gaussians, of which the best guess given x_t is known
// exactly. Its data are [B, d, 1, 1]; "networks" of kind ε, x_0 and v are made of it.
#include <ATen/ATen.h>

#include <cmath>

#include "nodes/schedules/schedule.h"

namespace loom::test {

struct Mixture {
  std::vector<double> pi, s;
  at::Tensor mu;  // float64 [K, d]

  /// E[x_0 | x_0 + σ n = y], y float64 [B, d].
  at::Tensor denoised(const at::Tensor& y, double sigma) const {
    const double d = static_cast<double>(y.size(1));
    std::vector<at::Tensor> logits, guesses;
    for (int64_t k = 0; k < static_cast<int64_t>(pi.size()); ++k) {
      const double own = s[static_cast<size_t>(k)], variance = own * own + sigma * sigma;
      const at::Tensor away = y - mu[k];
      logits.push_back(std::log(pi[static_cast<size_t>(k)]) - (away * away).sum(1, true) / (2 * variance) -
                       d / 2 * std::log(variance));
      guesses.push_back((y * (own * own) + mu[k] * (sigma * sigma)) / variance);
    }
    const at::Tensor weights = at::softmax(at::cat(logits, 1), 1);
    at::Tensor x0 = at::zeros_like(y);
    for (int64_t k = 0; k < static_cast<int64_t>(pi.size()); ++k)
      x0 = x0 + weights.slice(1, k, k + 1) * guesses[static_cast<size_t>(k)];
    return x0;
  }
};

class MixtureNet final : public DenoiserNet {
 public:
  MixtureNet(Mixture mixture, Schedule schedule, PredictionKind kind)
      : mixture_(std::move(mixture)), schedule_(std::move(schedule)), kind_(kind) {}

  const Parameters& parameters() const override { return none_; }
  std::shared_ptr<const DenoiserNet> withParameters(Parameters) const override {
    return std::make_shared<MixtureNet>(mixture_, schedule_, kind_);
  }
  at::Tensor embedTime(const at::Tensor& t) const override { return t.to(at::kFloat).unsqueeze(1); }
  at::Tensor forward(const at::Tensor& x, const at::Tensor& embedding, Mode) const override {
    const double bar = alphaBar(schedule_, embedding[0][0].item<int64_t>());
    // At ᾱ = 0 the reference took σ as 1e6.
    const double sigma = bar == 0 ? 1e6 : std::sqrt((1 - bar) / bar),
                 alpha = 1 / std::sqrt(sigma * sigma + 1);
    const at::Tensor wide = x.to(at::kDouble).flatten(1);
    const at::Tensor x0 = mixture_.denoised(wide / alpha, sigma),
                     epsilon = (wide - alpha * x0) / (alpha * sigma);
    const at::Tensor answer = kind_ == PredictionKind::v    ? alpha * epsilon - alpha * sigma * x0
                              : kind_ == PredictionKind::x0 ? x0
                                                            : epsilon;
    return answer.to(x.scalar_type()).reshape_as(x);
  }
  int64_t channels() const override { return mixture_.mu.size(1); }
  int64_t outChannels() const override { return channels(); }
  std::string describe() const override { return "Gaussian mixture in closed form"; }

 private:
  Mixture mixture_;
  Schedule schedule_;
  PredictionKind kind_;
  Parameters none_;
};

}  // namespace loom::test
