#pragma once
// Captions in pictures, in a small bitmap font of our own, so that a server without any font can write them.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string_view>

namespace loom {

inline constexpr int64_t kCaptionHeight = 9;  // pixels at scale 1: seven above the baseline, two below

/// Width of a line of text in pixels at scale 1. Text is UTF-8; what the font lacks is a hollow box.
int64_t captionWidth(std::string_view text);

/// Writes a line into picture float [C, H, W] (in place, CPU), its top left corner at (left, top); what lies
/// outside is cut off.
void drawCaption(at::Tensor& picture, std::string_view text, int64_t left, int64_t top, int64_t scale,
                 float ink);

}  // namespace loom
