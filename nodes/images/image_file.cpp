#include "nodes/images/image_file.h"

#include <ATen/ATen.h>

#include "engine/core/error.h"
#include "engine/files/atomic_file.h"
#include "engine/files/mapped_file.h"
#include "nodes/images/opencv_library.h"
#include "nodes/images/picture_header.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

// uint8, or float32 in [0, 1], [C, H, W] with C from 1 to 4.
at::Tensor decoded(std::span<const std::byte> bytes) {
  const auto header = readPictureHeader(bytes);
  if (!header) throw Error("this is neither a PNG nor a JPEG nor a WebP");
  if (header->format == PictureFormat::png) return decodePng(bytes);
  const int64_t w = header->width, h = header->height;
  if (w < 1 || h < 1 || w > kMostPictureSide || h > kMostPictureSide || w * h > kMostPicturePixels)
    throw Error("a picture of " + std::to_string(w) + "×" + std::to_string(h) +
                " is not read: the limits are " + std::to_string(kMostPictureSide) + " pixels a side and " +
                std::to_string(kMostPicturePixels >> 20) + " million in all");
  return decodeWithOpenCv(bytes);
}

at::Tensor readAny(const fs::path& path) {
  const auto file = MappedFile::open(path);
  try {
    return decoded(file->bytes());
  } catch (const Error& error) {
    throw Error(file->name() + ": " + error.what());
  }
}

bool isPlainRgb(const at::Tensor& pixels) { return pixels.scalar_type() == at::kByte && pixels.size(0) == 3; }

at::Tensor rgbAsFloat(const at::Tensor& any) {
  at::Tensor pixels = any.scalar_type() == at::kByte ? any.to(at::kFloat).div_(255) : any;
  const int64_t channels = pixels.size(0);
  if (channels == 2 || channels == 4) {
    const at::Tensor alpha = pixels.narrow(0, channels - 1, 1);
    pixels = pixels.narrow(0, 0, channels - 1) * alpha + (1 - alpha);
  }
  return pixels.expand({3, -1, -1}).contiguous();
}

}  // namespace

at::Tensor readPicture(const fs::path& path) {
  const at::Tensor pixels = readAny(path);
  return isPlainRgb(pixels) ? pixels : toBytes(rgbAsFloat(pixels));
}

at::Tensor readPictureAsFloat(const fs::path& path) { return rgbAsFloat(readAny(path)); }

at::Tensor toBytes(const at::Tensor& pixels) {
  return pixels.to(at::kFloat).nan_to_num(0.0, 1.0, 0.0).clamp(0, 1).mul(255).round().to(at::kByte);
}

void writePicture(const fs::path& path, const at::Tensor& pixels, const SaveOptions& options) {
  const auto format = formatOf(path);
  if (!format)
    throw Error("pictures are saved as .png, .jpg or .webp, not as \"" + path.extension().string() + "\"");
  if (*format == PictureFormat::png) return writePng(path, pixels, options.text);
  constexpr int64_t kMostWebp = 16383;
  if (*format == PictureFormat::webp && (pixels.size(1) > kMostWebp || pixels.size(2) > kMostWebp))
    throw Error("a WebP is at most 16,383 pixels a side; save a .png");
  const at::Tensor rgb = pixels.size(0) == 1 ? pixels.expand({3, -1, -1}) : pixels;
  writeAtomically(path,
                  encodeWithOpenCv(rgb, *format == PictureFormat::webp ? ".webp" : ".jpg", options.quality));
}

}  // namespace loom
