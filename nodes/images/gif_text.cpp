// The comment of a GIF (GIF89a, 24), read by going over its blocks.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/core/error.h"
#include "nodes/images/gif_file.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace {

class GifReader {
 public:
  explicit GifReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(size_t count) {
    if (count > rest_.size()) throw Error("this GIF is cut off");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  uint8_t byte() { return static_cast<uint8_t>(take(1)[0]); }
  // A palette of 2 << bits colours, where the flags say that there is one.
  void skipPalette(uint8_t flags) {
    if (flags & 0x80) take(size_t{3} * (size_t{2} << (flags & 7)));
  }
  // Blocks up to the empty one; `into` may be null.
  void blocks(std::string* into) {
    while (const size_t size = byte()) {
      const std::string_view data = take(size);
      if (!into) continue;
      if (into->size() > kMostPngText) throw Error("the comment in this GIF is larger than any graph");
      into->append(data);
    }
  }

 private:
  std::string_view rest_;
};

// The last comment counts: ours is written behind the frames.
std::string commentOf(GifReader gif) {
  gif.take(10);
  const uint8_t flags = gif.byte();
  gif.take(2);
  gif.skipPalette(flags);
  std::string comment;
  for (;;) {
    switch (gif.byte()) {
      case 0x3B:
        return comment;
      case 0x21: {
        const bool isComment = gif.byte() == 0xFE;
        if (isComment) comment.clear();
        gif.blocks(isComment ? &comment : nullptr);
        break;
      }
      case 0x2C:
        gif.take(8);
        gif.skipPalette(gif.byte());
        gif.byte();
        gif.blocks(nullptr);
        break;
      default:
        throw Error("this GIF is damaged: it holds a block of no known kind");
    }
  }
}

}  // namespace

bool looksLikeGif(std::span<const std::byte> bytes) {
  return bytes.size() >= 6 &&
         (std::memcmp(bytes.data(), "GIF89a", 6) == 0 || std::memcmp(bytes.data(), "GIF87a", 6) == 0);
}

std::map<std::string, std::string> decodeGifText(std::span<const std::byte> bytes) {
  if (!looksLikeGif(bytes)) throw Error("this is no GIF");
  const std::string comment =
      commentOf(GifReader({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  std::map<std::string, std::string> texts;
  const auto json = nlohmann::json::parse(comment, nullptr, false);
  if (!json.is_object()) return texts;  // another program's comment
  for (const auto& [key, value] : json.items())
    if (value.is_string()) texts[key] = value;
  return texts;
}

}  // namespace loom
