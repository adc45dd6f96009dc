// train.checkpoint: everything a training needs to go on, in a file.
#include "engine/files/safetensors.h"
#include "engine/node/result_text.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<TrainState> state{"state", "Training state"};
constexpr In<FilePath> path{
    "path",
    "File to write, in the output folder; replaced each time",
    {.value = "checkpoint.safetensors", .extensions = ".safetensors", .writes = true}};
constexpr In<Int> every{
    "every", "Write when the number of steps taken is a multiple of this", {.value = 1, .min = 1}};

void execute(Exec& x) {
  const TrainState& from = x.get(state);
  if (from.step % x.get(every) != 0) return;
  const auto file = x.writePath(path);
  writeArchive(file, saveTrainState(from), x.services().cancel, resultTexts(x));
  x.services().produced(x.path(), file);
}

}  // namespace

NodeType trainCheckpoint() {
  NodeType type =
      makeNode("train.checkpoint", "Save checkpoint",
               "Writes weights, average, optimiser and step to a file that train.resume goes on from.",
               execute, state, path, every);
  type.pure = false;
  type.effect = true;
  return type;
}

}  // namespace loom
