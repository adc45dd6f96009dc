#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <malloc.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/benchmark/parts.h"

namespace loom::bench {
namespace {

/// A line of /proc/self/status in bytes.
int64_t statusBytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(name + ":", 0) == 0) return std::atoll(line.c_str() + name.size() + 1) * 1024;
  return 0;
}

/// What libraries load and set up on first use is not the network's.
void warmUp() {
  UNetConfig small;
  small.layout = UNetLayout::ho;
  small.ch = 32;
  small.widths = {32, 32};
  small.attention = {false, true};
  const UNet net(small, initialUNet(small, 0));
  net.forward(at::randn({1, 3, 8, 8}), net.embedTime(at::tensor({5}, at::kLong)), {});
}

int64_t peakOf(int64_t batch) {
  std::array<char, 64> answer{};
  const std::string command = "/proc/" + std::to_string(getpid()) + "/exe --memory " + std::to_string(batch);
  FILE* child = popen(command.c_str(), "r");
  const bool read = child && std::fgets(answer.data(), answer.size(), child);
  if (!child || pclose(child) != 0 || !read)
    throw std::runtime_error("the process that measures memory failed");
  return std::atoll(answer.data());
}

}  // namespace

void printMemoryPeak(int64_t batch) {
  const at::NoGradGuard noGradients;
  warmUp();
  malloc_trim(0);
  const int64_t before = statusBytes("VmRSS");
  const auto net = cifarNet();
  const at::Tensor x = at::randn({batch, 3, 32, 32});
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5\n";  // the peak counts from here
  for (int i = 0; i < 3; ++i) net->forward(x, net->embedTime(at::tensor({500}, at::kLong)), {});
  std::printf("%lld\n", static_cast<long long>(statusBytes("VmHWM") - before));
}

void memoryPeaks() {
  UNetConfig config;
  config.layout = UNetLayout::ho;
  int64_t weights = 0;
  for (const auto& [name, shape] : unetParameters(config)) {
    int64_t numbers = 1;
    for (const int64_t size : shape) numbers *= size;
    weights += 4 * numbers;
  }
  for (const int64_t batch : {1, 4}) {
    const int64_t held = 4 * unetFloatsToHold(config, batch, 32), peak = peakOf(batch);
    std::printf(
        "memory of a forward, batch of %d: %.1f MB at most; weights %.1f MB + activations %.1f MB; ratio "
        "%.3f "
        "(goal 1.05)\n",
        static_cast<int>(batch), 1e-6 * peak, 1e-6 * weights, 1e-6 * held,
        static_cast<double>(peak) / static_cast<double>(weights + held));
  }
}

}  // namespace loom::bench
