#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <cstdlib>
#include <filesystem>

#include "engine/files/safetensors.h"
#include "nodes/kernels/compute_type.h"
#include "nodes/training/train_state.h"
#include "tests/benchmark/parts.h"
#include "tests/benchmark/peer.h"
#include "tests/benchmark/timing.h"

namespace loom::bench {

std::shared_ptr<const UNet> cifarNet() {
  UNetConfig config;
  config.layout = UNetLayout::ho;
  Parameters parameters = initialUNet(config, 0);
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(1);
  // Fresh nets answer nearly nothing; these answer something of the size of noise.
  for (auto& [name, tensor] : parameters) {
    at::Tensor r = at::randn(tensor.sizes(), generator, at::TensorOptions(at::kFloat));
    if (tensor.dim() >= 2)
      tensor = r.mul_(1 / std::sqrt(static_cast<double>(tensor.numel() / tensor.size(0))));
    else
      tensor = r.mul_(0.1).add_(name.ends_with("weight") ? 1 : 0);
  }
  return std::make_shared<const UNet>(config, parameters);
}

namespace {

constexpr StepOptions kStep{.lr = {.peak = 1e-4}};

struct Batch {
  at::Tensor x, noise, t;
};
Batch randomBatch(int64_t size) {
  return {at::randn({size, 3, 32, 32}), at::randn({size, 3, 32, 32}),
          at::randint(0, 1000, {size}, at::kLong)};
}

at::Tensor answer(const UNet& net, const Batch& batch, at::ScalarType asked) {
  const at::NoGradGuard noGradients;
  return net.forward(batch.x, net.embedTime(batch.t), {.compute = computeType(asked, at::kCPU)});
}

double trainStep(TrainState& state, const Batch& batch, at::ScalarType asked) {
  const at::Tensor out =
      state.net->forward(batch.x, state.net->embedTime(batch.t), {.compute = computeType(asked, at::kCPU)});
  const at::Tensor loss = (out - batch.noise).square().mean();
  state = stepped(std::move(state), gradientsOf(loss, state), kStep);
  return loss.item<double>();
}

double furthest(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.std()).item<double>();
}

void hold(const std::string& what, double difference, double most) {
  std::printf("parity  %-46s %.1e (at most %.0e)\n", what.c_str(), difference, most);
  if (!(difference <= most)) throw std::runtime_error("no parity: " + what);
}

/// Both programs with the same weights on the same x and t: nothing is timed before they agree.
void checkParity(const UNet& net, Peer& peer) {
  const Batch batch = randomBatch(2);
  const at::Tensor ours = answer(net, batch, at::kFloat);
  TrainState state = freshState(net, 32, at::kCPU);
  std::vector<double> losses;
  for (int step = 0; step < 2; ++step) losses.push_back(trainStep(state, batch, at::kFloat));
  hold("our bf16 (as it is computed here)", furthest(answer(net, batch, at::kBFloat16), ours), 0.1);

  const std::filesystem::path folder = std::filesystem::temp_directory_path(),
                              given = folder / ("noiseloom_benchmark_" + std::to_string(getpid())),
                              theirs = given.string() + "_answer";
  TensorMap tensors(net.parameters().begin(), net.parameters().end());
  tensors["parity.x"] = batch.x;
  tensors["parity.t"] = batch.t;
  tensors["parity.noise"] = batch.noise;
  writeSafetensors(given, tensors);
  std::printf("peer: diffusers UNet2DModel, PyTorch eager, %s parameters\n",
              peer.ask("load " + given.string()).c_str());
  for (const std::string format : {"nchw", "channels_last"}) {
    peer.ask("parity " + format + " " + theirs.string());
    const TensorMap answers = readSafetensors(theirs).tensors;
    hold("forward, against " + format, furthest(ours, answers.at("answer")), 1e-4);
    for (int step = 0; step < 2; ++step) {
      const double loss = answers.at("losses")[step].item<double>();
      hold("loss of training step " + std::to_string(step + 1) + ", against " + format,
           std::abs(losses[step] / loss - 1), 1e-4);
    }
  }
  std::filesystem::remove(given);
  std::filesystem::remove(theirs);
}

struct Dtype {
  const char* name;
  at::ScalarType type;
};
constexpr Dtype kDtypes[] = {{"fp32", at::kFloat}, {"bf16", at::kBFloat16}};

void addPeer(std::vector<Contender>& contenders, Peer* peer, const std::string& what, int64_t batch) {
  if (!peer) return;
  const bool emulated = computeType(at::kBFloat16, at::kCPU) == at::kFloat;
  for (const Dtype& dtype : kDtypes)
    // Emulated, a pass in bf16 takes them up to a minute: seen once, it need not be seen again.
    if (dtype.type == at::kFloat || !emulated || (what == "forward" && batch == 1))
      for (const std::string format : {"nchw", "channels_last"}) {
        const std::string line = what + " " + dtype.name + " " + format + " " + std::to_string(batch);
        contenders.push_back({std::string("PyTorch, ") + dtype.name + ", " + format,
                              [=] { return std::atof(peer->ask(line).c_str()); }});
      }
}

const Contender& best(const std::vector<Contender>& contenders, size_t begin, size_t end) {
  return *std::min_element(contenders.begin() + begin, contenders.begin() + end,
                           [](const auto& a, const auto& b) { return a.spread.median < b.spread.median; });
}

/// Ours in both dtypes; once where they are the same computation, lest the better of two tries counts.
template <class Time>
void addOurs(std::vector<Contender>& contenders, Time time) {
  for (const Dtype& dtype : kDtypes)
    if (dtype.type == computeType(dtype.type, at::kCPU))
      contenders.push_back({std::string("Noiseloom, ") + dtype.name, [=] { return time(dtype.type); }});
}

/// The first `count` are ours.
void report(const std::string& what, int64_t batch, size_t count, const std::vector<Contender>& contenders) {
  std::printf("%s, batch of %d\n", what.c_str(), static_cast<int>(batch));
  for (const Contender& each : contenders)
    std::printf("  %-30s %s, %.2f images/s\n", each.name.c_str(), text(each.spread, 1e-3, "ms").c_str(),
                static_cast<double>(batch) / each.spread.median);
  if (contenders.size() > count) {
    const Contender &ours = best(contenders, 0, count), &theirs = best(contenders, count, contenders.size());
    std::printf("  %.2f times as fast as the fastest of theirs (%s; goal 1.5)\n",
                theirs.spread.median / ours.spread.median, theirs.name.c_str());
  }
  std::fflush(stdout);
}

}  // namespace

