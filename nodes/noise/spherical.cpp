#include "nodes/noise/spherical.h"

#include <ATen/ATen.h>

#include "engine/core/error.h"
#include "engine/values/tensors.h"

namespace loom {

at::Tensor sphericalBetween(const at::Tensor& a, const at::Tensor& b, double weight) {
  if (a.sizes() != b.sizes() || a.dim() < 1)
    throw Error("the draws differ in shape: " + describe(a) + " and " + describe(b));
  const at::Tensor flatA = a.flatten(1).to(at::kDouble), flatB = b.flatten(1).to(at::kDouble);
  const at::Tensor norms = flatA.norm(2, {1}, true) * flatB.norm(2, {1}, true);
  const at::Tensor cosine = ((flatA * flatB).sum(1, true) / norms.clamp_min(1e-30)).clamp(-1, 1);
  const at::Tensor theta = cosine.acos(), sine = theta.sin();
  const at::Tensor straight = sine.lt(1e-4);
  const at::Tensor safe = at::where(straight, at::ones_like(sine), sine);
  const at::Tensor fromA =
      at::where(straight, at::full_like(sine, 1 - weight), ((1 - weight) * theta).sin() / safe);
  const at::Tensor fromB = at::where(straight, at::full_like(sine, weight), (weight * theta).sin() / safe);
  return (fromA * flatA + fromB * flatB).to(at::kFloat).view(a.sizes());
}

}  // namespace loom
