// train.gradients: norms of the gradients, to look at.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<TrainState> state{"state", "Weights the loss was computed with"};
constexpr In<at::Tensor> loss{"loss",
                              "The loss, a scalar; its graph is used up, so no other node may step with it"};
constexpr Out<Weights> norms{"norms", "Norm of each parameter's gradient, by name, float32 scalars"};
constexpr Out<at::Tensor> total{"total", "Norm of all gradients together, a float32 scalar"};

void execute(Exec& x) {
  const Parameters gradients = gradientsOf(x.get(loss), x.get(state));
  Weights named;
  named.source = "gradients";
  std::vector<at::Tensor> all;
  for (const auto& [name, gradient] : gradients) {
    named.tensors[name] = gradient.norm();
    all.push_back(gradient);
  }
  x.set(norms, std::move(named));
  x.set(total, at::scalar_tensor(totalNorm(all), at::kFloat));
}

}  // namespace

NodeType trainGradients() {
  return makeNode("train.gradients", "Gradient norms", "How large the gradient of each parameter is.",
                  execute, state, loss, norms, total);
}

}  // namespace loom
