#include "engine/files/tensor_entry.h"

#include <algorithm>

namespace loom {

std::optional<int64_t> byteCount(std::span<const int64_t> shape, at::ScalarType dtype) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(dtype));
  for (const int64_t size : shape)
    if (size < 0) return std::nullopt;
  // A size of 0 makes the whole 0, whatever else the shape holds; torch still multiplies the others.
  bool empty = false;
  for (const int64_t size : shape) {
    empty |= size == 0;
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) return std::nullopt;
  }
  return empty ? 0 : bytes;
}

std::string dtypeName(at::ScalarType dtype) { return c10::getDtypeNames(dtype).first; }

std::string shapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace loom
