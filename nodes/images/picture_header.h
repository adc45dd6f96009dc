#pragma once
// What kind of picture some bytes are and how large, before a decoder sees them.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

namespace loom {

enum class PictureFormat { png, jpeg, webp };

struct PictureHeader {
  PictureFormat format = PictureFormat::png;
  int64_t width = 0, height = 0;
};
/// Empty for what is none of the formats or is cut off before its size.
std::optional<PictureHeader> readPictureHeader(std::span<const std::byte> bytes);

/// By the name's extension, any case; empty for others.
std::optional<PictureFormat> formatOf(const std::filesystem::path& path);

}  // namespace loom
