#include "nodes/images/gif_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/core/error.h"
#include "engine/values/tensors.h"
#include "nodes/images/palette.h"

namespace loom {
namespace {

constexpr int kMostCodes = 4096;

/// Codes of growing width, least significant bit first.
class BitWriter {
 public:
  void put(uint32_t code, int width) {
    held_ |= code << count_;
    for (count_ += width; count_ >= 8; count_ -= 8) {
      bytes.push_back(static_cast<uint8_t>(held_));
      held_ >>= 8;
    }
  }
  void finish() {
    if (count_ > 0) bytes.push_back(static_cast<uint8_t>(held_));
    count_ = 0;
  }
  std::vector<uint8_t> bytes;

 private:
  uint32_t held_ = 0;
  int count_ = 0;
};

class GifWriter {
 public:
  explicit GifWriter(std::vector<std::byte>& out) : bytes(out) {}
  void text(std::string_view s) {
    for (const char c : s) byte(static_cast<uint8_t>(c));
  }
  void byte(int64_t b) { bytes.push_back(static_cast<std::byte>(b)); }
  void word(int64_t w) {
    byte(w & 0xFF);
    byte(w >> 8 & 0xFF);
  }
  /// Blocks of at most 255 bytes, ended by an empty one.
  void blocks(std::span<const uint8_t> data) {
    while (!data.empty()) {
      const size_t size = std::min<size_t>(255, data.size());
      byte(static_cast<int64_t>(size));
      for (const uint8_t b : data.first(size)) byte(b);
      data = data.subspan(size);
    }
    byte(0);
  }
  std::vector<std::byte>& bytes;
};

void writeHeader(GifWriter& gif, int64_t width, int64_t height) {
  gif.text("GIF89a");
  gif.word(width);
  gif.word(height);
  gif.byte(0x70);  // no palette for all; 8 bits a channel
  gif.byte(0);
  gif.byte(0);
  gif.byte(0x21);  // the extension that every viewer knows: play for ever
  gif.byte(0xFF);
  gif.byte(11);
  gif.text("NETSCAPE2.0");
  gif.byte(3);
  gif.byte(1);
  gif.word(0);
  gif.byte(0);
}

// pixels [H, W, 3].
void writeFrame(GifWriter& gif, const at::Tensor& pixels, int64_t centiseconds) {
  const int64_t height = pixels.size(0), width = pixels.size(1);
  const std::span<const uint8_t> rgb(pixels.const_data_ptr<uint8_t>(), static_cast<size_t>(pixels.numel()));
  std::vector<Colour> palette = paletteOf(rgb, 256);
  const std::vector<uint8_t> indices = dithered(rgb, width, height, palette);
  const int bits = std::max(2, static_cast<int>(std::bit_width(palette.size() - 1)));
  palette.resize(size_t{1} << bits);

  gif.byte(0x21);  // graphic control: how long, and stay where it is
  gif.byte(0xF9);
  gif.byte(4);
  gif.byte(1 << 2);
  gif.word(std::clamp<int64_t>(centiseconds, 1, 65535));
  gif.byte(0);
  gif.byte(0);
  gif.byte(0x2C);  // the image, with a palette of its own
  gif.word(0);
  gif.word(0);
  gif.word(width);
  gif.word(height);
  gif.byte(0x80 | (bits - 1));
  for (const Colour& colour : palette)
    for (const uint8_t c : colour) gif.byte(c);
  gif.byte(bits);
  gif.blocks(lzwPacked(indices, bits));
}

}  // namespace

std::vector<uint8_t> lzwPacked(std::span<const uint8_t> indices, int bits) {
  const int clear = 1 << bits, end = clear + 1;
  // child[code][index]: the code for that string with one index more; 0 where there is none yet.
  std::vector<std::array<uint16_t, 256>> child(kMostCodes);
  BitWriter out;
  int width = bits + 1, next = end + 1;
  const auto restart = [&] {
    out.put(static_cast<uint32_t>(clear), width);
    for (int code = 0; code < next; ++code) child[static_cast<size_t>(code)].fill(0);
    width = bits + 1;
    next = end + 1;
  };
  restart();
  int current = -1;
  for (const uint8_t index : indices) {
    if (current < 0) {
      current = index;
      continue;
    }
    if (const uint16_t longer = child[static_cast<size_t>(current)][index]) {
      current = longer;
      continue;
    }
    out.put(static_cast<uint32_t>(current), width);
    if (next < kMostCodes) {
      // A reader's table is one entry behind: the width grows once the entry just made needs it.
      if (next == 1 << width) ++width;
      child[static_cast<size_t>(current)][index] = static_cast<uint16_t>(next++);
    } else {
      restart();
    }
    current = index;
  }
  if (current >= 0) out.put(static_cast<uint32_t>(current), width);
  // The reader makes an entry for the code before, so the last code may be wider than it looks from here.
  if (next == 1 << width && width < 12) ++width;
  out.put(static_cast<uint32_t>(end), width);
  out.finish();
  return std::move(out.bytes);
}

void GifEncoder::add(const at::Tensor& pixels, int64_t centiseconds) {
  const bool isFrame = pixels.defined() && pixels.dim() == 3 && pixels.size(0) == 3 &&
                       pixels.scalar_type() == at::kByte && pixels.size(1) > 0 && pixels.size(2) > 0;
  if (!isFrame) throw Error("a frame is uint8 [3, H, W], not " + describe(pixels));
  if (pixels.size(1) > 65535 || pixels.size(2) > 65535)
    throw Error("a GIF has at most 65,535 pixels a side, not " + describe(pixels));
  GifWriter gif(bytes_);
  if (bytes_.empty()) {
    height_ = pixels.size(1);
    width_ = pixels.size(2);
    writeHeader(gif, width_, height_);
  }
  if (pixels.size(1) != height_ || pixels.size(2) != width_)
    throw Error("all frames of an animation have one size; the first is " + std::to_string(width_) + "×" +
                std::to_string(height_) + ", this is " + describe(pixels));
  writeFrame(gif, pixels.cpu().permute({1, 2, 0}).contiguous(), centiseconds);
}

std::vector<std::byte> GifEncoder::finish(const std::map<std::string, std::string>& texts) {
  if (bytes_.empty()) throw Error("an animation needs one frame or more");
  GifWriter gif(bytes_);
  if (!texts.empty()) {
    // Comments are 7-bit ASCII (GIF89a, 24); JSON can write any text in that.
    const std::string comment =
        nlohmann::json(texts).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    gif.byte(0x21);
    gif.byte(0xFE);
    gif.blocks({reinterpret_cast<const uint8_t*>(comment.data()), comment.size()});
  }
  gif.byte(0x3B);
  return std::move(bytes_);
}

}  // namespace loom
