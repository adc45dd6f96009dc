#include "nodes/images/picture_header.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace loom {
namespace {

/// Bytes that can be asked for beyond the end, and are zero there.
struct Bytes {
  std::span<const std::byte> all;
  int64_t at(size_t i) const { return i < all.size() ? std::to_integer<int64_t>(all[i]) : 0; }
  int64_t big16(size_t i) const { return at(i) << 8 | at(i + 1); }
  int64_t big32(size_t i) const { return big16(i) << 16 | big16(i + 2); }
  int64_t little16(size_t i) const { return at(i) | at(i + 1) << 8; }
  int64_t little24(size_t i) const { return little16(i) | at(i + 2) << 16; }
  int64_t little32(size_t i) const { return little16(i) | little16(i + 2) << 16; }
  bool has(size_t i, std::string_view text) const {
    if (i + text.size() > all.size()) return false;
    return std::string_view(reinterpret_cast<const char*>(all.data()) + i, text.size()) == text;
  }
};

// ITU T.81, B.2: segments until a frame header, which holds the size.
std::optional<PictureHeader> jpegHeader(const Bytes& b) {
  size_t at = 2;
  while (at + 9 < b.all.size()) {
    if (b.at(at) != 0xFF) return std::nullopt;
    const int64_t marker = b.at(at + 1);
    if (marker == 0xFF) {  // fill
      ++at;
      continue;
    }
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) return PictureHeader{PictureFormat::jpeg, b.big16(at + 7), b.big16(at + 5)};
    if (marker == 0xD9 || marker == 0xDA || b.big16(at + 2) < 2) return std::nullopt;
    at += 2 + static_cast<size_t>(b.big16(at + 2));
  }
  return std::nullopt;
}

// RFC 9649: the three kinds of first chunk.
std::optional<PictureHeader> webpHeader(const Bytes& b) {
  if (b.all.size() < 30) return std::nullopt;
  if (b.has(12, "VP8X")) return PictureHeader{PictureFormat::webp, b.little24(24) + 1, b.little24(27) + 1};
  if (b.has(12, "VP8L")) {
    const int64_t sizes = b.little32(21);
    return PictureHeader{PictureFormat::webp, (sizes & 0x3FFF) + 1, (sizes >> 14 & 0x3FFF) + 1};
  }
  if (b.has(12, "VP8 "))
    return PictureHeader{PictureFormat::webp, b.little16(26) & 0x3FFF, b.little16(28) & 0x3FFF};
  return std::nullopt;
}

}  // namespace

std::optional<PictureHeader> readPictureHeader(std::span<const std::byte> bytes) {
  const Bytes b{bytes};
  if (b.has(0, {"\x89PNG\r\n\x1a\n", 8}) && bytes.size() >= 24)
    return PictureHeader{PictureFormat::png, b.big32(16), b.big32(20)};
  if (b.has(0, "\xFF\xD8\xFF")) return jpegHeader(b);
  if (b.has(0, "RIFF") && b.has(8, "WEBP")) return webpHeader(b);
  return std::nullopt;
}

std::optional<PictureFormat> formatOf(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".png") return PictureFormat::png;
  if (extension == ".jpg" || extension == ".jpeg") return PictureFormat::jpeg;
  if (extension == ".webp") return PictureFormat::webp;
  return std::nullopt;
}

}  // namespace loom
