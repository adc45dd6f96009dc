// schedule.timesteps: which steps of a schedule a sampler takes.
#include <algorithm>

#include "engine/node/exec.h"
#include "nodes/schedules/timesteps.h"

namespace loom {
namespace {

enum class Next { listed, even };

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
constexpr In<Choice> next{"next",
                          "Where a step leads. listed: to the next timestep. even: T // S down, as "
                          "diffusers' DDIM goes whatever the spacing",
                          {.value = 0, .names = {"listed", "even"}}};
constexpr Out<Timesteps> timesteps{"timesteps", "Descending timesteps; a zone goes over them"};

void execute(Exec& x) {
  const int64_t T = x.get(schedule).steps(), S = x.get(steps);
  Timesteps taken = spacedTimesteps(T, S, x.get(spacing).as<Spacing>(), x.get(offset));
  if (x.get(next).as<Next>() == Next::even) taken.stride = std::max<int64_t>(T / S, 1);
  x.set(timesteps, std::move(taken));
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
               execute, schedule, steps, spacing, offset, next, timesteps);
  type.infer = infer;
  return type;
}

}  // namespace loom
