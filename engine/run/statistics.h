#pragma once
// What a tensor looks like in six numbers, in one pass.
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace loom {

struct Statistics {
  double min = 0, max = 0, mean = 0, std = 0, norm = 0;  // of the finite elements; std is of the population
  int64_t count = 0, nan = 0, inf = 0;
};

/// Any dtype but complex, any strides; on a device the tensor is copied to the host first.
Statistics statisticsOf(const at::Tensor& tensor);

/// Whether every element is finite; true for whole-number dtypes.
bool allFinite(const at::Tensor& tensor);

}  // namespace loom