void networkTimes(const std::string& python) {
  const auto net = cifarNet();
  std::printf("network: %s; bf16 is computed in %s here\n", net->describe().c_str(),
              computeType(at::kBFloat16, at::kCPU) == at::kFloat ? "fp32, which is faster" : "bf16");
  std::unique_ptr<Peer> peer;
  if (!python.empty()) {
    peer = std::make_unique<Peer>(python, std::string(NOISELOOM_SOURCE_DIR) + "/tests/benchmark/peer.py");
    checkParity(*net, *peer);
  }
  for (const int64_t size : {1, 4}) {
    std::vector<Contender> contenders;
    addOurs(contenders, [&net, size](at::ScalarType dtype) {
      const Batch batch{at::randn({size, 3, 32, 32}), {}, at::full({1}, 500, at::kLong)};
      return secondsOf([&] { answer(*net, batch, dtype); });
    });
    const size_t ours = contenders.size();
    addPeer(contenders, peer.get(), "forward", size);
    takeTurns(size == 1 ? 15 : 9, contenders);
    report("forward", size, ours, contenders);
  }
  constexpr int64_t kTrained = 4;
  TrainState state = freshState(*net, 32, at::kCPU);
  std::vector<Contender> contenders;
  addOurs(contenders, [&state](at::ScalarType dtype) {
    const Batch batch = randomBatch(kTrained);
    return secondsOf([&] { trainStep(state, batch, dtype); });
  });
  const size_t ours = contenders.size();
  addPeer(contenders, peer.get(), "train", kTrained);
  takeTurns(5, contenders);
  report("training step (forward, MSE, backward, clip, AdamW, moving average)", kTrained, ours, contenders);
}

}  // namespace loom::bench
