#include "engine/device/cuda_start.h"

#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include <exception>
#include <filesystem>

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

}  // namespace

std::string startCuda() {
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

}  // namespace loom
