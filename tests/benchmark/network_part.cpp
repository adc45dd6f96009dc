#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstdlib>
#include <fstream>

#include "nodes/ddpm/unet.h"
#include "nodes/training/losses.h"
#include "nodes/training/train_state.h"
#include "tests/benchmark/parts.h"
#include "tests/benchmark/peer.h"
#include "tests/benchmark/timing.h"

namespace loom::bench {
namespace {

// google/ddpm-cifar10-32: 35.7 M parameters.
std::shared_ptr<const UNet> cifarNet() {
  UNetConfig config;
  config.layout = UNetLayout::ho;
  return std::make_shared<const UNet>(config, initialUNet(config, 0));
}

struct Case {
  const char* name;
  at::ScalarType dtype;
};

void checkParity(const UNet& net) {
  // The fast form against itself in float64-free terms: batch of two equals two of one.
  const at::Tensor x = at::randn({2, 3, 32, 32});
  const at::Tensor e = net.embedTime(at::tensor({500}, at::kLong));
  const at::Tensor both = net.forward(x, e, {});
  const at::Tensor single = net.forward(x.slice(0, 1, 2), e, {});
  const double difference = (both.slice(0, 1, 2) - single).abs().max().item<double>();
  if (difference > 1e-4 * both.std().item<double>() + 1e-6)
    throw std::runtime_error("a sample's result depends on its batch");
}

double forwardSeconds(const UNet& net, at::ScalarType dtype, int64_t batch) {
  at::NoGradGuard noGradients;
  const at::Tensor x = at::randn({batch, 3, 32, 32});
  const at::Tensor t = at::full({1}, 500, at::kLong);
  return secondsOf([&] { net.forward(x, net.embedTime(t), {dtype, 0}); });
}

double trainSeconds(TrainState& state, at::ScalarType dtype, int64_t batch) {
  const at::Tensor x = at::randn({batch, 3, 32, 32}), noise = at::randn({batch, 3, 32, 32});
  const at::Tensor t = at::randint(0, 1000, {batch}, at::kLong);
  return secondsOf([&] {
    const at::Tensor out = state.net->forward(x, state.net->embedTime(t), {dtype, 0.0});
    const at::Tensor loss = (out - noise).square().mean();
    state = stepped(std::move(state), gradientsOf(loss, state), {});
  });
}

long peakKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::atol(line.c_str() + 6);
  return 0;
}

double askSeconds(Peer& peer, const char* what, const char* dtype, int64_t batch) {
  return std::atof(peer.ask(std::string(what) + " " + dtype + " " + std::to_string(batch)).c_str());
}

}  // namespace

void networkTimes(const std::string& python) {
  const auto net = cifarNet();
  checkParity(*net);
  std::printf("network: %s\n", net->describe().c_str());
  std::unique_ptr<Peer> peer;
  if (!python.empty()) {
    peer = std::make_unique<Peer>(python, std::string(NOISELOOM_SOURCE_DIR) + "/tests/benchmark/peer.py");
    std::printf("peer: diffusers UNet2DModel, PyTorch eager, %s parameters", peer->ask("parameters").c_str());
  }
  constexpr int64_t kBatch = 4;
  for (const Case each : {Case{"fp32", at::kFloat}, Case{"bf16", at::kBFloat16}}) {
    const std::string forward = std::string("forward, batch of 4, ") + each.name;
    const std::string training = std::string("training step, batch of 4, ") + each.name;
    TrainState state = freshState(*net, 32, at::kCPU);
    const auto ourForward = [&] { return forwardSeconds(*net, each.dtype, kBatch); };
    const auto ourTraining = [&] { return trainSeconds(state, each.dtype, kBatch); };
    const auto theirs = [&](const char* what) {
      return peer ? askSeconds(*peer, what, each.name, kBatch) : 1.0;
    };
    report(forward.c_str(), interleaved(5, ourForward, [&] { return theirs("forward"); }), 1e-3, "ms",
           "PyTorch");
    report(training.c_str(), interleaved(3, ourTraining, [&] { return theirs("train"); }), 1e-3, "ms",
           "PyTorch");
  }
  std::printf("peak memory of this process: %.0f MiB\n", static_cast<double>(peakKilobytes()) / 1024);
}

}  // namespace loom::bench
