#pragma once
// A colour bitmap font as a source of pictures: HarfBuzz turns a sequence of code points into one glyph,
// FreeType gives its bitmap. An EmojiFont belongs to one thread; the bytes it reads may be shared.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace loom {

/// RGB, rows from the top, on white.
struct Canvas {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3]
};

class EmojiFont {
 public:
  /// `bytes` must outlive the font. Throws Error when they are no font with colour bitmaps.
  explicit EmojiFont(std::span<const uint8_t> bytes);
  ~EmojiFont();
  EmojiFont(const EmojiFont&) = delete;
  EmojiFont& operator=(const EmojiFont&) = delete;

  /// The one glyph a sequence stands for, 0 where the font has none or shapes it to several.
  uint32_t glyphOf(const std::u32string& codes) const;
  /// The glyph's bitmap in the middle of a white square as large as its longer side.
  Canvas render(uint32_t glyph) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loom
