// train.state_from: trained weights as a start for more training.
#include "engine/node/exec.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<Denoiser> denoiser{"denoiser", "Net whose weights are trained on; it stays as it is"};
constexpr Out<TrainState> state{"state", "Its weights, and an optimiser that has not taken a step"};

void execute(Exec& x) {
  const Denoiser& from = x.get(denoiser);
  if (!from.net) throw Error("", denoiser.id, "holds no net");
  x.set(state, freshState(*from.net, from.imageSize, x.policy().device));
}

}  // namespace

NodeType trainStateFrom() {
  return makeNode("train.state_from", "Train on", "Starts a training from a net's weights, to fine-tune it.",
                  execute, denoiser, state);
}

}  // namespace loom
