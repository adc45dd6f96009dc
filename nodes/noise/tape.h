#pragma once
// Noise that another program has drawn: which tensor of a file belongs to a step. Pure functions.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "engine/values/tensors.h"

namespace loom {

/// "tape.{step:04}.randn" at step 7: "tape.0007.randn"; "{step}": "7". Throws Error on another placeholder.
std::string keyAt(const std::string& pattern, int64_t step);

enum class TapeLayout {
  named,    // a tensor for each step, its name with the step in it; or one tensor for all
  stacked,  // one tensor, step by step along its first dimension
};

/// Whether the file has a tensor for this step.
bool hasDraw(const Weights& file, const std::string& pattern, int64_t step);

/// The draw of a step. An empty pattern takes the only tensor there is. Throws Error naming what the file
/// holds.
at::Tensor drawOf(const Weights& file, const std::string& pattern, TapeLayout layout, int64_t step);

}  // namespace loom
