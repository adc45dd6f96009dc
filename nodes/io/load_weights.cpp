// weights.load: the tensors of a checkpoint.
#include "engine/files/weights_file.h"
#include "engine/node/exec.h"
#include "nodes/io/file_key.h"

namespace loom {
namespace {

constexpr In<FilePath> path{"path",
                            "A safetensors file, or what torch.save wrote; its content decides, not its "
                            "extension. Nothing in it is run",
                            {.extensions = ".safetensors .pt .pth .ckpt"}};
constexpr In<Text> part{"part",
                        "A dictionary inside, such as ema_model or 4.module, to take alone and without that "
                        "prefix; empty takes everything"};
constexpr Out<Weights> weights{"weights",
                               "Tensors by their names in the file, in the file's dtypes, on the CPU"};

void execute(Exec& x) {
  std::vector<std::string> notes;
  const Weights all = readWeights(x.readPath(path), x.services().cancel, &notes);
  for (const std::string& note : notes) x.log(all.source + " " + note);
  try {
    x.set(weights, partOf(all, x.get(part)));
  } catch (const Error& error) {
    throw Error("", part.id, error.what());
  }
}

void infer(Infer& i) {
  const FilePath* named = i.constant(path);
  if (!named) return;
  WeightsListing listing;
  try {
    listing = listWeights(i.files().read(named->text));
  } catch (const Error& error) {
    i.refuse(path, error.what());
  }
  const Text* wanted = i.constant(part);
  const std::string missing = wanted ? missingPart(listing, *wanted) : "";
  if (!missing.empty()) i.refuse(part, missing);
  if (!wanted) return;
  Spec::TensorSizes sizes;
  for (const TensorEntry& entry : entriesOf(listing, *wanted)) sizes[entry.name] = entry.shape;
  i.out(weights).tensors = std::make_shared<const Spec::TensorSizes>(std::move(sizes));
  i.out(weights).heldBytes = 0;  // views of the file, which the system drops and reads again as it needs
}

void fingerprint(Exec& x, KeyBuilder& key) { addFile(key, x.readPath(path)); }

}  // namespace

NodeType weightsLoad() {
  NodeType type = makeNode("weights.load", "Load weights",
                           "Reads a weight file: safetensors, or torch's .pt, .pth and .ckpt.", execute, path,
                           part, weights);
  type.infer = infer;
  type.fingerprint = fingerprint;
  return type;
}

}  // namespace loom
