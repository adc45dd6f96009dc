#pragma once
// A denoiser in closed form: x_0 is a mixture of Gaussians, of which the best guess given x_t is known
// exactly. For testing samplers: what a sampler gets wrong is then its own. Data are [B, d, 1, 1].
#include <vector>

#include "nodes/schedules/schedule.h"

namespace loom {

struct Mixture {
  std::vector<double> pi, s;  // weights, adding up to 1, and standard deviations, [K]
  at::Tensor mu;              // float64 [K, d]

  /// E[x_0 | x_0 + σ n = y], y float64 [B, d], σ float64 [B, 1] or [1, 1].
  at::Tensor denoised(const at::Tensor& y, const at::Tensor& sigma) const;
};

/// Answers as a network of this kind (ε, x_0 or v) would that has learned the mixture without error. Works in
/// float64; where ᾱ = 0, σ counts as 1e6.
class MixtureNet final : public DenoiserNet {
 public:
  MixtureNet(Mixture mixture, Schedule schedule, PredictionKind kind)
      : mixture_(std::move(mixture)), schedule_(std::move(schedule)), kind_(kind) {}

  const Parameters& parameters() const override { return none_; }
  std::shared_ptr<const DenoiserNet> withParameters(Parameters) const override {
    return std::make_shared<MixtureNet>(mixture_, schedule_, kind_);
  }
  at::Tensor embedTime(const at::Tensor& t) const override;
  at::Tensor forward(const at::Tensor& x, const at::Tensor& embedding, Mode) const override;
  int64_t channels() const override { return mixture_.mu.size(1); }
  int64_t outChannels() const override { return channels(); }
  std::string describe() const override;

 private:
  Mixture mixture_;
  Schedule schedule_;
  PredictionKind kind_;
  Parameters none_;
};

}  // namespace loom
