#pragma once
// A small picture of a value, for somebody who looks at a run: RGBA, 8 bits. Reduced where the value lives,
// so that an accelerator sends a few thousand bytes and not the whole tensor. Pure functions, on any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/values/value.h"

namespace loom {

enum class PreviewKind {
  automatic,     // picture where the type has one; else 1 or 3 channels normalised, others in false colours
  picture,       // as the type says that it looks (TypeInfo::picture)
  normalised,    // 1 channel grey or 3 as RGB, the range shown from black to white; others: their mean
  false_colour,  // the channels' mean, the range shown from dark blue to yellow
  channels       // each channel of the first sample a tile of its own, in false colours
};
/// "automatic", "picture", "normalised", "false_colour", "channels". Of a name, throws Error.
std::string previewKindName(PreviewKind kind);
PreviewKind previewKindOf(const std::string& name);

struct PreviewOptions {
  int64_t longestSide = 128;  // at most so many pixels of the whole, 1 to 4096
  int64_t samples = 1;        // tiles: the first of the batch, 1 to 256; `channels`: always its first 64
  PreviewKind kind = PreviewKind::automatic;
  std::optional<double> low = {},
                        high = {};  // the range shown of numbers; usually their smallest and largest
};

struct Preview {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> rgba;      // rows from the top; alpha is 255, and 0 where the grid has no tile
  int64_t columns = 1, rows = 1;  // tiles, of equal size
  PreviewKind kind = PreviewKind::picture;  // what it was made as; never automatic
  double low = 0, high = 1;                 // the numbers that the darkest and the brightest colour stand for
};

/// Tensors [W], [H, W], [3, H, W], [N, H, W], [..., C, H, W] of any real dtype, on any device. Reduced by the
/// mean of the pixels that one covers, and never enlarged: who shows it does that. A pixel over a NaN or an
/// infinity is magenta, which no map here has otherwise. Throws Error where there is nothing to look at (a
/// number, an empty tensor, no tensor at all), and on options that are none.
Preview previewOf(const Value& value, const PreviewOptions& options = {});

}  // namespace loom
