#include "app/cli/policy.h"

#include <ATen/cpu/Utils.h>

#include <algorithm>

#include "engine/device/cuda_start.h"
#include "nodes/kernels/compute_type.h"

namespace loom {
namespace {

at::ScalarType decideCompute(const std::string& dtype, c10::Device device) {
  if (dtype == "fp32" || (dtype == "auto" && device.is_cpu())) return at::kFloat;
  return computeType(dtype == "fp16" ? at::kHalf : at::kBFloat16, device);
}

}  // namespace

Policy decidePolicy(const PolicyRequest& request) {
  Policy policy;
  bool cuda = false;
  if (request.device != "cpu") {
    const std::string missing = startCuda();
    cuda = missing.empty();
    if (!cuda && request.device == "cuda")
      throw Error("--device cuda: " + missing + ". --device cpu runs without");
  }
  policy.device = cuda ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  policy.compute = decideCompute(request.dtype, policy.device);
  policy.threads = request.threads;
  return policy;
}

std::string deviceName(const Policy& policy) { return policy.device.str(); }

std::string computeName(const Policy& policy) {
  switch (policy.compute) {
    case at::kBFloat16:
      return "bf16";
    case at::kHalf:
      return "fp16";
    default:
      return "fp32";
  }
}

std::vector<std::string> cpuFeatures() {
  std::vector<std::string> features;
  for (const auto& [name, value] : at::cpu::get_cpu_capabilities())
    if (value.isBool() && value.toBool()) features.push_back(name);
  std::sort(features.begin(), features.end());
  return features;
}

}  // namespace loom
