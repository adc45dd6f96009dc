#include "nodes/images/caption.h"

#include <array>

#include "nodes/images/caption_font.h"

namespace loom {
namespace {

constexpr std::string_view kSpace = "...";
constexpr std::string_view kUnknown = "#####/#...#/#...#/#...#/#...#/#...#/#####";
constexpr int64_t kBetween = 1;  // empty columns between two glyphs

// The glyph of the first character, which is taken off the text.
std::string_view nextGlyph(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (first == ' ') return kSpace;
  if (first > 32 && first < 127) return kCaptionGlyphs[first - 33];
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80) text.remove_prefix(1);
  return kUnknown;
}

int64_t widthOf(std::string_view glyph) {
  return static_cast<int64_t>(std::min(glyph.find('/'), glyph.size()));
}

}  // namespace

int64_t captionWidth(std::string_view text) {
  int64_t width = 0;
  while (!text.empty()) width += (width ? kBetween : 0) + widthOf(nextGlyph(text));
  return width;
}

void drawCaption(at::Tensor& picture, std::string_view text, int64_t left, int64_t top, int64_t scale,
                 float ink) {
  const int64_t channels = picture.size(0), height = picture.size(1), width = picture.size(2);
  auto pixels = picture.accessor<float, 3>();
  const auto dot = [&](int64_t x0, int64_t y0) {
    for (int64_t y = std::max<int64_t>(y0, 0); y < std::min(y0 + scale, height); ++y)
      for (int64_t x = std::max<int64_t>(x0, 0); x < std::min(x0 + scale, width); ++x)
        for (int64_t c = 0; c < channels; ++c) pixels[c][y][x] = ink;
  };
  while (!text.empty()) {
    const std::string_view glyph = nextGlyph(text);
    int64_t x = 0, y = 0;
    for (const char mark : glyph) {
      if (mark == '#') dot(left + x * scale, top + y * scale);
      ++x;
      if (mark == '/') {
        x = 0;
        ++y;
      }
    }
    left += (widthOf(glyph) + kBetween) * scale;
  }
}

}  // namespace loom
