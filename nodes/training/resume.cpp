// train.resume: a training state from a file that train.checkpoint wrote.
#include "engine/core/key.h"
#include "engine/files/mapped_file.h"
#include "engine/files/safetensors.h"
#include "engine/node/exec.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<FilePath> path{"path", "File that train.checkpoint wrote", {.extensions = ".safetensors"}};
constexpr Out<TrainState> state{"state", "The training state in it"};

void execute(Exec& x) {
  x.set(state, onDevice(loadTrainState(readArchive(x.readPath(path))), x.policy().device));
}

void fingerprint(Exec& x, KeyBuilder& builder) {
  const FileIdentity identity = identify(x.readPath(path));
  builder.add(identity.device).add(identity.inode).add(identity.size).add(identity.modified);
}

}  // namespace

NodeType trainResume() {
  NodeType type = makeNode("train.resume", "Load checkpoint",
                           "Goes on with a training from a checkpoint's file.", execute, path, state);
  type.fingerprint = fingerprint;
  return type;
}

}  // namespace loom
