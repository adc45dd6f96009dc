#pragma once
// PNG files: pictures, and the texts that travel in them. A file is a stranger's: sizes are checked before
// anything is allocated. Free functions, safe on any thread; all throw Error, whose message begins with the
// file's name where there is one.
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace loom {

/// UTF-8 by keyword; Latin-1 chunks are converted, what a stranger calls UTF-8 is handed on as it is.
using PngText = std::map<std::string, std::string>;

inline constexpr int64_t kMostPictureSide = 32768;  // pixels
inline constexpr int64_t kMostPicturePixels = int64_t{1} << 28;
inline constexpr size_t kMostPngText = 16 << 20;  // bytes, uncompressed, all texts of a file together

/// uint8 [C, H, W]; float32 in [0, 1] where the file has 16 bits. C is 1 (grey), 2 (grey, alpha), 3 (RGB) or
/// 4 (RGBA).
at::Tensor decodePng(std::span<const std::byte> bytes);
at::Tensor readPng(const std::filesystem::path& path);

/// All texts (tEXt, zTXt, iTXt) of a file, whose pixels are not looked at. The last of equal keywords counts.
PngText decodePngText(std::span<const std::byte> bytes);
PngText readPngText(const std::filesystem::path& path);

/// pixels uint8 [C, H, W], C from 1 to 4, any device.
std::vector<std::byte> encodePng(const at::Tensor& pixels, const PngText& text = {});
/// Whole or not at all.
void writePng(const std::filesystem::path& path, const at::Tensor& pixels, const PngText& text = {});

}  // namespace loom
