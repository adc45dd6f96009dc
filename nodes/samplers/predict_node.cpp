// predict.x0: from a denoiser's answer to x̂_0 and ε̂.
#include "engine/node/exec.h"
#include "nodes/samplers/predict.h"

namespace loom {
namespace {

enum class Clip { none, range };

constexpr In<Prediction> prediction{"prediction", "What the denoiser answered"};
constexpr In<Latent> x_t{"x_t", "What it was asked about"};
constexpr In<Timestep> t{"t", "At which step"};
constexpr In<Schedule> schedule{"schedule", "Noise schedule the model was trained with"};
constexpr In<Choice> kind{
    "kind", "What the model predicts", {.value = 0, .names = {"epsilon", "x0", "x_prev", "v"}}};
constexpr In<Choice> clip{"clip",
                          "range: keeps x̂_0 in [−clip_range, clip_range] at every step (Ho et al.); none: as "
                          "it comes (w86763777, latents)",
                          {.value = 0, .names = {"none", "range"}}};
constexpr In<Real> clipRange{
    "clip_range", "Largest value of x̂_0 where it is clipped", {.value = 1, .min = 1e-6}};
constexpr In<Choice> epsilonFrom{"epsilon_from",
                                 "prediction: ε̂ is what the model said, though x̂_0 was clipped (DDIM, "
                                 "diffusers). x0: it is worked out again from "
                                 "the clipped x̂_0",
                                 {.value = 0, .names = {"prediction", "x0"}}};
constexpr Out<Latent> x0{"x0", "x̂_0: what the model thinks lies below the noise"};
constexpr Out<Latent> epsilon{"epsilon", "ε̂: the noise the model thinks is in x_t"};

void execute(Exec& x) {
  const PredictOptions options{.kind = x.get(kind).as<PredictionKind>(),
                               .clip = x.get(clip).as<Clip>() == Clip::range ? x.get(clipRange) : 0,
                               .epsilon = x.get(epsilonFrom).as<EpsilonFrom>()};
  X0Epsilon result = predictX0(x.get(prediction).mean, x.get(x_t).x, x.get(schedule), x.get(t), options);
  x.set(x0, Latent{std::move(result.x0)});
  x.set(epsilon, Latent{std::move(result.epsilon)});
}

void infer(Infer& i) {
  const Spec& answer = i.in(prediction);
  const Spec& asked = i.in(x_t);
  if (answer.shape && !asked.shapeFits(*answer.shape))
    i.refuse(prediction, "is " + answer.text() + ", but x_t is " + asked.text() + "; they must agree.");
  for (const Out<Latent>* out : {&x0, &epsilon}) {
    i.out(*out).shape = asked.shape ? asked.shape : answer.shape;
    i.out(*out).dtype = at::kFloat;
  }
}

}  // namespace

NodeType predictX0Node() {
  NodeType type =
      makeNode("predict.x0", "Predict x₀",
               "Solves x_t = √ᾱ x_0 + √(1 − ᾱ) ε for the picture and the noise, given what the model "
               "predicts.",
               execute, prediction, x_t, t, schedule, kind, clip, clipRange, epsilonFrom, x0, epsilon);
  type.infer = infer;
  return type;
}

}  // namespace loom
