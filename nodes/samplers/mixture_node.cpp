// denoiser.mixture: a denoiser whose answers are exact, to test samplers with.
#include <ATen/ATen.h>

#include <cmath>

#include "engine/node/exec.h"
#include "nodes/samplers/mixture.h"

namespace loom {
namespace {

constexpr In<Schedule> schedule{"schedule", "Noise schedule; says how noisy x_t is"};
constexpr In<Numbers> weights{
    "weights", "Share of each Gaussian, adding up to 1, [K]", {.value = {1}, .count = 1}};
constexpr In<Numbers> means{"means",
                            "Their means one after another, [K d]; d is how many channels x_t has",
                            {.value = {0}, .count = 1}};
constexpr In<Numbers> deviations{"deviations", "Standard deviation of each, [K]", {.value = {1}, .count = 1}};
constexpr In<Choice> kind{"kind", "What it answers with", {.value = 0, .names = {"epsilon", "x0", "v"}}};
constexpr Out<Denoiser> denoiser{"denoiser", "Its answers are exact; it takes x_t [batch, d, 1, 1]"};

void check(const std::vector<double>& pi, const std::vector<double>& mu, const std::vector<double>& s) {
  double total = 0;
  for (const double share : pi) {
    if (!(share >= 0)) throw Error("", weights.id, "a Gaussian's share is not below 0");
    total += share;
  }
  if (!(std::abs(total - 1) < 1e-6))
    throw Error("", weights.id, "shares add up to 1; these to " + std::to_string(total));
  if (mu.empty() || mu.size() % pi.size() != 0)
    throw Error("", means.id,
                "there are " + std::to_string(mu.size()) + " numbers for " + std::to_string(pi.size()) +
                    " Gaussians: each needs one a dimension");
  if (s.size() != pi.size())
    throw Error("", deviations.id,
                "there are " + std::to_string(s.size()) + " for " + std::to_string(pi.size()) + " Gaussians");
  for (const double own : s)
    if (!(own > 0) || !std::isfinite(own)) throw Error("", deviations.id, "a deviation is above 0");
}

void execute(Exec& x) {
  Mixture mixture{x.get(weights).values, x.get(deviations).values, {}};
  const std::vector<double>& mu = x.get(means).values;
  check(mixture.pi, mu, mixture.s);
  mixture.mu = at::tensor(mu, at::kDouble).reshape({static_cast<int64_t>(mixture.pi.size()), -1});
  constexpr PredictionKind kinds[] = {PredictionKind::epsilon, PredictionKind::x0, PredictionKind::v};
  x.set(denoiser, Denoiser{std::make_shared<MixtureNet>(std::move(mixture), x.get(schedule),
                                                        kinds[x.get(kind).index])});
}

void infer(Infer& i) {
  const Numbers *pi = i.constant(weights), *mu = i.constant(means), *s = i.constant(deviations);
  if (!pi || !mu || !s) return;
  check(pi->values, mu->values, s->values);
  const auto d = static_cast<int64_t>(mu->values.size() / pi->values.size());
  i.out(denoiser).shape = std::vector<Dim>{d, 1, 1};
  i.out(denoiser).dtype = at::kFloat;
}

}  // namespace

NodeType denoiserMixture() {
  NodeType type =
      makeNode("denoiser.mixture", "Gaussian mixture denoiser",
               "Knows the best answer for data that are a mixture of Gaussians, without a network: "
               "to see what a sampler gets right.",
               execute, schedule, weights, means, deviations, kind, denoiser);
  type.infer = infer;
  return type;
}

}  // namespace loom
