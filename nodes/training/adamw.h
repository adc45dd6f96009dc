#pragma once
// AdamW (Loshchilov & Hutter 2019, algorithm 2, in PyTorch's form) and the exponential moving average of the
// weights, for all parameters of a net together: in one pass over memory on the CPU, by torch's multi-tensor
// kernels elsewhere.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace loom {

struct AdamW {
  double lr = 2e-4, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0;
  int64_t step = 1;          // the number of this step, from 1
  double gradientScale = 1;  // gradients are multiplied by it first (clipping)
  double emaDecay = 0.9999;  // average <- emaDecay average + (1 − emaDecay) weight
};

/// Weights θ, first and second moments m and v, averaged weights. All float32 and contiguous, lists of equal
/// length.
struct AdamWTensors {
  std::vector<at::Tensor> weights, first, second, average;
};

/// √ Σ g² over all tensors; the sum is in double and does not depend on the number of threads.
double totalNorm(const std::vector<at::Tensor>& gradients);

/// One step. Where `to` holds other tensors than `from`, `from` stays as it is.
void adamwStep(const AdamWTensors& from, const AdamWTensors& to, const std::vector<at::Tensor>& gradients,
               const AdamW& options);

/// The same, an operation at a time, in place: the literal form, and the one for GPUs.
void adamwLiteral(const AdamWTensors& tensors, const std::vector<at::Tensor>& gradients,
                  const AdamW& options);

}  // namespace loom
