// denoise: asks a denoiser about x_t. What depends on t alone is prepared for all steps at once; calls of one
// denoiser at the same time (guidance) run as one batch.
#include "engine/node/exec.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Denoiser> denoiser{"denoiser", "The network"};
constexpr In<Latent> x_t{"x_t", "What is being denoised"};
constexpr In<Timestep> t{"t", "How noisy it is"};
constexpr Out<Prediction> prediction{"prediction",
                                     "The network's answer: noise, picture or v, as it was trained"};

const DenoiserNet& netOf(const Exec& x) {
  const Denoiser& d = x.get(denoiser);
  if (!d.net) throw Error("", denoiser.id, "holds no network.");
  return *d.net;
}

void prepare(Exec& x) {
  const DenoiserNet& net = netOf(x);
  x.setPrepared(Value::of<at::Tensor>(net.embedTime(at::full({1}, x.get(t).t, at::kLong))));
}

const at::Tensor& checkedX(const Exec& x) {
  const DenoiserNet& net = netOf(x);
  const at::Tensor& pictures = x.get(x_t).x;
  if (pictures.dim() != 4 || pictures.size(1) != net.channels())
    throw Error("", x_t.id,
                "is " + describe(pictures) + "; this network takes [batch, " +
                    std::to_string(net.channels()) + ", height, width].");
  const int64_t side = x.get(denoiser).imageSize;
  if (side > 0 && (pictures.size(2) != side || pictures.size(3) != side))
    throw Error("", x_t.id,
                "is " + describe(pictures) + "; this network takes " + std::to_string(side) + " × " +
                    std::to_string(side) + ".");
  return pictures;
}

/// Where the net has twice the channels, the second half is about the variance.
Prediction answer(const at::Tensor& out, int64_t channels) {
  if (out.size(1) != 2 * channels) return {.mean = out, .variance = {}};
  return {.mean = out.narrow(1, 0, channels), .variance = out.narrow(1, channels, channels)};
}

void execute(Exec& x) {
  const DenoiserNet& net = netOf(x);
  const at::Tensor out = net.forward(checkedX(x), x.prepared<at::Tensor>(), {.compute = x.policy().compute});
  x.set(prediction, answer(out, net.channels()));
}

void executeMany(std::vector<Exec>& calls) {
  const DenoiserNet& net = netOf(calls.front());
  std::vector<at::Tensor> pictures, embeddings;
  bool sameTime = true, sameSize = true;
  for (const Exec& x : calls) {
    pictures.push_back(checkedX(x));
    embeddings.push_back(x.prepared<at::Tensor>());
    sameTime = sameTime && embeddings.back().is_same(embeddings.front());
    sameSize = sameSize && pictures.back().sizes().slice(1).equals(pictures.front().sizes().slice(1));
  }
  if (!sameSize) {
    for (Exec& x : calls) execute(x);
    return;
  }
  if (!sameTime)
    for (size_t i = 0; i < calls.size(); ++i)
      embeddings[i] = embeddings[i].expand({pictures[i].size(0), embeddings[i].size(1)});
  const at::Tensor out = net.forward(at::cat(pictures), sameTime ? embeddings.front() : at::cat(embeddings),
                                     {.compute = calls.front().policy().compute});
  int64_t begin = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    const int64_t count = pictures[i].size(0);
    calls[i].set(prediction, answer(out.narrow(0, begin, count), net.channels()));
    begin += count;
  }
}

void infer(Infer& i) {
  const Spec &net = i.in(denoiser), &x = i.in(x_t);
  if (x.shape && x.shape->size() != 4)
    i.refuse(x_t, "is " + x.text() + "; a denoiser takes [batch, channels, height, width].");
  if (net.shape && net.shape->size() == 3 && x.shape) {
    const std::vector<Dim> wanted{x.shape->front(), (*net.shape)[0], (*net.shape)[1], (*net.shape)[2]};
    if (!x.shapeFits(wanted))
      i.refuse(x_t, "is " + x.text() + ", but the denoiser takes " + net.text() + ".");
  }
  i.out(prediction).shape = x.shape;
  i.out(prediction).dtype = at::kFloat;
}

}  // namespace

NodeType denoise() {
  NodeType type = makeNode("denoise", "Denoise", "Asks the network what is noise in x_t.", execute, denoiser,
                           x_t, t, prediction);
  type.prepare = NodeType::Prepare{.inputs = {&denoiser, &t}, .execute = prepare};
  type.merge = NodeType::Merge{.same = &denoiser, .execute = executeMany};
  type.infer = infer;
  return type;
}

}  // namespace loom
