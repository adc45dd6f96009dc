// weights.save: a dictionary of tensors, to a file.
#include "engine/files/numbered_name.h"
#include "engine/files/safetensors.h"
#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<Weights> weights{"weights", "Tensors by name"};
constexpr In<FilePath> path{
    "path",
    "File to write, below the output folder. In a zone the iteration is put before the extension.",
    {.value = "weights.safetensors", .extensions = ".safetensors", .writes = true}};

void execute(Exec& x) {
  const auto file = withIteration(x.writePath(path), x.iteration());
  writeSafetensors(file, x.get(weights).tensors, {}, x.services().cancel);
  x.services().produced(x.path(), file);
}

void infer(Infer& i) {
  const FilePath* named = i.constant(path);
  if (named && std::filesystem::path(named->text).extension() != ".safetensors")
    i.refuse(path, "weights are saved as .safetensors, not as \"" + named->text + "\"");
}

}  // namespace

NodeType weightsSave() {
  NodeType type =
      makeNode("weights.save", "Save weights",
               "Writes tensors by name as safetensors, each in its own dtype: a checkpoint of torch "
               "comes out as a file that every program reads.",
               execute, weights, path);
  type.infer = infer;
  type.effect = true;
  return type;
}

}  // namespace loom
