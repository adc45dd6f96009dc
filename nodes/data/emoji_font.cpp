#include "nodes/data/emoji_font.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include <hb-ot.h>
#include <hb.h>

#include <algorithm>

#include "engine/core/error.h"

namespace loom {

struct EmojiFont::State {
  FT_Library library = nullptr;
  FT_Face face = nullptr;
  hb_font_t* font = nullptr;
  ~State() {
    if (font) hb_font_destroy(font);
    if (face) FT_Done_Face(face);
    if (library) FT_Done_FreeType(library);
  }
};

namespace {

constexpr FT_Pos kMostPixels = 4096;  // per side, of one bitmap

hb_font_t* shapingFont(std::span<const uint8_t> bytes) {
  hb_blob_t* blob =
      hb_blob_create(reinterpret_cast<const char*>(bytes.data()), static_cast<unsigned>(bytes.size()),
                     HB_MEMORY_MODE_READONLY, nullptr, nullptr);
  hb_face_t* face = hb_face_create(blob, 0);
  hb_font_t* font = hb_font_create(face);
  hb_ot_font_set_funcs(font);
  hb_face_destroy(face);
  hb_blob_destroy(blob);
  return font;
}

// Premultiplied BGRA over white: c + (255 - alpha).
uint8_t overWhite(uint8_t colour, uint8_t alpha) {
  return static_cast<uint8_t>(std::min(255, colour + 255 - alpha));
}

}  // namespace

EmojiFont::EmojiFont(std::span<const uint8_t> bytes) : state_(std::make_unique<State>()) {
  if (FT_Init_FreeType(&state_->library)) throw Error("FreeType does not start");
  if (FT_New_Memory_Face(state_->library, bytes.data(), static_cast<FT_Long>(bytes.size()), 0, &state_->face))
    throw Error("this is not a font that FreeType can read");
  if (!FT_HAS_COLOR(state_->face) || state_->face->num_fixed_sizes < 1)
    throw Error("this font has no colour bitmaps; Noto Color Emoji in its bitmap form has");
  if (FT_Select_Size(state_->face, 0)) throw Error("the font's bitmaps can't be selected");
  state_->font = shapingFont(bytes);
}

EmojiFont::~EmojiFont() = default;

uint32_t EmojiFont::glyphOf(const std::u32string& codes) const {
  hb_buffer_t* buffer = hb_buffer_create();
  hb_buffer_add_utf32(buffer, reinterpret_cast<const uint32_t*>(codes.data()), static_cast<int>(codes.size()),
                      0, static_cast<int>(codes.size()));
  hb_buffer_guess_segment_properties(buffer);
  // Variation selectors have no picture of their own.
  hb_buffer_set_flags(buffer, HB_BUFFER_FLAG_REMOVE_DEFAULT_IGNORABLES);
  hb_shape(state_->font, buffer, nullptr, 0);
  unsigned count = 0;
  const hb_glyph_info_t* glyphs = hb_buffer_get_glyph_infos(buffer, &count);
  const uint32_t glyph = count == 1 ? glyphs[0].codepoint : 0;
  hb_buffer_destroy(buffer);
  return glyph;
}

Canvas EmojiFont::render(uint32_t glyph) const {
  if (FT_Load_Glyph(state_->face, glyph, FT_LOAD_COLOR))
    throw Error("glyph " + std::to_string(glyph) + " can't be read");
  const FT_GlyphSlot slot = state_->face->glyph;
  const FT_Bitmap& bitmap = slot->bitmap;
  if (slot->format != FT_GLYPH_FORMAT_BITMAP || bitmap.pixel_mode != FT_PIXEL_MODE_BGRA)
    throw Error("glyph " + std::to_string(glyph) + " is no colour bitmap");
  const int64_t w = bitmap.width, h = bitmap.rows, side = std::max(w, h);
  if (side < 1 || side > kMostPixels)
    throw Error("glyph " + std::to_string(glyph) + " has a bitmap of no sensible size");
  Canvas canvas{side, side, std::vector<uint8_t>(static_cast<size_t>(side * side * 3), 255)};
  const int64_t left = (side - w) / 2, top = (side - h) / 2;
  for (int64_t y = 0; y < h; ++y) {
    const uint8_t* from = bitmap.buffer + y * bitmap.pitch;
    uint8_t* to = canvas.rgb.data() + ((top + y) * side + left) * 3;
    for (int64_t x = 0; x < w; ++x, from += 4, to += 3)
      for (int c = 0; c < 3; ++c) to[c] = overWhite(from[2 - c], from[3]);
  }
  return canvas;
}

}  // namespace loom
