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

InsideWatch* insideOf(const Exec& x, const DenoiserNet& net) {
  InsideWatch* const watch = x.inside();
  if (watch) requireInsides(*watch, net.insides());
  return watch;
}

/// One embedding for all: the same object where one run made it, equal numbers where several runs did. On
/// other devices looking would make the host wait.
bool sameTime(const at::Tensor& a, const at::Tensor& b) {
  return a.is_same(b) || (a.is_cpu() && b.is_cpu() && at::equal(a, b));
}

/// Where the net has twice the channels, the second half is about the variance.
Prediction answer(const at::Tensor& out, int64_t channels) {
  if (out.size(1) != 2 * channels) return {.mean = out, .variance = {}};
  return {.mean = out.narrow(1, 0, channels), .variance = out.narrow(1, channels, channels)};
}

void execute(Exec& x) {
  const DenoiserNet& net = netOf(x);
  const at::Tensor out = net.forward(checkedX(x), x.prepared<at::Tensor>(),
                                     {.compute = x.policy().compute, .inside = insideOf(x, net)});
  x.set(prediction, answer(out, net.channels()));
}

void executeMany(std::vector<Exec>& calls) {
  const DenoiserNet& net = netOf(calls.front());
  std::vector<at::Tensor> pictures, embeddings;
  JoinedInside inside;
  bool oneTime = true, sameSize = true;
  for (const Exec& x : calls) {
    pictures.push_back(checkedX(x));
    inside.add(insideOf(x, net), pictures.back().size(0));
    embeddings.push_back(x.prepared<at::Tensor>());
    oneTime = oneTime && sameTime(embeddings.back(), embeddings.front());
    sameSize = sameSize && pictures.back().sizes().slice(1).equals(pictures.front().sizes().slice(1));
  }
  if (!sameSize) {
    for (Exec& x : calls) execute(x);
    return;
  }
  if (!oneTime)
    for (size_t i = 0; i < calls.size(); ++i)
      embeddings[i] = embeddings[i].expand({pictures[i].size(0), embeddings[i].size(1)});
  const at::Tensor out = net.forward(at::cat(pictures), oneTime ? embeddings.front() : at::cat(embeddings),
                                     {.compute = calls.front().policy().compute, .inside = inside.orNull()});
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

std::optional<int64_t> workBytes(const Infer& i) {
  const Spec &net = i.in(denoiser), &x = i.in(x_t);
  if (!net.callBytes || !x.shape) return {};
  double elements = 1;
  for (const Dim& dim : *x.shape) {
    if (!dim.known()) return {};
    elements *= static_cast<double>(dim.size);
  }
  return static_cast<int64_t>(elements * *net.callBytes);
}

}  // namespace

NodeType denoise() {
  NodeType type = makeNode("denoise", "Denoise", "Asks the network what is noise in x_t.", execute, denoiser,
                           x_t, t, prediction);
  type.prepare = NodeType::Prepare{.inputs = {&denoiser, &t}, .execute = prepare};
  type.merge = NodeType::Merge{.same = &denoiser, .execute = executeMany};
  type.infer = infer;
  type.workBytes = workBytes;
  type.showsInside = true;
  return type;
}

}  // namespace loom
