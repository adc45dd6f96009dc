#include "engine/device/gpu.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>

#include <array>
#include <exception>
#include <fstream>

namespace loom {
namespace {

// The driver's functions as cuda.h declares them, CUdevice and CUresult being int, and the numbers of two
// CUdevice_attribute.
constexpr int kMajor = 75, kMinor = 76;

template <class Function>
Function* driverFunction(void* driver, const char* name) {
  return reinterpret_cast<Function*>(dlsym(driver, name));
}

std::string driverVersion() {
  std::ifstream file("/sys/module/nvidia/version");
  std::string version;
  std::getline(file, version);
  return version;
}

}  // namespace

std::optional<Gpu> gpuOf(c10::Device device) {
  if (!device.is_cuda()) return {};
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);  // for good: LibTorch uses it too
  if (!driver) return {};
  const auto init = driverFunction<int(unsigned)>(driver, "cuInit");
  const auto get = driverFunction<int(int*, int)>(driver, "cuDeviceGet");
  const auto name = driverFunction<int(char*, int, int)>(driver, "cuDeviceGetName");
  const auto total = driverFunction<int(size_t*, int)>(driver, "cuDeviceTotalMem_v2");
  const auto attribute = driverFunction<int(int*, int, int)>(driver, "cuDeviceGetAttribute");
  int id = 0, major = 0, minor = 0;
  size_t bytes = 0;
  std::array<char, 256> text{};
  if (!init || !get || !name || !total || !attribute || init(0) != 0 ||
      get(&id, device.has_index() ? device.index() : 0) != 0 || name(text.data(), text.size() - 1, id) != 0 ||
      total(&bytes, id) != 0 || attribute(&major, kMajor, id) != 0 || attribute(&minor, kMinor, id) != 0)
    return {};
  return Gpu{text.data(), driverVersion(), std::to_string(major) + "." + std::to_string(minor),
             static_cast<int64_t>(bytes)};
}

std::optional<int64_t> freeGpuMemory(c10::Device device) {
  if (!device.is_cuda()) return {};
  try {
    const c10::DeviceIndex index = device.has_index() ? device.index() : c10::DeviceIndex{0};
    return static_cast<int64_t>(at::getDeviceAllocator(device.type())->getMemoryInfo(index).first);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace loom
