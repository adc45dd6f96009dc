#pragma once
// The scalar kinds: values that are written in a graph file as parameters.
#include <string>
#include <vector>

#include "engine/values/value.h"

namespace loom {

using Int = int64_t;
using Real = double;
using Bool = bool;
using Text = std::string;

/// One of a port's listed names. `index` is its place in that list.
struct Choice {
  int index = 0;
  std::string name;
  template <class Enum>
  Enum as() const {
    return static_cast<Enum>(index);
  }
};
/// Start of a random stream. In a file: an integer from 0 to 2^64-1.
struct Seed {
  uint64_t value = 0;
};
/// A file or folder, as written in the graph; Exec resolves it against the folders it may use.
struct FilePath {
  std::string text;
};
/// A list of sizes, such as [3, 32, 32].
struct Shape {
  std::vector<int64_t> sizes;
};
/// A list of numbers, such as [0, 0.25, 1].
struct Numbers {
  std::vector<double> values;
};

LOOM_VALUE_TYPE(Int)
LOOM_VALUE_TYPE(Real)
LOOM_VALUE_TYPE(Bool)
LOOM_VALUE_TYPE(Text)
LOOM_VALUE_TYPE(Choice)
LOOM_VALUE_TYPE(Seed)
LOOM_VALUE_TYPE(FilePath)
LOOM_VALUE_TYPE(Shape)
LOOM_VALUE_TYPE(Numbers)

}  // namespace loom
