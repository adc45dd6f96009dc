// loss.ddpm: how far a prediction is from what it should be.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/training/losses.h"

namespace loom {
namespace {

enum class Weighting { none, minSnr };

constexpr In<Prediction> prediction{"prediction", "The net's answer"};
constexpr In<Latent> x0{"x0", "Clean pictures"};
constexpr In<Noise> noise{"noise", "The noise that was added"};
constexpr In<Latent> x_t{"x_t", "The noisy pictures"};
constexpr In<Schedule> schedule{"schedule", "Noise schedule"};
constexpr In<at::Tensor> timesteps{"timesteps", "Timestep of each picture, int64 [batch]"};
constexpr In<Choice> kind{
    "kind", "What the net is to predict", {.value = 0, .names = {"epsilon", "x0", "x_prev", "v"}}};
constexpr In<Choice> norm{
    "norm", "l2: squared error. l1: absolute error", {.value = 0, .names = {"l2", "l1"}}};
constexpr In<Choice> weighting{"weighting",
                               "min_snr: x_0's error counts min(SNR, gamma), so that no timestep dominates",
                               {.value = 0, .names = {"none", "min_snr"}}};
constexpr In<Real> gamma_{
    "gamma", "min_snr only: the largest weight", {.value = 5, .min = 0.001, .max = 1e6}};
constexpr In<Real> boundWeight{"bound_weight",
                               "Weight of the variational bound where the variance is learned",
                               {.value = 1, .min = 0, .max = 1e6}};
constexpr Out<at::Tensor> loss{"loss", "Mean over the batch, a scalar that gradients flow through"};
constexpr Out<at::Tensor> perSample{"per_sample", "Loss of each picture, float32 [batch], without gradients"};
constexpr Out<at::Tensor> perElement{
    "per_element", "Error of every value before weighting, float32 [batch, C, H, W], without gradients"};
constexpr Out<at::Tensor> value{"value", "The loss as a number, without gradients: to plot"};

void execute(Exec& x) {
  const bool weighted = x.get(weighting).as<Weighting>() == Weighting::minSnr;
  const LossOptions options{.kind = x.get(kind).as<PredictionKind>(),
                            .norm = x.get(norm).as<ErrorNorm>(),
                            .minSnrGamma = weighted ? x.get(gamma_) : 0,
                            .boundWeight = x.get(boundWeight)};
  at::Tensor elements;
  const at::Tensor each = sampleLoss(x.get(prediction), x.get(x0).x, x.get(noise).z, x.get(x_t).x,
                                     x.get(schedule), x.get(timesteps), options, &elements);
  const at::Tensor mean = each.mean();
  x.set(loss, mean);
  x.set(perSample, each.detach());
  x.set(value, mean.detach());
  x.set(perElement, std::move(elements));
}

void infer(Infer& i) {
  const Choice *what = i.constant(kind), *how = i.constant(weighting);
  if (what && how && how->as<Weighting>() == Weighting::minSnr &&
      what->as<PredictionKind>() == PredictionKind::x_prev)
    i.refuse(weighting, "min_snr is known for epsilon, x0 and v; choose one of them, or weighting none");
  const Spec &answer = i.in(prediction), &clean = i.in(x0);
  if (clean.shape && !answer.shapeFits(*clean.shape))
    i.refuse(prediction, "is " + answer.text() + ", but x0 is " + clean.text());
  i.out(loss).shape = std::vector<Dim>{};
  i.out(loss).dtype = at::kFloat;
  i.out(value).shape = std::vector<Dim>{};
  i.out(value).dtype = at::kFloat;
  if (clean.shape && !clean.shape->empty()) i.out(perSample).shape = {{clean.shape->front()}};
  i.out(perSample).dtype = at::kFloat;
  i.out(perElement).shape = clean.shape;
  i.out(perElement).dtype = at::kFloat;
}

}  // namespace

NodeType lossDdpm() {
  NodeType type =
      makeNode("loss.ddpm", "Diffusion loss",
               "The error of a prediction, simple or weighted, with the variational bound where the variance "
               "is learned.",
               execute, prediction, x0, noise, x_t, schedule, timesteps, kind, norm, weighting, gamma_,
               boundWeight, loss, perSample, value, perElement);
  type.infer = infer;
  return type;
}

}  // namespace loom
