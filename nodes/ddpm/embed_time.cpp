// denoiser.time: what a network makes of t, to look at and to compare.
#include "engine/node/exec.h"
#include "nodes/ddpm/unet.h"

namespace loom {
namespace {

constexpr In<Denoiser> denoiser{"denoiser", "The network"};
constexpr In<at::Tensor> timesteps{"timesteps",
                                   "Timesteps [N], whole or, where the network takes them, between"};
constexpr Out<at::Tensor> embedding{"embedding", "Its embedding of each, float32 [N, E]"};

void execute(Exec& x) {
  const Denoiser& d = x.get(denoiser);
  if (!d.net) throw Error("", denoiser.id, "holds no network.");
  const at::Tensor& t = x.get(timesteps);
  if (t.dim() != 1)
    throw Error("", timesteps.id, "a list of timesteps [N] is needed; this is " + describe(t) + ".");
  // What the blocks of a U-Net take is many times as long; the embedding itself is what papers call so.
  const auto* unet = dynamic_cast<const UNet*>(d.net.get());
  x.set(embedding, unet ? unet->timeEmbedding(t) : d.net->embedTime(t));
}

void infer(Infer& i) {
  const Spec& t = i.in(timesteps);
  if (t.shape && t.shape->size() != 1)
    i.refuse(timesteps, "a list of timesteps [N] is needed; this is " + t.text() + ".");
  if (t.shape) i.out(embedding).shape = std::vector<Dim>{t.shape->front(), "embedding"};
  i.out(embedding).dtype = at::kFloat;
}

}  // namespace

NodeType denoiserTime() {
  NodeType type = makeNode("denoiser.time", "Time embedding", "Shows what a network makes of a timestep.",
                           execute, denoiser, timesteps, embedding);
  type.infer = infer;
  return type;
}

}  // namespace loom
