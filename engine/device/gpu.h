#pragma once
// What GPU a run computes on, by the driver's own word: no CUDA is linked, and none needs to be installed but
// the driver. Safe on any thread.
#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <string>

namespace loom {

struct Gpu {
  std::string name;        // "NVIDIA H100 80GB HBM3"
  std::string driver;      // "580.65.06"; empty where the system doesn't tell
  std::string capability;  // "9.0"
  int64_t memory = 0;      // bytes
};

/// Empty where the device is not CUDA's or the driver doesn't answer.
std::optional<Gpu> gpuOf(c10::Device device);

/// Bytes of its memory that nobody has taken; LibTorch's own pool counts as taken. Empty where the device is
/// not CUDA's or can't be asked.
std::optional<int64_t> freeGpuMemory(c10::Device device);

}  // namespace loom
