// tensor.load: one tensor of a file.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/io/file_key.h"
#include "nodes/io/tensor_file.h"

namespace loom {
namespace {

constexpr In<FilePath> path{"path", "A safetensors or .npy file", {.extensions = ".safetensors .npy"}};
constexpr In<Text> key{"key", "Name of the tensor in the file; may stay empty where the file holds only one"};
constexpr Out<at::Tensor> tensor{"tensor", "The tensor, in the file's shape and dtype"};

void execute(Exec& x) { x.set(tensor, readTensor(x.readPath(path), x.get(key)).to(x.policy().device)); }

void infer(Infer& i) {
  const FilePath* named = i.constant(path);
  const Text* wanted = i.constant(key);
  if (!named || !wanted) return;
  try {
    const TensorEntry entry = tensorEntry(i.files().read(named->text), *wanted);
    i.out(tensor).shape.emplace(entry.shape.begin(), entry.shape.end());
    i.out(tensor).dtype = entry.dtype;
  } catch (const Error& error) {
    i.refuse(path, error.what());
  }
}

void fingerprint(Exec& x, KeyBuilder& builder) { addFile(builder, x.readPath(path)); }

}  // namespace

NodeType tensorLoad() {
  NodeType type = makeNode("tensor.load", "Load tensor", "Reads one tensor of a safetensors or .npy file.",
                           execute, path, key, tensor);
  type.infer = infer;
  type.fingerprint = fingerprint;
  return type;
}

}  // namespace loom
