// image.from_latent: numbers to colours.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/images/picture_range.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Latent> latent{"latent", "x in pixel space, float32 [B, C, H, W]"};
constexpr In<Choice> range{
    "range",
    "Which numbers are black and white; \"own\" takes each picture's smallest and largest",
    {.value = 0, .names = {kRangeNames[0], kRangeNames[1], kRangeNames[2]}}};
constexpr Out<Image> image{"image", "Pictures, float32 [B, 1 or 3, H, W] in [0, 1]"};

void execute(Exec& x) {
  const at::Tensor colours = asColours(x.get(latent).x);
  x.set(image, Image{toUnitRange(colours, x.get(range).as<PictureRange>())});
}

void infer(Infer& i) {
  const Spec& in = i.in(latent);
  if (in.shape && in.shape->size() != 4) i.refuse(latent, "a picture is [B, C, H, W], this is " + in.text());
  i.out(image).dtype = at::kFloat;
  if (!in.shape) return;
  i.out(image).shape = in.shape;
  Dim& channels = (*i.out(image).shape)[1];
  if (channels.known() && channels.size != 1) channels = Dim(3);
}

}  // namespace

NodeType imageFromLatent() {
  NodeType type =
      makeNode("image.from_latent", "Latent to image",
               "Turns x in pixel space into a picture: (x + 1) / 2, clamped. Of more than three channels "
               "the first three are shown.",
               execute, latent, range, image);
  type.infer = infer;
  return type;
}

}  // namespace loom
