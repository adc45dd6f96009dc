#pragma once
// Animated GIFs (GIF89a), written without a library: a palette for each frame, dithered, LZW-packed.
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace loom {

/// Takes frame after frame and holds no more than the file's bytes. Plays for ever.
class GifEncoder {
 public:
  /// pixels uint8 [3, H, W], all frames of one size, at most 65,535 pixels a side; shown for `centiseconds`.
  /// Throws Error.
  void add(const at::Tensor& pixels, int64_t centiseconds);
  /// The file. Throws Error when there is no frame.
  std::vector<std::byte> finish();

 private:
  int64_t width_ = 0, height_ = 0;
  std::vector<std::byte> bytes_;
};

/// GIF's variant of LZW: indices below 2^bits -> the bytes of its image data, before they are cut into
/// blocks.
std::vector<uint8_t> lzwPacked(std::span<const uint8_t> indices, int bits);

}  // namespace loom
