#include "nodes/training/train_state.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "nodes/ddpm/unet.h"

namespace loom {
namespace {

/// Lists over the learned parameters, in order of name.
struct Learned {
  std::vector<std::string> names;
  AdamWTensors tensors;
};

Learned learnedOf(const TrainState& state) {
  Learned learned;
  for (const auto& [name, weight] : state.net->parameters()) {
    if (!weight.requires_grad()) continue;
    learned.names.push_back(name);
    learned.tensors.weights.push_back(weight);
    learned.tensors.first.push_back(state.moments->first.at(name));
    learned.tensors.second.push_back(state.moments->second.at(name));
    learned.tensors.average.push_back(state.ema->parameters().at(name));
  }
  return learned;
}

std::vector<at::Tensor> emptyLike(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> all;
  for (const at::Tensor& tensor : tensors) all.push_back(at::empty_like(tensor.detach()));
  return all;
}

/// Where the step writes: parts that only this state holds are written in place.
AdamWTensors targetsFor(const TrainState& state, const AdamWTensors& from) {
  AdamWTensors to = from;
  if (state.net.use_count() > 1) to.weights = emptyLike(from.weights);
  if (state.ema.use_count() > 1) to.average = emptyLike(from.average);
  if (state.moments.use_count() > 1) {
    to.first = emptyLike(from.first);
    to.second = emptyLike(from.second);
  }
  return to;
}

Parameters replaced(Parameters all, const std::vector<std::string>& names,
                    const std::vector<at::Tensor>& tensors) {
  for (size_t i = 0; i < names.size(); ++i) all[names[i]] = tensors[i];
  return all;
}

Parameters named(const std::vector<std::string>& names, const std::vector<at::Tensor>& tensors) {
  return replaced({}, names, tensors);
}

void askForGradients(const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors) tensor.set_requires_grad(true);
}

void insert(Archive& archive, const std::string& prefix, const Parameters& parameters) {
  for (const auto& [name, tensor] : parameters) archive.tensors[prefix + name] = tensor.detach();
}

Parameters extract(const Archive& archive, const std::string& prefix) {
  Parameters found;
  for (const auto& [name, tensor] : archive.tensors)
    if (name.starts_with(prefix)) found[name.substr(prefix.size())] = tensor.detach().to(at::kFloat).clone();
  if (found.empty())
    throw Error("A saved training state holds no tensors '" + prefix + "…'; it can't be resumed.");
  return found;
}

/// Every parameter must be there, or every one that has gradients.
enum class Which { all, learned };
void requireSame(const Parameters& weights, const Parameters& others, Which which, const char* what) {
  for (const auto& [name, weight] : weights) {
    if (which == Which::learned && !weight.requires_grad()) continue;
    const auto found = others.find(name);
    if (found == others.end() || found->second.sizes() != weight.sizes())
      throw Error(std::string("A saved training state's ") + what + " lacks '" + name +
                  "', or has it in another shape.");
  }
}

size_t bytesOf(const Value& value) {
  const TrainState& state = value.as<TrainState>();
  size_t bytes = 0;
  for (const auto& [name, tensor] : state.net->parameters()) bytes += tensor.nbytes();
  return 4 * bytes;  // weights, average, two moments
}

std::string summaryOf(const Value& value) {
  const TrainState& state = value.as<TrainState>();
  return state.net->describe() + ", after " + std::to_string(state.step) + " steps";
}

}  // namespace

TrainState freshState(const DenoiserNet& net, int64_t imageSize, c10::Device device) {
  Parameters weights, average;
  auto moments = std::make_shared<Moments>();
  for (const auto& [name, tensor] : net.parameters()) {
    const at::Tensor copy = tensor.detach().to(device, at::kFloat, false, true).contiguous();
    weights[name] = copy;
    if (!net.learns(name)) {
      average[name] = copy;
      continue;
    }
    average[name] = copy.clone();
    moments->first[name] = at::zeros_like(copy);
    moments->second[name] = at::zeros_like(copy);
    copy.set_requires_grad(true);
  }
  return {.net = net.withParameters(std::move(weights)),
          .ema = net.withParameters(std::move(average)),
          .moments = std::move(moments),
          .imageSize = imageSize};
}

TrainState onDevice(TrainState state, c10::Device device) {
  const auto moved = [device](const Parameters& all) {
    Parameters result;
    for (const auto& [name, tensor] : all) {
      result[name] = tensor.detach().to(device);
      result[name].set_requires_grad(tensor.requires_grad());
    }
    return result;
  };
  if (state.net->parameters().empty() || state.net->parameters().begin()->second.device() == device)
    return state;
  state.net = state.net->withParameters(moved(state.net->parameters()));
  state.ema = state.ema->withParameters(moved(state.ema->parameters()));
  state.moments = std::make_shared<Moments>(
      Moments{.first = moved(state.moments->first), .second = moved(state.moments->second)});
  return state;
}

