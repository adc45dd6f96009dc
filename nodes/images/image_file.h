#pragma once
// Picture files of all kinds, by content when read and by extension when written. PNG is always there; JPEG
// and WebP need the OpenCV module. Free functions, safe on any thread; throw Error.
#include <ATen/core/Tensor.h>

#include <filesystem>

#include "nodes/images/png_file.h"

namespace loom {

/// RGB, uint8 [3, H, W]; grey is tripled, alpha laid over white, 16 bits rounded.
at::Tensor readPicture(const std::filesystem::path& path);
/// The same as float32 in [0, 1], with all of the 16 bits.
at::Tensor readPictureAsFloat(const std::filesystem::path& path);

/// float [...] in [0, 1] -> uint8, rounded to nearest; outside is clamped, NaN is 0.
at::Tensor toBytes(const at::Tensor& pixels);

struct SaveOptions {
  int quality = 95;  // JPEG and WebP
  PngText text;      // PNG only: the others drop it
};
/// pixels uint8 [1 or 3, H, W]. Whole or not at all.
void writePicture(const std::filesystem::path& path, const at::Tensor& pixels, const SaveOptions& options);

}  // namespace loom
