#pragma once
// The numbers behind a preview's pixels. Pure functions, on any thread.
#include <ATen/core/Tensor.h>

#include <vector>

namespace loom {

/// Of [tiles, channels, H, W] of any real dtype, means of what each pixel covers: [tiles, channels, height,
/// width], row by row; with `merged` those over all channels, [tiles, 1, height, width]. Height and width are
/// at most the tensor's own. Pixel y covers rows ⌊y H / h⌋ to ⌈(y + 1) H / h⌉, as adaptive_avg_pool2d has it.
///
/// A tensor on the CPU is gone over once, on the calling thread alone: who looks at a run must not take its
/// threads. Sums are in double precision. One on an accelerator is reduced there.
std::vector<float> previewMeans(const at::Tensor& tiles, bool merged, int64_t height, int64_t width);

}  // namespace loom
