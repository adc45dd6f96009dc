#pragma once
// Animated GIFs (GIF89a), written without a library: a palette for each frame, dithered, LZW-packed.
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace loom {

/// Takes frame after frame and holds no more than the file's bytes. Plays for ever.
class GifEncoder {
 public:
  /// pixels uint8 [3, H, W], all frames of one size, at most 65,535 pixels a side; shown for `centiseconds`.
  /// Throws Error.
  void add(const at::Tensor& pixels, int64_t centiseconds);
  /// The file, with the texts in a comment. Throws Error when there is no frame.
  std::vector<std::byte> finish(const std::map<std::string, std::string>& texts = {});

 private:
  int64_t width_ = 0, height_ = 0;
  std::vector<std::byte> bytes_;
};

/// The texts that finish() put into a file; empty where it has none. Throws Error on what is no GIF, or is
/// cut off. Frames are not looked at.
std::map<std::string, std::string> decodeGifText(std::span<const std::byte> bytes);
bool looksLikeGif(std::span<const std::byte> bytes);

/// GIF's variant of LZW: indices below 2^bits -> the bytes of its image data, before they are cut into
/// blocks.
std::vector<uint8_t> lzwPacked(std::span<const uint8_t> indices, int bits);

}  // namespace loom
