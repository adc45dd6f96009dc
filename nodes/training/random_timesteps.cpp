// train.timesteps: which timestep each picture of a batch is noised to.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/node/exec.h"
#include "engine/random/stream.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

enum class Spread { independent, stratified };

constexpr In<Schedule> schedule{"schedule", "Noise schedule; t is below its number of steps"};
constexpr In<Int> batch{"batch", "Pictures a step", {.value = 64, .min = 1, .max = 65536}};
constexpr In<Seed> seed{"seed", "Start of the random stream"};
constexpr In<Choice> spread{
    "spread",
    "independent: each t on its own. stratified: evenly spread over the batch, for a calmer loss",
    {.value = 0, .names = {"independent", "stratified"}}};
constexpr Out<at::Tensor> timesteps{"timesteps", "Uniform on 0 to T − 1, int64 [batch]"};

void execute(Exec& x) {
  const int64_t steps = x.get(schedule).steps(), count = x.get(batch);
  if (steps < 1) throw Error("", schedule.id, "has no steps");
  const Stream stream = streamOf(x, x.get(seed));
  at::Tensor t;
  if (x.get(spread).as<Spread>() == Spread::stratified) {
    // t_i = ⌊T · frac(u + i / B)⌋ (Kingma et al. 2021, "Variational diffusion models", appendix I.1).
    const at::Tensor place = uniform(stream, {1}).to(at::kDouble) + at::arange(count, at::kDouble) / count;
    t = ((place - place.floor()) * steps).to(at::kLong).clamp_max_(steps - 1);
  } else {
    t = integers(stream, 0, steps, {count});
  }
  x.set(timesteps, t.to(x.policy().device));
}

void infer(Infer& i) {
  const Int* count = i.constant(batch);
  i.out(timesteps).shape = {{count ? Dim(*count) : Dim("batch")}};
  i.out(timesteps).dtype = at::kLong;
}

void fingerprint(Exec& x, KeyBuilder& key) { key.add(x.path()); }

}  // namespace

NodeType trainTimesteps() {
  NodeType type =
      makeNode("train.timesteps", "Random timesteps", "A timestep for each picture of a training batch.",
               execute, schedule, batch, seed, spread, timesteps);
  type.infer = infer;
  type.fingerprint = fingerprint;
  type.usesStep = true;
  return type;
}

}  // namespace loom
