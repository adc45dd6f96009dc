#pragma once
// How far tensors are apart: one pair, files of them, recordings step by step. Plain functions, safe on any
// thread; large tensors are gone through in pieces.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace loom {

struct TensorDifference {
  double max = 0;   // |a - b|; infinite where one of the two is NaN or infinite and the other is not the same
  double mean = 0;  // of |a - b| over the elements where it is finite
  int64_t differing = 0;  // elements that are not equal; NaN equals NaN
  int64_t count = 0;
  std::string mismatch;  // "shapes [2, 3] and [2, 4]": nothing could be compared. Empty: it could
  std::string dtypes;    // "float32 and float16" where they differ; values are compared all the same

  /// Whether some element is further apart than `bound`, or nothing could be compared.
  bool beyond(double bound) const {
    return !mismatch.empty() || max > bound || (bound == 0 && differing > 0);
  }
};

/// Any dtypes, also integers, bool, complex and float8; computed in float64 (64-bit integers beyond 2^53
/// differ exactly, their distance is rounded).
TensorDifference tensorDifference(const at::Tensor& a, const at::Tensor& b);

/// One line of a comparison.
struct ComparedTensor {
  std::string name;                // in the files; empty for frames of a recording
  std::vector<int64_t> iteration;  // of a frame, outermost zone first
  enum class Where { both, onlyA, onlyB } where = Where::both;
  TensorDifference difference;  // where in both
};

/// By name, in order.
std::vector<ComparedTensor> compareTensors(const std::map<std::string, at::Tensor>& a,
                                           const std::map<std::string, at::Tensor>& b);

/// What a port held, step by step.
struct RecordedFrames {
  std::string port;
  std::map<std::vector<int64_t>, at::Tensor> frames;  // by iteration
};
std::vector<ComparedTensor> compareFrames(const RecordedFrames& a, const RecordedFrames& b);

/// A recording as `run --record` saves it: tensor "values" [frames, ...] or "values.0", "values.1", ..., and
/// the metadata "port" and "iterations". Empty where the file holds something else; throws Error where it is
/// one and does not fit together.
std::optional<RecordedFrames> framesIn(const std::map<std::string, at::Tensor>& tensors,
                                       const std::map<std::string, std::string>& metadata);

struct ComparisonSummary {
  std::optional<size_t> first;  // row: the first one beyond the bound, or that is in one file alone
  std::optional<size_t> worst;  // row with the largest max, where any is above 0
  double max = 0, mean = 0;     // over all that could be compared
  size_t beyond = 0;            // rows
};
ComparisonSummary summaryOf(const std::vector<ComparedTensor>& rows, double bound);

}  // namespace loom
