#pragma once
// The values that every system shares and the engine itself makes: plain tensors, tables of
// tensors, recordings of a zone's steps, plots.
#include <map>
#include <string>
#include <vector>

#include "engine/values/value.h"

namespace loom {

/// Any type at all: what a port declares when it takes whatever comes (In<Any>).
struct Any {};

/// A dictionary of named tensors, as read from a weight file. Tensors may be views into a mapped file.
struct Weights {
  std::map<std::string, at::Tensor> tensors;
  nlohmann::json meta = nlohmann::json::object();  // plain values that stood beside them
  std::string source;                              // file name, for messages
  std::string sha256;                              // of the file; empty when not from a file
};

/// What one port held at chosen iterations of a zone, in order.
struct Recording {
  struct Frame {
    std::vector<int64_t> iteration;  // outermost zone first
    Value value;
  };
  std::vector<Frame> frames;
};

/// A curve to plot: y over x.
struct Series {
  std::string name;
  std::vector<double> x, y;
};

LOOM_VALUE_TYPE(Any)
LOOM_VALUE_TYPE(at::Tensor)
LOOM_VALUE_TYPE(Weights)
LOOM_VALUE_TYPE(Recording)
LOOM_VALUE_TYPE(Series)

/// "float32 [4, 3, 32, 32]".
std::string describe(const at::Tensor& tensor);

}  // namespace loom
