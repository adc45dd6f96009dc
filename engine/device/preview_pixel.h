#pragma once
// One pixel of a packed preview: the mean of what it covers, its colours by a matrix, eight bits each. What
// the CPU's loop and the GPU's kernel share.
#include <cstdint>

#include "engine/device/both_sides.h"

namespace loom {

/// [batch, channels, height, width] float32, contiguous, to [batch, outHeight, outWidth] RGBA.
struct PackedPreview {
  static constexpr int kMostChannels = 4;
  const float* picture = nullptr;
  int64_t batch = 0, channels = 0, height = 0, width = 0;
  int64_t outHeight = 0, outWidth = 0;
  float matrix[3][kMostChannels] = {};  // red, green, blue of each channel, in [0, 1] after the bias
  float bias[3] = {};
  uint32_t* out = nullptr;
};
using PackPreviewFunction = int(const PackedPreview*, void* stream);  // noiseloom_cuda_pack_preview

constexpr uint32_t kPreviewNotFinite = 0xFFFF00FF;  // magenta, as bytes R, G, B, A on little-endian machines

/// The rows, or columns, that a pixel covers.
struct Covered {
  int64_t begin, end;
};
/// Pixel i of n over a side of S: ⌊i S / n⌋ to ⌈(i + 1) S / n⌉, as adaptive_avg_pool2d has it.
LOOM_BOTH_SIDES Covered coveredBy(int64_t pixel, int64_t pixels, int64_t side) {
  return {pixel * side / pixels, ((pixel + 1) * side + pixels - 1) / pixels};
}

LOOM_BOTH_SIDES uint32_t previewPixel(const PackedPreview& p, int64_t sample, Covered rows, Covered columns) {
  float colour[3] = {p.bias[0], p.bias[1], p.bias[2]};
  for (int64_t c = 0; c < p.channels; ++c) {
    const float* plane = p.picture + (sample * p.channels + c) * p.height * p.width;
    float sum = 0;
    for (int64_t row = rows.begin; row < rows.end; ++row)
      for (int64_t column = columns.begin; column < columns.end; ++column)
        sum += plane[row * p.width + column];
    const float mean = sum / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
    // A difference of itself is 0 but for NaN and the infinities.
    if (!(mean - mean == 0)) return kPreviewNotFinite;
    for (int k = 0; k < 3; ++k) colour[k] += p.matrix[k][c] * mean;
  }
  uint32_t pixel = 0xFF000000;
  for (int k = 0; k < 3; ++k) {
    const float unit = colour[k] < 0 ? 0.0f : colour[k] > 1 ? 1.0f : colour[k];
    pixel |= static_cast<uint32_t>(unit * 255 + 0.5f) << (8 * k);
  }
  return pixel;
}

}  // namespace loom
