// image.to_latent: colours to the numbers a model in pixel space works on.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Image> image{"image", "Pictures, float32 [B, C, H, W] in [0, 1]"};
constexpr Out<Latent> latent{"latent",
                             "x = 2 image - 1, float32 [B, C, H, W] in [-1, 1], on the run's device"};

void execute(Exec& x) {
  x.set(latent, Latent{x.get(image).pixels.to(x.policy().device, at::kFloat).mul(2).sub(1)});
}

void infer(Infer& i) {
  i.out(latent).shape = i.in(image).shape;
  i.out(latent).dtype = at::kFloat;
}

}  // namespace

NodeType imageToLatent() {
  NodeType type = makeNode("image.to_latent", "Image to latent",
                           "Turns a picture into x in pixel space: 2 image - 1.", execute, image, latent);
  type.infer = infer;
  return type;
}

}  // namespace loom
