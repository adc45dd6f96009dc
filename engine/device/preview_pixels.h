#pragma once
// A small picture made where its tensor lives, so that four bytes a pixel leave the device and not the
// tensor. Pure functions, on any thread.
#include <ATen/core/Tensor.h>

#include "engine/values/picture_colours.h"

namespace loom {

/// [B, 1 to 4, H, W] float32 on the CPU or a GPU to uint8 [B, height, width, 4], RGBA, on the same device. A
/// pixel is the mean of those that it covers; one over a NaN or an infinity is magenta. On the CPU it is gone
/// over once, on the calling thread alone: who looks at a run must not take its threads. Throws Error on
/// another shape or dtype, and on a size outside 1 to 4096.
at::Tensor previewPixels(const at::Tensor& picture, const PictureColours& colours, int64_t height,
                         int64_t width);

}  // namespace loom
