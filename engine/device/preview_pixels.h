#pragma once
// A small picture made where its tensor lives, so that four bytes a pixel leave the device and not the
// tensor. Pure functions, on any thread.
#include <ATen/core/Tensor.h>

#include <array>

namespace loom {

/// Colour of a pixel: for each of red, green, blue a weight of every channel, and a bias; [0, 1] is dark to
/// bright.
struct PreviewColours {
  std::array<std::array<float, 4>, 3> matrix{};  // channels a picture has not are left out
  std::array<float, 3> bias{};

  /// A picture in [0, 1] of one channel, grey, or three. Throws Error on another number.
  static PreviewColours ofPicture(int64_t channels);
};

/// [B, 1 to 4, H, W] float32 on the CPU or a GPU to uint8 [B, height, width, 4], RGBA, on the same device. A
/// pixel is the mean of those that it covers; one over a NaN or an infinity is magenta. Throws Error on
/// another shape or dtype, and on a size outside 1 to 4096.
at::Tensor previewPixels(const at::Tensor& picture, const PreviewColours& colours, int64_t height,
                         int64_t width);

}  // namespace loom
