#pragma once
// Where and how a run computes: "auto" decided, and what is missing said.
#include <string>

#include "engine/node/exec.h"

namespace loom {

struct PolicyRequest {
  std::string device = "auto";  // auto, cpu, cuda
  std::string dtype = "auto";   // auto, fp32, bf16, fp16
  int threads = 0;              // 0: all cores
};

/// Throws Error saying what is missing. Device auto: CUDA where a driver and this LibTorch's CUDA part are
/// there. Dtype auto is bf16 on a GPU and fp32 on a CPU: whatever it can do, the numbers are those of other
/// CPUs. bf16 and fp16 become fp32 where the device would only emulate them, slower and less exact (CPUs
/// without AMX or AVX512 for them). Loads LibTorch's CUDA library when it is wanted; called once, before any
/// tensor is made.
Policy decidePolicy(const PolicyRequest& request);

std::string deviceName(const Policy& policy);   // "cpu", "cuda:0"
std::string computeName(const Policy& policy);  // "fp32", "bf16", "fp16"

/// What the processor can do, of what matters to speed and to the last digits: "avx2", "avx512_bf16",
/// "amx_bf16"...
std::vector<std::string> cpuFeatures();

}  // namespace loom
