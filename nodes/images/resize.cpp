// image.resize: pictures of another size.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/images/png_file.h"
#include "nodes/images/resample.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Image> image{"image", "Pictures, float32 [B, C, H, W]"};
constexpr In<Int> width{"width", "Pixels across", {.value = 256, .min = 1, .max = kMostPictureSide}};
constexpr In<Int> height{"height", "Pixels down", {.value = 256, .min = 1, .max = kMostPictureSide}};
constexpr In<Choice> filter{
    "filter",
    "area: exact mean, best for shrinking; bilinear and bicubic: smooth; nearest: keeps pixels",
    {.value = 0, .names = {"area", "bilinear", "bicubic", "nearest"}}};
constexpr Out<Image> out{"image", "Pictures, float32 [B, C, height, width] in [0, 1]"};

void execute(Exec& x) {
  const int64_t h = x.get(height), w = x.get(width);
  if (h * w > kMostPicturePixels)
    throw Error("", width.id,
                std::to_string(w) + "×" + std::to_string(h) + " is more than a picture may have");
  x.set(out, Image{resample(x.get(image).pixels, h, w, x.get(filter).as<Filter>()).clamp(0, 1)});
}

void infer(Infer& i) {
  const Spec& in = i.in(image);
  const Int *h = i.constant(height), *w = i.constant(width);
  const bool known = in.shape && in.shape->size() == 4;
  i.out(out).shape = {{known ? (*in.shape)[0] : Dim("batch"), known ? (*in.shape)[1] : Dim("channels"),
                       h ? Dim(*h) : Dim("height"), w ? Dim(*w) : Dim("width")}};
  i.out(out).dtype = at::kFloat;
}

}  // namespace

NodeType imageResize() {
  NodeType type = makeNode("image.resize", "Resize image", "Changes the size of pictures.", execute, image,
                           width, height, filter, out);
  type.infer = infer;
  return type;
}

}  // namespace loom
