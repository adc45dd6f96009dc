#pragma once
// A film strip: one row of pictures a recording, its steps from left to right, with captions.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/values/tensors.h"
#include "nodes/images/picture_range.h"

namespace loom {

/// `count` of the numbers 0 to total - 1, as evenly as it goes, with the first and the last; all of them
/// where count is larger or 0.
std::vector<int64_t> evenly(int64_t total, int64_t count);

struct StripRow {
  std::string name;                  // left of the row, may be empty
  std::vector<std::string> labels;   // above its pictures, may be empty
  std::vector<at::Tensor> pictures;  // float32 [1 or 3, H, W] in [0, 1], CPU, all of one size
};

struct StripLook {
  int64_t gap = 4;        // pixels between pictures, and around the strip
  int64_t scale = 1;      // each pixel becomes scale x scale
  double background = 1;  // 0 black to 1 white; writing is in contrast to it
};

/// float32 [3, H, W]. Labels that equal those of the row above are written once. Throws Error when there is
/// nothing to show or the strip would be larger than a picture may be.
at::Tensor filmStrip(const std::vector<StripRow>& rows, const StripLook& look);

/// The tensor [B, C, H, W] that a recording's frame holds; throws Error naming the frame when it has none.
const at::Tensor& framePictures(const Recording& recording, int64_t frame);

/// One row: chosen frames of one picture of the batch, labelled with the steps taken (the zone's index + 1).
StripRow stripRow(const Recording& recording, const std::vector<int64_t>& frames, int64_t sample,
                  PictureRange range);

}  // namespace loom
