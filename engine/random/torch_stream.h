#pragma once
// Torch's own CPU generator as a source, for parity with other programs: one stream of draws of one shape,
// seeded once, of which draw number k is asked for. A pure function: what is cached is only how far a
// generator has got.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace loom {

/// What the (position + 1)-th call of torch.randn(shape, generator=g) returns after g.manual_seed(seed).
/// float32 on the CPU. Asking in ascending order costs one draw each; going back starts from the seed again.
/// Safe on any thread.
at::Tensor torchGaussian(uint64_t seed, int64_t position, const std::vector<int64_t>& shape);

}  // namespace loom
