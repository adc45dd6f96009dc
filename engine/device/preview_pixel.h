#pragma once
// One pixel of a packed preview: the mean of what it covers, its colours by a matrix, eight bits each. What
// the CPU's loop and the GPU's kernel share.
#include <cmath>
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

/// Pixel `index` of all samples' pixels, row by row. Covers rows ⌊y H / h⌋ to ⌈(y + 1) H / h⌉, which for a
/// multiple is one, as adaptive_avg_pool2d does.
LOOM_BOTH_SIDES uint32_t previewPixel(const PackedPreview& p, int64_t index) {
  const int64_t x = index % p.outWidth, y = index / p.outWidth % p.outHeight;
  const int64_t sample = index / p.outWidth / p.outHeight;
  const int64_t top = y * p.height / p.outHeight, left = x * p.width / p.outWidth;
  const int64_t bottom = ((y + 1) * p.height + p.outHeight - 1) / p.outHeight;
  const int64_t right = ((x + 1) * p.width + p.outWidth - 1) / p.outWidth;
  float colour[3] = {p.bias[0], p.bias[1], p.bias[2]};
  for (int64_t c = 0; c < p.channels; ++c) {
    const float* plane = p.picture + (sample * p.channels + c) * p.height * p.width;
    float sum = 0;
    for (int64_t row = top; row < bottom; ++row)
      for (int64_t column = left; column < right; ++column) sum += plane[row * p.width + column];
    const float mean = sum / static_cast<float>((bottom - top) * (right - left));
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
