// schedule.respaced: the schedule that a subsequence of timesteps makes.
#include "engine/node/exec.h"
#include "nodes/schedules/schedule.h"

namespace loom {
namespace {

constexpr In<Schedule> schedule{"schedule", "Noise schedule the model was trained with"};
constexpr In<Timesteps> timesteps{"timesteps", "The timesteps that are taken"};
constexpr Out<Schedule> result{"respaced", "Schedule of those steps alone, β'_i = 1 − ᾱ_i / ᾱ_{i−1}"};

void execute(Exec& x) { x.set(result, respaced(x.get(schedule), x.get(timesteps))); }

void infer(Infer& i) {
  i.out(result).shape = i.in(timesteps).shape;
  i.out(result).dtype = at::kDouble;
}

}  // namespace

NodeType respacedSchedule() {
  NodeType type = makeNode("schedule.respaced", "Respaced schedule",
                           "The schedule over a subsequence of timesteps, as improved-diffusion respaces it. "
                           "To look at, and for models "
                           "that were distilled to few steps: the step nodes respace by themselves.",
                           execute, schedule, timesteps, result);
  type.infer = infer;
  return type;
}

}  // namespace loom
