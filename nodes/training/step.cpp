// train.step: one step of AdamW and of the moving average.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<TrainState> state{"state", "Weights and optimiser before the step"};
constexpr In<at::Tensor> loss{"loss", "The loss to lower, a scalar"};
constexpr In<Real> lr{"lr", "Learning rate at its peak", {.value = 2e-4, .min = 0, .max = 10}};
constexpr In<Int> warmup{"warmup", "Steps over which the rate rises to its peak", {.value = 0, .min = 0}};
constexpr In<Choice> decay{
    "decay", "How the rate falls after that", {.value = 0, .names = {"constant", "linear", "cosine"}}};
constexpr In<Int> total{
    "total", "linear and cosine: the step at which the rate has fallen to its floor", {.value = 0, .min = 0}};
constexpr In<Real> floor_{
    "floor", "linear and cosine: the last rate, as a fraction of the peak", {.value = 0, .min = 0, .max = 1}};
constexpr In<Real> beta1{"beta1", "Memory of the first moment", {.value = 0.9, .min = 0, .max = 0.99999}};
constexpr In<Real> beta2{"beta2", "Memory of the second moment", {.value = 0.999, .min = 0, .max = 0.999999}};
constexpr In<Real> weightDecay{
    "weight_decay", "Fraction of a weight that lr takes off", {.min = 0, .max = 100}};
constexpr In<Real> clip{
    "clip", "Largest norm of all gradients together; 0: no limit", {.value = 1, .min = 0}};
constexpr In<Real> emaDecay{"ema_decay",
                            "Memory of the averaged weights; early steps are forgotten faster",
                            {.value = 0.999, .min = 0, .max = 0.9999999}};
constexpr Out<TrainState> next{"state", "Weights and optimiser after the step"};
constexpr Out<Real> gradNorm{"grad_norm", "Norm of all gradients together, before clipping"};
constexpr Out<Real> rate{"lr", "Learning rate of this step"};

StepOptions optionsOf(const Exec& x) {
  return {.lr = {.peak = x.get(lr),
                 .warmup = x.get(warmup),
                 .decay = x.get(decay).as<Decay>(),
                 .total = x.get(total),
                 .floor = x.get(floor_)},
          .beta1 = x.get(beta1),
          .beta2 = x.get(beta2),
          .weightDecay = x.get(weightDecay),
          .clip = x.get(clip),
          .emaDecay = x.get(emaDecay)};
}

void execute(Exec& x) {
  const StepOptions options = optionsOf(x);
  const at::Tensor& error = x.get(loss);
  if (!error.isfinite().all().item<bool>())
    throw Error("", loss.id,
                "is not finite after " + std::to_string(x.get(state).step) +
                    " steps: lower the learning rate, lengthen the warm-up, or compute in float32");
  const Parameters gradients = gradientsOf(error, x.get(state));
  // Where this was the last reader the weights are written in place.
  Value carried = x.take(state);
  TrainState* own = carried.unique<TrainState>();
  StepReport report;
  x.set(next, stepped(own ? std::move(*own) : carried.as<TrainState>(), gradients, options, &report));
  x.set(gradNorm, report.gradientNorm);
  x.set(rate, report.lr);
}

void infer(Infer& i) {
  const Choice* how = i.constant(decay);
  const Int *end = i.constant(total), *start = i.constant(warmup);
  if (how && how->as<Decay>() != Decay::constant && end && start && *end <= *start)
    i.refuse(total, "a falling learning rate needs the step at which it ends, above warmup");
  const Spec& error = i.in(loss);
  if (!error.shapeFits({})) i.refuse(loss, "a loss is a single number, not " + error.text());
}

}  // namespace

NodeType trainStep() {
  NodeType type = makeNode("train.step", "Training step",
                           "Gradients of the loss, one step of AdamW, and the moving average of the weights.",
                           execute, state, loss, lr, warmup, decay, total, floor_, beta1, beta2, weightDecay,
                           clip, emaDecay, next, gradNorm, rate);
  type.infer = infer;
  return type;
}

}  // namespace loom
