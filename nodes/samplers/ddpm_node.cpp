// step.ddpm: one ancestral step.
#include "engine/node/exec.h"
#include "nodes/samplers/step.h"

namespace loom {
namespace {

constexpr In<Latent> x_t{"x_t", "Where the step starts"};
constexpr In<Latent> x0{"x0", "x̂_0, from predict.x0"};
constexpr In<Timestep> t{"t", "The step: from t to the next timestep"};
constexpr In<Schedule> schedule{"schedule", "Noise schedule the model was trained with"};
constexpr In<Noise> noise{"noise", "Unit Gaussian noise in the shape of x_t; the last step takes none",
                          Need::optional};
constexpr In<Prediction> prediction{"prediction", "The denoiser's answer, for a variance it has learned",
                                    Need::optional};
constexpr In<Choice> variance{
    "variance",
    "fixed_large: β. fixed_small: the posterior's β̃. learned: the model's own. learned_range: between the "
    "two by the "
    "model's word (improved-diffusion, DiT, MAR)",
    {.value = 0, .names = {"fixed_large", "fixed_small", "learned", "learned_range"}}};
constexpr In<Real> temperature{"temperature", "Scales the noise that is added", {.value = 1, .min = 0}};
constexpr In<Bool> noiseAtEnd{
    "noise_at_end",
    "Adds noise in the last step too where it starts above 0, as diffusers' DDPMScheduler does"};
constexpr Out<Latent> x_prev{"x_prev", "x at the next timestep"};
constexpr Out<Latent> mean{"mean", "Mean of p(x_{t−1} | x_t)"};
constexpr Out<at::Tensor> logVariance_{"log_variance",
                                       "log σ²: one number [1, 1, 1, 1], or one an element where learned"};

bool learns(const Choice& choice) {
  const auto kind = choice.as<Variance>();
  return kind == Variance::learned || kind == Variance::learned_range;
}

void execute(Exec& x) {
  const Timestep& step = x.get(t);
  const AncestralOptions options{.variance = x.get(variance).as<Variance>(),
                                 .temperature = x.get(temperature),
                                 .noiseAtEnd = x.get(noiseAtEnd)};
  const at::Tensor z = x.has(noise) ? x.get(noise).z : at::Tensor();
  if (ancestralNeedsNoise(step, options) && !z.defined())
    throw Error(
        "", noise.id,
        x.has(noise)
            ? "is needed here, but the file it comes from has no draw for this step; see noise.file's key."
            : "an ancestral step adds noise: link noise.gaussian, or set temperature to 0.");
  AncestralStep next =
      ancestralStep(x.get(x_t).x, x.get(x0).x, x.has(prediction) ? x.get(prediction).variance : at::Tensor(),
                    z, x.get(schedule), step, options);
  x.set(x_prev, Latent{std::move(next.x_prev)});
  x.set(mean, Latent{std::move(next.mean)});
  x.set(logVariance_, std::move(next.log_variance));
}

void infer(Infer& i) {
  const Spec& x = i.in(x_t);
  if (x.shape && !i.in(x0).shapeFits(*x.shape))
    i.refuse(x0, "is " + i.in(x0).text() + ", but x_t is " + x.text() + "; they must agree.");
  if (x.shape && !i.in(noise).shapeFits(*x.shape))
    i.refuse(noise, "is " + i.in(noise).text() + ", but x_t is " + x.text() + "; they must agree.");
  if (const Choice* kind = i.constant(variance); kind && learns(*kind) && !i.in(prediction).type)
    i.refuse(prediction,
             "is needed for a learned variance; link the denoiser's answer, or choose a fixed variance.");
  const Real* heat = i.constant(temperature);
  if (heat && *heat > 0 && !i.in(noise).type)
    i.refuse(noise, "is needed: an ancestral step adds noise. Link noise.gaussian, or set temperature to 0.");
  for (const Out<Latent>* out : {&x_prev, &mean}) {
    i.out(*out).shape = x.shape;
    i.out(*out).dtype = at::kFloat;
  }
  i.out(logVariance_).dtype = at::kFloat;
}

}  // namespace

NodeType ddpmStep() {
  NodeType type =
      makeNode("step.ddpm", "DDPM step",
               "One step of ancestral sampling: a draw from p(x_{t−1} | x_t). Over a subsequence of "
               "timesteps it bridges what is left out.",
               execute, x_t, x0, t, schedule, noise, prediction, variance, temperature, noiseAtEnd, x_prev,
               mean, logVariance_);
  type.infer = infer;
  return type;
}

}  // namespace loom
