#pragma once
// What is known of a value before anything runs: its type, its shape with symbols for sizes that are
// not known yet, its dtype, and the value itself where it is a constant of the graph.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/values/value.h"

namespace loom {

/// One size: a number, or a symbol such as "batch".
struct Dim {
  Dim(int64_t size_) : size(size_) {}                       // NOLINT: a size is a Dim
  Dim(std::string symbol_) : symbol(std::move(symbol_)) {}  // NOLINT
  Dim(const char* symbol_) : symbol(symbol_) {}             // NOLINT
  bool known() const { return symbol.empty(); }
  /// Equal, or possibly equal because one of them is not known yet.
  bool fits(const Dim& other) const { return !known() || !other.known() || size == other.size; }
  std::string text() const { return known() ? std::to_string(size) : symbol; }

  int64_t size = -1;
  std::string symbol;
};

struct Spec {
  const TypeInfo* type = nullptr;
  std::optional<std::vector<Dim>> shape;  // tensors; for a denoiser: of one sample, [C, H, W]
  std::optional<at::ScalarType> dtype;
  Value constant;  // empty unless known before the run

  /// Weights: names and sizes, where the file's header has told them.
  using TensorSizes = std::map<std::string, std::vector<int64_t>>;
  std::shared_ptr<const TensorSizes> tensors;
  /// Bytes held where shape and dtype do not tell them: of weights and networks.
  std::optional<int64_t> heldBytes;
  /// A network: bytes it works in during a call, for each element of what it is given.
  std::optional<double> callBytes;

  bool shapeFits(const std::vector<Dim>& other) const;
  std::string text() const;  // "Image float32 [batch, 3, 32, 32]"
};

}  // namespace loom
