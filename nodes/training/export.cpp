// train.export: the trained net as a file of weights.
#include <ATen/ATen.h>

#include "engine/files/safetensors.h"
#include "engine/node/result_text.h"
#include "nodes/training/weights_file.h"

namespace loom {
namespace {

enum class Dtype { float16, float32 };
enum class Which { average, live };

constexpr In<TrainState> state{"state", "Training state"};
constexpr In<Schedule> schedule{"schedule", "Noise schedule it was trained with; written beside the weights"};
constexpr In<FilePath> path{"path",
                            "File to write, in the output folder",
                            {.value = "weights.safetensors", .extensions = ".safetensors", .writes = true}};
constexpr In<Choice> dtype{
    "dtype", "float16 is half the size", {.value = 0, .names = {"float16", "float32"}}};
constexpr In<Choice> which{"weights",
                           "average: the moving average, which samples better. live: of the last step",
                           {.value = 0, .names = {"average", "live"}}};
constexpr In<Choice> kind{"kind",
                          "What the net predicts; written beside the weights",
                          {.value = 0, .names = {"epsilon", "x0", "x_prev", "v"}}};

void execute(Exec& x) {
  const TrainState& from = x.get(state);
  const WeightsFileOptions options{
      .dtype = x.get(dtype).as<Dtype>() == Dtype::float16 ? at::kHalf : at::kFloat,
      .kind = x.get(kind).as<PredictionKind>(),
      .schedule = x.get(schedule)};
  Archive archive;
  archive.tensors =
      convertedWeights(x.get(which).as<Which>() == Which::average ? *from.ema : *from.net, options.dtype);
  archive.meta = weightsMeta(from, options);
  const auto file = x.writePath(path);
  writeArchive(file, archive, x.services().cancel, resultTexts(x));
  x.services().produced(x.path(), file);
}

}  // namespace

NodeType trainExport() {
  NodeType type = makeNode("train.export", "Export weights",
                           "Writes the trained net's weights in its published layout, to sample from.",
                           execute, state, schedule, path, dtype, which, kind);
  type.pure = false;
  type.effect = true;
  return type;
}

}  // namespace loom
