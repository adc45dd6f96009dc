// train.ema: the averaged net, which is the one to sample with.
#include "engine/node/exec.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<TrainState> state{"state", "Training state"};
constexpr Out<Denoiser> denoiser{"denoiser", "The net with the moving average of its weights"};

void execute(Exec& x) {
  const TrainState& from = x.get(state);
  x.set(denoiser, Denoiser{from.ema, from.imageSize});
}

}  // namespace

NodeType trainEma() {
  return makeNode(
      "train.ema", "Averaged net",
      "The net with the moving average of its weights: better samples than the weights of any one step.",
      execute, state, denoiser);
}

}  // namespace loom
