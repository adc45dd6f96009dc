// train.q_sample: noises pictures to given timesteps.
#include "nodes/samplers/q_sample.h"
#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<Latent> x0{"x0", "Clean pictures or latents, float32 [batch, C, H, W]"};
constexpr In<Noise> noise{"noise", "Unit normal noise of the same shape"};
constexpr In<Schedule> schedule{"schedule", "Noise schedule"};
constexpr In<at::Tensor> timesteps{"timesteps", "Timestep of each picture, int64 [batch]"};
constexpr Out<Latent> x_t{"x_t", "√ᾱ_t x_0 + √(1 − ᾱ_t) ε"};

void execute(Exec& x) {
  const at::Tensor& clean = x.get(x0).x;
  const at::Tensor& z = x.get(noise).z;
  const at::Tensor& t = x.get(timesteps);
  if (clean.sizes() != z.sizes())
    throw Error("", noise.id, "is " + describe(z) + ", but x0 is " + describe(clean));
  if (clean.dim() < 1 || t.dim() != 1 || t.size(0) != clean.size(0))
    throw Error(
        "", timesteps.id,
        "one timestep a picture is needed: x0 is " + describe(clean) + ", timesteps are " + describe(t));
  x.set(x_t, Latent{qSample(x.get(schedule), clean, t, z)});
}

void infer(Infer& i) {
  const Spec &clean = i.in(x0), &z = i.in(noise), &t = i.in(timesteps);
  if (clean.shape && !z.shapeFits(*clean.shape))
    i.refuse(noise, "is " + z.text() + ", but x0 is " + clean.text());
  if (clean.shape && !t.shapeFits({clean.shape->front()}))
    i.refuse(timesteps,
             "one timestep a picture is needed: x0 is " + clean.text() + ", timesteps are " + t.text());
  i.out(x_t).shape = clean.shape;
  i.out(x_t).dtype = at::kFloat;
}

}  // namespace

NodeType trainQSample() {
  NodeType type =
      makeNode("train.q_sample", "Add noise", "Noises pictures as the forward process does: q(x_t | x_0).",
               execute, x0, noise, schedule, timesteps, x_t);
  type.infer = infer;
  return type;
}

}  // namespace loom
