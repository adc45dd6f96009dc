// data.batch: the pictures one training step learns from.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/data/batch_order.h"
#include "nodes/data/dataset.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Dataset> dataset{"dataset", "Pictures to pick from"};
constexpr In<Int> batch{"batch", "Pictures a step", {.value = 64, .min = 1, .max = 65536}};
constexpr In<Seed> seed{"seed", "Start of the random order and of the mirroring", {.value = 0}};
constexpr In<Bool> mirror{
    "mirror", "Mirror every second picture, by chance; not for pictures that hold writing", {.value = false}};
constexpr Out<Latent> images{"images", "Pictures, float32 [batch, C, H, W] in [-1, 1]"};
constexpr Out<at::Tensor> labels{"labels", "Their classes, int64 [batch]"};
constexpr Out<at::Tensor> indices{"indices",
                                  "Their places in the dataset, int64 [batch]: for captions by name"};

void execute(Exec& x) {
  const Dataset& data = x.get(dataset);
  if (data.size() < 1) throw Error("", dataset.id, "holds no pictures");
  const auto iteration = x.iteration();
  const uint64_t inner = seedInside(x.get(seed).value, iteration);
  const std::vector<Pick> picks =
      batchPicks(data.size(), x.get(batch), inner, iteration.empty() ? 0 : iteration.back());
  std::vector<int64_t> chosen, flipped;
  for (const Pick& pick : picks) {
    chosen.push_back(pick.index);
    flipped.push_back(pick.mirrored);
  }
  const c10::Device device = x.policy().device;
  const at::Tensor index = at::tensor(chosen, at::kLong);
  // As bytes to the device: a quarter of the traffic of floats.
  at::Tensor bytes = data.images.index_select(0, index).to(device);
  if (x.get(mirror)) {
    const at::Tensor coin = at::tensor(flipped, at::kLong).to(at::kBool).view({-1, 1, 1, 1}).to(device);
    bytes = at::where(coin, bytes.flip(3), bytes);
  }
  x.set(images, Latent{bytes.to(at::kFloat).div_(127.5).sub_(1)});
  x.set(labels, data.labels.index_select(0, index).to(device));
  x.set(indices, index.to(device));
}

void infer(Infer& i) {
  const Int* size = i.constant(batch);
  const Dim count = size ? Dim(*size) : Dim("batch");
  const Spec& data = i.in(dataset);
  if (data.shape && data.shape->size() == 4)
    i.out(images).shape = {{count, (*data.shape)[1], (*data.shape)[2], (*data.shape)[3]}};
  i.out(images).dtype = at::kFloat;
  i.out(labels).shape = {{count}};
  i.out(labels).dtype = at::kLong;
  i.out(indices).shape = {{count}};
  i.out(indices).dtype = at::kLong;
}

}  // namespace

NodeType dataBatch() {
  NodeType type =
      makeNode("data.batch", "Training batch",
               "Picks pictures for a training step: each once before any is seen again, in an order that "
               "follows from the seed and the iteration alone.",
               execute, dataset, batch, seed, mirror, images, labels, indices);
  type.infer = infer;
  type.usesStep = true;
  return type;
}

}  // namespace loom