Parameters gradientsOf(const at::Tensor& loss, const TrainState& state) {
  if (!loss.defined() || loss.numel() != 1)
    throw Error("a loss is a single number; this one is " + describe(loss));
  if (!loss.requires_grad())
    throw Error(
        "the loss does not depend on the weights being trained: predict with train.denoiser's denoiser, "
        "inside the training zone");
  std::vector<std::string> names;
  std::vector<at::Tensor> leaves;
  for (const auto& [name, weight] : state.net->parameters())
    if (weight.requires_grad()) {
      names.push_back(name);
      leaves.push_back(weight);
    }
  const auto found = torch::autograd::grad({loss}, leaves, {}, c10::nullopt, false, true);
  Parameters gradients;
  bool any = false;
  for (size_t i = 0; i < names.size(); ++i) {
    any = any || found[i].defined();
    gradients[names[i]] = found[i].defined() ? found[i].contiguous() : at::zeros_like(leaves[i]);
  }
  if (!any)
    throw Error("the loss was computed with other weights than this state's; link both to the same state");
  return gradients;
}

TrainState stepped(TrainState state, const Parameters& gradients, const StepOptions& options,
                   StepReport* report) {
  const c10::NoGradGuard noGrad;
  const Learned learned = learnedOf(state);
  std::vector<at::Tensor> g;
  for (const std::string& name : learned.names) {
    const auto found = gradients.find(name);
    if (found == gradients.end()) throw Error("there is no gradient of '" + name + "'");
    g.push_back(found->second);
  }
  const double norm = totalNorm(g);
  if (!std::isfinite(norm))
    throw Error("gradients are not finite at step " + std::to_string(state.step) +
                ": lower the learning rate, lengthen the warm-up, or compute in float32");
  const AdamW adam{.lr = options.lr.at(state.step),
                   .beta1 = options.beta1,
                   .beta2 = options.beta2,
                   .eps = options.eps,
                   .weightDecay = options.weightDecay,
                   .step = state.step + 1,
                   .gradientScale = options.clip > 0 && norm > options.clip ? options.clip / norm : 1.0,
                   .emaDecay = warmedUpDecay(options.emaDecay, state.step)};
  const AdamWTensors to = targetsFor(state, learned.tensors);
  adamwStep(learned.tensors, to, g, adam);
  askForGradients(to.weights);
  // New networks around the tensors: what a network derived from its weights is derived anew.
  state.net = state.net->withParameters(replaced(state.net->parameters(), learned.names, to.weights));
  state.ema = state.ema->withParameters(replaced(state.ema->parameters(), learned.names, to.average));
  state.moments = std::make_shared<Moments>(
      Moments{.first = named(learned.names, to.first), .second = named(learned.names, to.second)});
  ++state.step;
  if (report) *report = {.gradientNorm = norm, .lr = adam.lr};
  return state;
}

Archive saveTrainState(const TrainState& state) {
  Archive archive;
  insert(archive, "net.", state.net->parameters());
  insert(archive, "ema.", state.ema->parameters());
  insert(archive, "first.", state.moments->first);
  insert(archive, "second.", state.moments->second);
  archive.meta = {{"kind", "training state"}, {"step", state.step}, {"imageSize", state.imageSize}};
  return archive;
}

TrainState loadTrainState(const Archive& archive) {
  Parameters weights = extract(archive, "net."), average = extract(archive, "ema.");
  auto moments = std::make_shared<Moments>(
      Moments{.first = extract(archive, "first."), .second = extract(archive, "second.")});
  ShapeMap shapes;
  for (const auto& [name, tensor] : weights) shapes[name] = tensor.sizes().vec();
  const UNet net(recogniseUNet(shapes), weights);
  for (const auto& [name, tensor] : weights) tensor.set_requires_grad(net.learns(name));
  requireSame(weights, average, Which::all, "average");
  requireSame(weights, moments->first, Which::learned, "first moments");
  requireSame(weights, moments->second, Which::learned, "second moments");
  TrainState state;
  state.net = net.withParameters(std::move(weights));
  state.ema = net.withParameters(std::move(average));
  state.moments = std::move(moments);
  state.step = archive.meta.value("step", int64_t{0});
  state.imageSize = archive.meta.value("imageSize", int64_t{0});
  if (state.step < 0) throw Error("A saved training state's step is negative.");
  return state;
}

template <>
const TypeInfo& typeOf<TrainState>() {
  static const TypeInfo info = [] {
    TypeInfo type;
    type.id = "train_state";
    type.name = "Training state";
    type.colour = "#EF9A9A";
    type.doc = "What a training zone carries: weights, AdamW's moments, the moving average of the weights.";
    type.bytes = bytesOf;
    type.summary = summaryOf;
    type.save = [](const Value& value) { return saveTrainState(value.as<TrainState>()); };
    type.load = [](Archive archive) { return Value::of<TrainState>(loadTrainState(archive)); };
    type.trainable = true;
    return type;
  }();
  return info;
}

}  // namespace loom
