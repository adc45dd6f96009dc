// schedule.noise: the tables of a noise schedule.
#include "engine/node/exec.h"
#include "nodes/schedules/schedule.h"

namespace loom {
namespace {

constexpr int64_t kMostSteps = 1000000;

constexpr In<Choice> kind{
    "kind",
    "How β grows. linear: evenly (Ho et al.; LDM's sqrt_linear). scaled_linear: √β evenly (Stable Diffusion; "
    "LDM's "
    "linear, Ho's quad). cosine: Nichol & Dhariwal. sqrt: root of a ramp (LDM). constant: beta_end. jsd: 1/T "
    "… 1. "
    "sigmoid: ermongroup/ddim",
    {.value = 0, .names = {"linear", "scaled_linear", "cosine", "sqrt", "constant", "jsd", "sigmoid"}}};
constexpr In<Int> steps{
    "steps", "Steps the model was trained with, T", {.value = 1000, .min = 1, .max = kMostSteps}};
constexpr In<Real> betaStart{
    "beta_start", "β of the first step (linear, scaled_linear, sqrt)", {.value = 1e-4, .min = 0, .max = 1}};
constexpr In<Real> betaEnd{"beta_end", "β of the last step", {.value = 0.02, .min = 0, .max = 1}};
constexpr In<Real> cosineS{"cosine_s", "Offset of the cosine, s", {.value = 0.008, .min = 0, .max = 1}};
constexpr In<Real> vPosterior{
    "v_posterior", "LDM: posterior variance (1 − v) β̃ + v β", {.value = 0, .min = 0, .max = 1}};
constexpr In<Choice> precision{
    "precision",
    "Of the tables, as upstream makes them: float64; float32_beta: β as a float32 ramp, then double "
    "(w86763777/pytorch-ddpm); float32: ᾱ too (ermongroup/ddim, diffusers)",
    {.value = 0, .names = {"float64", "float32_beta", "float32"}}};
constexpr In<Bool> zeroSnr{
    "zero_terminal_snr",
    "Shifts √ᾱ until nothing of the picture is left at the last step; needs a model of v or x_0"};
constexpr Out<Schedule> schedule{"schedule", "β, ᾱ and posterior variance over the T steps"};

ScheduleOptions optionsOf(const Exec& x) {
  return {.kind = x.get(kind).as<ScheduleKind>(),
          .steps = x.get(steps),
          .betaStart = x.get(betaStart),
          .betaEnd = x.get(betaEnd),
          .cosineS = x.get(cosineS),
          .vPosterior = x.get(vPosterior),
          .precision = x.get(precision).as<SchedulePrecision>(),
          .zeroTerminalSnr = x.get(zeroSnr)};
}

void execute(Exec& x) { x.set(schedule, makeSchedule(optionsOf(x))); }

void infer(Infer& i) {
  if (const Int* count = i.constant(steps)) i.out(schedule).shape = std::vector<Dim>{*count};
  i.out(schedule).dtype = at::kDouble;
}

}  // namespace

NodeType noiseSchedule() {
  NodeType type =
      makeNode("schedule.noise", "Noise schedule",
               "How noise grows from a picture to pure noise. Choose what the model was trained with.",
               execute, kind, steps, betaStart, betaEnd, cosineS, vPosterior, precision, zeroSnr, schedule);
  type.infer = infer;
  return type;
}

}  // namespace loom
