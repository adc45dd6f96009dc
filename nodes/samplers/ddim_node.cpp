// step.ddim: one step of DDIM.
#include "engine/node/exec.h"
#include "nodes/samplers/step.h"

namespace loom {
namespace {

constexpr In<Latent> x_t{"x_t", "Where the step starts"};
constexpr In<Latent> x0{"x0", "x̂_0, from predict.x0"};
constexpr In<Latent> epsilon{"epsilon", "ε̂, from predict.x0"};
constexpr In<Timestep> t{"t", "The step: from t to the next timestep"};
constexpr In<Schedule> schedule{"schedule", "Noise schedule the model was trained with"};
constexpr In<Noise> noise{"noise", "Unit Gaussian noise in the shape of x_t, where eta is above 0",
                          Need::optional};
constexpr In<Real> eta{"eta",
                       "0: no noise is added, the same x_T gives the same picture. 1: as much as DDPM adds",
                       {.value = 0, .min = 0}};
constexpr In<Choice> last{
    "last_alpha",
    "ᾱ where the last step ends. one: no noise is left (DDIM). first: ᾱ_0 (LDM, Stable Diffusion)",
    {.value = 0, .names = {"one", "first"}}};
constexpr In<Real> temperature{"temperature", "Scales the noise that is added", {.value = 1, .min = 0}};
constexpr Out<Latent> x_prev{"x_prev", "x at the next timestep"};

void execute(Exec& x) {
  const Timestep& step = x.get(t);
  const DdimOptions options{
      .eta = x.get(eta), .last = x.get(last).as<LastAlpha>(), .temperature = x.get(temperature)};
  const bool noisy = ddimSigma(x.get(schedule), step, options) * options.temperature > 0;
  const at::Tensor z = x.has(noise) ? x.get(noise).z : at::Tensor();
  if (noisy && !z.defined())
    throw Error(
        "", noise.id,
        x.has(noise)
            ? "is needed here, but the file it comes from has no draw for this step; see noise.file's key."
            : "eta above 0 adds noise: link noise.gaussian, or set eta to 0.");
  x.set(x_prev, Latent{ddimStep(x.get(x0).x, x.get(epsilon).x, z, x.get(schedule), step, options)});
}

void infer(Infer& i) {
  const Spec& x = i.in(x_t);
  for (const In<Latent>* in : {&x0, &epsilon})
    if (x.shape && !i.in(*in).shapeFits(*x.shape))
      i.refuse(*in, "is " + i.in(*in).text() + ", but x_t is " + x.text() + "; they must agree.");
  if (const Real* much = i.constant(eta); much && *much > 0 && !i.in(noise).type)
    i.refuse(noise, "is needed where eta is above 0. Link noise.gaussian, or set eta to 0.");
  i.out(x_prev).shape = x.shape ? x.shape : i.in(x0).shape;
  i.out(x_prev).dtype = at::kFloat;
}

}  // namespace

NodeType ddimStepNode() {
  NodeType type = makeNode("step.ddim", "DDIM step",
                           "One step of DDIM: towards x̂_0 along ε̂, with as much fresh noise as eta says.",
                           execute, x_t, x0, epsilon, t, schedule, noise, eta, last, temperature, x_prev);
  type.infer = infer;
  return type;
}

}  // namespace loom
