#pragma once
// Curves as a picture: axes with round numbers, a grid, a legend. On the CPU, without any font or library.
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "engine/values/tensors.h"
#include "nodes/plots/axis.h"

namespace loom {

struct PlotOptions {
  int64_t width = 720, height = 420;  // pixels
  Scale x = Scale::linear, y = Scale::linear;
  /// Points that a running mean takes in, at most a tenth of all; the curve itself stays, pale.
  int64_t smooth = 1;
  std::string title = {};
};

/// float32 [3, height, width] in [0, 1]. Points that are not finite, or not positive on a logarithmic axis,
/// are left out, with a gap in the line. Throws Error where a series' x and y differ in length, or the
/// picture is too small or large.
at::Tensor linePlot(const std::vector<Series>& series, const PlotOptions& options);

/// Mean of the `window` values around each place, fewer at the ends, as many on the left as on the right;
/// what is not finite is left out.
std::vector<double> runningMean(const std::vector<double>& values, int64_t window);

}  // namespace loom
