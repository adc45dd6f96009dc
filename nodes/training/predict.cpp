// denoise.batch: one call of a denoiser with a timestep of its own for each picture.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/node/exec.h"
#include "engine/random/stream.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Denoiser> denoiser{"denoiser", "Net to ask"};
constexpr In<Latent> x_t{"x_t", "Noisy pictures, float32 [batch, C, H, W]"};
constexpr In<at::Tensor> timesteps{"timesteps", "Timestep of each picture, int64 [batch]"};
constexpr In<Real> dropout{
    "dropout", "Chance of a feature to be dropped; 0 while sampling", {.min = 0, .max = 0.99}};
constexpr In<Seed> seed{"seed", "Start of the random stream of dropout"};
constexpr Out<Prediction> prediction{"prediction",
                                     "The net's answer; gradients flow through it in a training zone"};

uint64_t dropoutSeed(const Exec& x) {
  const PhiloxWords words = wordsOf(streamOf(x, x.get(seed)), 0, 0);
  return uint64_t{words[1]} << 32 | words[0];
}

void execute(Exec& x) {
  const DenoiserNet& net = *x.get(denoiser).net;
  const at::Tensor& pictures = x.get(x_t).x;
  const at::Tensor& t = x.get(timesteps);
  if (pictures.dim() != 4 || pictures.size(1) != net.channels())
    throw Error(
        "", x_t.id,
        "the net takes [batch, " + std::to_string(net.channels()) + ", H, W]; this is " + describe(pictures));
  if (t.dim() != 1 || t.size(0) != pictures.size(0))
    throw Error("", timesteps.id, "one timestep a picture is needed; these are " + describe(t));
  const at::Tensor out =
      net.forward(pictures, net.embedTime(t),
                  {.compute = x.policy().compute, .dropout = x.get(dropout), .dropoutSeed = dropoutSeed(x)});
  Prediction answer{.mean = out, .variance = {}};
  if (net.outChannels() == 2 * net.channels()) {
    answer.mean = out.narrow(1, 0, net.channels());
    answer.variance = out.narrow(1, net.channels(), net.channels());
  }
  x.set(prediction, std::move(answer));
}

void infer(Infer& i) {
  const Spec &pictures = i.in(x_t), &t = i.in(timesteps);
  if (pictures.shape && pictures.shape->size() != 4)
    i.refuse(x_t, "[batch, C, H, W] is needed, not " + pictures.text());
  if (pictures.shape && !t.shapeFits({pictures.shape->front()}))
    i.refuse(timesteps,
             "one timestep a picture is needed: x_t is " + pictures.text() + ", timesteps are " + t.text());
  i.out(prediction).shape = pictures.shape;
  i.out(prediction).dtype = at::kFloat;
}

void fingerprint(Exec& x, KeyBuilder& key) { key.add(x.path()); }

}  // namespace

NodeType denoiseBatch() {
  NodeType type = makeNode("denoise.batch", "Denoise a training batch",
                           "Asks a denoiser about pictures that are at different timesteps, as in training.",
                           execute, denoiser, x_t, timesteps, dropout, seed, prediction);
  type.infer = infer;
  type.fingerprint = fingerprint;
  type.usesStep = true;
  return type;
}

}  // namespace loom
