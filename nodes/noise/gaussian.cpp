// noise.gaussian: unit normal noise, the same for the same seed wherever and however it is run.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/node/exec.h"
#include "engine/random/stream.h"
#include "engine/random/torch_stream.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

enum class Source { philox, torch };

constexpr In<Seed> seed{"seed", "Start of the random stream"};
constexpr In<Int> batch{"batch", "Samples at once", {.value = 1, .min = 1, .max = 65536}};
constexpr In<Shape> shape{
    "shape", "Sizes of one sample, such as [3, 32, 32]", {.value = {3, 32, 32}, .rank = 3}};
constexpr In<Any> like{"like", "Takes batch and shape from this value instead", Need::optional};
constexpr In<Int> firstSample{
    "first_sample",
    "Number of the batch's first sample: sample 5 is the same alone or in a batch of 64",
    {.value = 0, .min = 0, .max = 4294967295}};
constexpr In<Choice> source{
    "source",
    "philox: each sample and step has numbers of its own. torch: what torch.randn draws after manual_seed",
    {.value = 0, .names = {"philox", "torch"}}};
constexpr In<Int> skip{"skip",
                       "torch only: draws of this shape that were taken before, such as 1 for x_T",
                       {.value = 0, .min = 0, .max = 1000000}};
constexpr Out<Noise> noise{"noise", "Unit normal numbers, float32 [batch, ...]"};

std::vector<int64_t> sizesOf(Exec& x) {
  if (x.has(like)) {
    const at::Tensor* tensor = x.value(like).tensor();
    if (!tensor || !tensor->defined())
      throw Error("", like.id,
                  "holds no tensor to take a shape from; give a latent, or leave it out and set shape");
    if (tensor->dim() == 0)
      throw Error("", like.id, "is a single number; noise needs a shape with a batch in front");
    return tensor->sizes().vec();
  }
  std::vector<int64_t> sizes{x.get(batch)};
  const auto& sample = x.get(shape).sizes;
  sizes.insert(sizes.end(), sample.begin(), sample.end());
  return sizes;
}

/// A torch generator knows draws in a row only. In a zone the iteration counts them; an outer zone's
/// iteration starts a stream of its own.
at::Tensor drawFromTorch(const Exec& x, const std::vector<int64_t>& sizes) {
  const auto iteration = x.iteration();
  uint64_t start = x.get(seed).value;
  if (iteration.size() > 1)
    start += uint64_t{stepOf(iteration.first(iteration.size() - 1))} * 0x9E3779B97F4A7C15;
  return torchGaussian(start, x.get(skip) + (iteration.empty() ? 0 : iteration.back()), sizes);
}

void execute(Exec& x) {
  const std::vector<int64_t> sizes = sizesOf(x);
  const at::Tensor z =
      x.get(source).as<Source>() == Source::torch
          ? drawFromTorch(x, sizes).to(x.policy().device)
          : gaussian(streamOf(x, x.get(seed), {}, x.get(firstSample)), sizes, x.policy().device);
  x.set(noise, Noise{z});
}

void infer(Infer& i) {
  Spec& out = i.out(noise);
  out.dtype = at::kFloat;
  if (i.in(like).type) {
    out.shape = i.in(like).shape;
    return;
  }
  const Shape* sample = i.constant(shape);
  if (!sample) return;
  for (const int64_t size : sample->sizes)
    if (size < 1) i.refuse(shape, "sizes are 1 or more");
  const Int* count = i.constant(batch);
  std::vector<Dim> dims{count ? Dim(*count) : Dim("batch")};
  dims.insert(dims.end(), sample->sizes.begin(), sample->sizes.end());
  out.shape = std::move(dims);
}

// Two nodes of equal settings draw different numbers: a stream belongs to the node's path.
void fingerprint(Exec& x, KeyBuilder& key) { key.add(x.path()); }

}  // namespace

NodeType noiseGaussian() {
  NodeType type =
      makeNode("noise.gaussian", "Gaussian noise",
               "Unit normal noise, keyed by seed, node, step and sample: the same on every machine, alone "
               "or in a batch, in a resumed run or an uninterrupted one.",
               execute, seed, batch, shape, like, firstSample, source, skip, noise);
  type.infer = infer;
  type.fingerprint = fingerprint;
  type.usesStep = true;
  return type;
}

}  // namespace loom
