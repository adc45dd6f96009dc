#include "engine/run/statistics.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "engine/core/for_every_cpu.h"

namespace loom {

Statistics statisticsOf(const at::Tensor& tensor) {
  Statistics s;
  s.count = tensor.numel();
  if (!s.count) return s;
  const at::Tensor flat = tensor.detach().to(at::kCPU).to(at::kDouble).contiguous().reshape({-1});
  const double* x = flat.const_data_ptr<double>();
  double sum = 0, squares = 0;
  s.min = std::numeric_limits<double>::infinity();
  s.max = -s.min;
  int64_t finite = 0;
  for (int64_t i = 0; i < s.count; ++i) {
    if (std::isnan(x[i])) {
      ++s.nan;
    } else if (std::isinf(x[i])) {
      ++s.inf;
    } else {
      ++finite;
      sum += x[i];
      squares += x[i] * x[i];
      s.min = std::min(s.min, x[i]);
      s.max = std::max(s.max, x[i]);
    }
  }
  if (!finite) {
    s.min = s.max = 0;
    return s;
  }
  s.mean = sum / static_cast<double>(finite);
  s.norm = std::sqrt(squares);
  // A second pass: the difference of two large sums would lose the digits of a small spread.
  double spread = 0;
  for (int64_t i = 0; i < s.count; ++i)
    if (std::isfinite(x[i])) spread += (x[i] - s.mean) * (x[i] - s.mean);
  s.std = std::sqrt(spread / static_cast<double>(finite));
  return s;
}

namespace {

// x * 0 is 0 for every finite x and NaN for the rest; the sums need no branch, and being many need not wait
// for each other. Called after every step of every zone, so compiled for what the machine has.
LOOM_FOR_EVERY_CPU bool allFinite(const float* x, int64_t n) {
  constexpr int64_t kSums = 32;
  const int64_t whole = n / kSums * kSums;
  float sums[kSums] = {};
  for (int64_t i = 0; i < whole; i += kSums)
    for (int64_t k = 0; k < kSums; ++k) sums[k] += x[i + k] * 0.0f;
  for (int64_t i = whole; i < n; ++i) sums[0] += x[i] * 0.0f;
  float sum = 0;
  for (const float each : sums) sum += each;
  return sum == 0;
}

}  // namespace

bool allFinite(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.is_floating_point()) return true;
  if (tensor.scalar_type() == at::kFloat && tensor.is_contiguous() && tensor.device().is_cpu())
    return allFinite(tensor.const_data_ptr<float>(), tensor.numel());
  return at::isfinite(tensor).all().item<bool>();
}

}  // namespace loom
