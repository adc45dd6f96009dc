#pragma once
// What a file's header says of one tensor, before any of its data is touched.
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace loom {

struct TensorEntry {
  std::string name;
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
};

/// Bytes that a contiguous tensor takes; empty where a size is negative or the count exceeds an int64.
std::optional<int64_t> byteCount(std::span<const int64_t> shape, at::ScalarType dtype);

/// "float32".
std::string dtypeName(at::ScalarType dtype);

/// "[4, 3]".
std::string shapeText(std::span<const int64_t> shape);

}  // namespace loom
