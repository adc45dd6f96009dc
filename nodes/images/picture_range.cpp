#include "nodes/images/picture_range.h"

#include <ATen/ATen.h>

#include "engine/core/error.h"
#include "engine/values/tensors.h"
#include "nodes/images/image_file.h"

namespace loom {

at::Tensor toUnitRange(const at::Tensor& x, PictureRange range) {
  if (!x.defined() || x.dim() != 4) throw Error("pictures are [B, C, H, W], this is " + describe(x));
  at::Tensor y = x.to(at::kFloat);
  switch (range) {
    case PictureRange::twoSided:
      y = (y + 1) / 2;
      break;
    case PictureRange::unit:
      break;
    case PictureRange::ownRange: {
      y = y.nan_to_num(0.0, 0.0, 0.0);
      if (y.numel() == 0) break;
      const at::Tensor low = y.amin({1, 2, 3}, true), high = y.amax({1, 2, 3}, true);
      y = (y - low) / (high - low).clamp_min(1e-12);
      break;
    }
  }
  return y.nan_to_num(0.0, 1.0, 0.0).clamp(0, 1);
}

at::Tensor asColours(const at::Tensor& x) {
  const int64_t channels = x.size(1);
  if (channels == 1 || channels == 3) return x;
  if (channels > 3) return x.narrow(1, 0, 3);
  if (channels < 1) throw Error("a picture without channels can't be shown: " + describe(x));
  return at::cat({x, x.narrow(1, 1, 1)}, 1);
}

at::Tensor asRgbBytes(const at::Tensor& x) {
  const at::Tensor bytes = toBytes(x);
  std::vector<int64_t> sizes = bytes.sizes().vec();
  sizes[sizes.size() - 3] = 3;
  return bytes.expand(sizes);
}

}  // namespace loom
