#include "app/cli/policy.h"

#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

#include "nodes/kernels/compute_type.h"

namespace loom {
namespace {

// The folder LibTorch itself was loaded from: its CUDA part, if any, lies beside it.
std::filesystem::path torchFolder() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&at::cpu::is_avx512_vnni_supported), &info) || !info.dli_fname)
    return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

std::string loadError() {
  const char* text = dlerror();
  return text ? text : "unknown";
}

// Empty when CUDA can be used, else what is missing. libtorch_cpu looks for its CUDA hooks once, on first
// use: the library must be there by then.
std::string loadCuda() {
  if (!dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL))
    return "there is no NVIDIA driver on this machine (libcuda.so.1 was not found)";
  const std::filesystem::path library = torchFolder() / "libtorch_cuda.so";
  if (!std::filesystem::exists(library))
    return "this LibTorch was built without CUDA (no " + library.string() + ")";
  if (!dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL))
    return "LibTorch's CUDA part can't be loaded: " + loadError();
  try {
    const auto& hooks = at::detail::getCUDAHooks();
    if (!hooks.hasCUDA()) return "the driver does not fit LibTorch's CUDA version";
    if (hooks.deviceCount() < 1) return "the driver shows no GPU (CUDA_VISIBLE_DEVICES may hide it)";
  } catch (const std::exception& error) {
    return std::string("CUDA does not start: ") + error.what();
  }
  return "";
}

at::ScalarType decideCompute(const std::string& dtype, c10::Device device) {
  if (dtype == "fp32") return at::kFloat;
  return computeType(dtype == "fp16" ? at::kHalf : at::kBFloat16, device);
}

}  // namespace

Policy decidePolicy(const PolicyRequest& request) {
  Policy policy;
  bool cuda = false;
  if (request.device != "cpu") {
    const std::string missing = loadCuda();
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
