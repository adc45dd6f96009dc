// noise.file: noise that another program has drawn, to compare with it number by number.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/files/mapped_file.h"
#include "engine/files/npy.h"
#include "engine/files/weights_file.h"
#include "engine/node/exec.h"
#include "nodes/noise/tape.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<FilePath> path{
    "path", "File with the draws", {.extensions = ".safetensors .npy .pt .pth .ckpt"}};
constexpr In<Text> key{
    "key", "Name of the tensor, {step} or {step:04} for the zone's step, from 0; empty: the only one"};
constexpr In<Choice> layout{
    "layout",
    "named: a tensor a step, or one for all. stacked: one tensor, steps along its first dimension",
    {.value = 0, .names = {"named", "stacked"}}};
constexpr In<Int> first{
    "first", "Step number of the zone's first iteration in the file", {.value = 0, .min = 0}};
constexpr In<Real> scale{"scale", "The draws are multiplied by it", {.value = 1}};
enum class Missing { refuse, leave };
constexpr In<Choice> missing{
    "missing",
    "Where the file has no draw for a step. refuse: that is an error. leave: an error only where noise is "
    "needed, not at the last step or where eta is 0",
    {.value = 0, .names = {"refuse", "leave"}}};
constexpr In<Latent> like{"like", "Its shape is given to the draw, which has as many values", Need::optional};
constexpr Out<Noise> noise{"noise", "The draw, float32"};

// The file is opened once, not at every step.
void prepare(Exec& x) {
  const auto file = x.readPath(path);
  Weights draws;
  if (looksLikeNpy(MappedFile::open(file)->bytes()))
    draws.tensors["array"] = readNpy(file);
  else
    draws = readWeights(file, x.services().cancel);
  x.setPrepared(Value::of<Weights>(std::move(draws)));
}

at::Tensor shapedAs(const at::Tensor& draw, const at::Tensor& wanted) {
  if (draw.numel() != wanted.numel())
    throw Error("", like.id, "is " + describe(wanted) + ", but the draw is " + describe(draw));
  return draw.reshape(wanted.sizes());
}

void execute(Exec& x) {
  const auto iteration = x.iteration();
  const int64_t step = x.get(first) + (iteration.empty() ? 0 : iteration.back());
  const Weights& file = x.prepared<Weights>();
  if (x.get(missing).as<Missing>() == Missing::leave && !hasDraw(file, x.get(key), step)) {
    x.set(noise, Noise{});
    return;
  }
  at::Tensor draw;
  try {
    draw = drawOf(file, x.get(key), x.get(layout).as<TapeLayout>(), step);
  } catch (const Error& error) {
    throw Error("", key.id, error.what());
  }
  draw = draw.to(x.policy().device, at::kFloat);
  if (x.has(like)) draw = shapedAs(draw, x.get(like).x);
  if (x.get(scale) != 1) draw = draw * x.get(scale);
  x.set(noise, Noise{draw});
}

void infer(Infer& i) {
  if (const Text* pattern = i.constant(key)) {
    try {
      keyAt(*pattern, 0);
    } catch (const Error& error) {
      i.refuse(key, error.what());
    }
  }
  i.out(noise).shape = i.in(like).shape;
  i.out(noise).dtype = at::kFloat;
}

void fingerprint(Exec& x, KeyBuilder& builder) {
  const FileIdentity identity = identify(x.readPath(path));
  builder.add(identity.device).add(identity.inode).add(identity.size).add(identity.modified);
}

}  // namespace

NodeType noiseFile() {
  NodeType type = makeNode("noise.file", "Noise from a file",
                           "Takes recorded draws instead of drawing: the tape of another program's run.",
                           execute, path, key, layout, first, scale, missing, like, noise);
  type.infer = infer;
  type.fingerprint = fingerprint;
  type.prepare = NodeType::Prepare{.inputs = {&path}, .execute = prepare};
  type.usesStep = true;
  return type;
}

}  // namespace loom
