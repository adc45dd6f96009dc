#pragma once
#include <ATen/core/Tensor.h>

namespace loom {

/// Between two draws on the great circle through them (Shoemake 1985), for each sample of [B, ...] on its
/// own: (sin((1 − w) θ) a + sin(w θ) b) / sin θ, θ the angle between them. Of unit normal a and b it is unit
/// normal, whatever the weight, which a straight line is not. Nearly parallel draws are joined by a straight
/// line. float32, shapes alike.
at::Tensor sphericalBetween(const at::Tensor& a, const at::Tensor& b, double weight);

}  // namespace loom
