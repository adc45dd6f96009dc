// train.denoiser: the net being trained, as a denoiser.
#include "engine/node/exec.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<TrainState> state{"state", "Training state"};
constexpr Out<Denoiser> denoiser{"denoiser", "The net with the weights of this step; gradients flow to them"};

void execute(Exec& x) {
  const TrainState& from = x.get(state);
  x.set(denoiser, Denoiser{from.net, from.imageSize});
}

}  // namespace

NodeType trainDenoiser() {
  return makeNode("train.denoiser", "Net in training",
                  "The net being trained, with the weights of this step.", execute, state, denoiser);
}

}  // namespace loom
