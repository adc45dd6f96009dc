// tensor.save: the tensor of any value, to a file.
#include <ATen/ATen.h>

#include "engine/files/numbered_name.h"
#include "engine/node/result_text.h"
#include "nodes/io/tensor_file.h"

namespace loom {
namespace {

constexpr In<Any> tensor{"tensor", "A tensor, or any value that has one: a latent, a picture, noise"};
constexpr In<FilePath> path{
    "path",
    "File to write, below the output folder; the extension says which kind. In a zone the "
    "iteration is put before the extension.",
    {.value = "tensor.safetensors", .extensions = ".safetensors .npy", .writes = true}};
constexpr In<Text> key{
    "key", "Name of the tensor in a safetensors file; .npy files have none", {.value = "tensor"}};

void execute(Exec& x) {
  const at::Tensor* held = x.value(tensor).tensor();
  if (!held || !held->defined())
    throw Error("", tensor.id,
                x.value(tensor).type().name + " has no tensor to save; link a tensor, latent or image");
  const auto file = withIteration(x.writePath(path), x.iteration());
  writeTensor(file, x.get(key), *held, resultTexts(x), x.services().cancel);
  x.services().produced(x.path(), file);
}

void infer(Infer& i) {
  const FilePath* named = i.constant(path);
  if (named && !canWriteTensor(named->text))
    i.refuse(path, "tensors are saved as .safetensors or .npy, not as \"" + named->text + "\"");
}

}  // namespace

NodeType tensorSave() {
  NodeType type = makeNode("tensor.save", "Save tensor",
                           "Writes a value's tensor as safetensors or .npy, in its own dtype.", execute,
                           tensor, path, key);
  type.infer = infer;
  type.effect = true;
  return type;
}

}  // namespace loom
