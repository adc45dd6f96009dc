// schedule.timesteps: which steps of a schedule a sampler takes.
#include "engine/node/exec.h"
#include "nodes/schedules/timesteps.h"

namespace loom {
namespace {

constexpr In<Schedule> schedule{"schedule", "Noise schedule the model was trained with"};
constexpr In<Int> steps{"steps",
                        "Steps to take, S; with spacing all every step is taken",
                        {.value = 50, .min = 1, .max = 1000000}};
constexpr In<Choice> spacing{
    "spacing",
    "all: every step. uniform: range(0, T, T // S) (DDIM, LDM). quadratic: closer together near 0 (DDIM). "
    "leading, "
    "trailing, linspace: as diffusers. spaced: as improved-diffusion, DiT and MAR",
    {.value = 1, .names = {"all", "uniform", "quadratic", "leading", "trailing", "linspace", "spaced"}}};
constexpr In<Int> offset{
    "offset", "Added to every timestep; LDM and Stable Diffusion: 1", {.value = 0, .min = 0, .max = 1000000}};
constexpr Out<Timesteps> timesteps{"timesteps", "Descending timesteps; a zone goes over them"};

void execute(Exec& x) {
  x.set(timesteps,
        spacedTimesteps(x.get(schedule).steps(), x.get(steps), x.get(spacing).as<Spacing>(), x.get(offset)));
}

void infer(Infer& i) {
  const Spec& known = i.in(schedule);
  const Int *S = i.constant(steps), *shift = i.constant(offset);
  const Choice* how = i.constant(spacing);
  if (!known.shape || known.shape->size() != 1 || !known.shape->front().known() || !S || !shift || !how)
    return;
  try {
    const Timesteps taken = spacedTimesteps(known.shape->front().size, *S, how->as<Spacing>(), *shift);
    i.out(timesteps).shape = std::vector<Dim>{static_cast<int64_t>(taken.t.size())};
  } catch (const Error& error) {
    i.refuse(steps, error.what());
  }
}

}  // namespace

NodeType scheduleTimesteps() {
  NodeType type =
      makeNode("schedule.timesteps", "Timesteps", "Chooses the timesteps a sampler takes, most noise first.",
               execute, schedule, steps, spacing, offset, timesteps);
  type.infer = infer;
  return type;
}

}  // namespace loom
