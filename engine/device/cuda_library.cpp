#include "engine/device/cuda_library.h"

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <cstdlib>
#include <map>
#include <mutex>

#include "engine/core/error.h"
#include "engine/device/cuda_abi.h"

namespace loom {
namespace {

namespace fs = std::filesystem;

std::string loadError() {
  const char* text = dlerror();
  return text ? text : "unknown";
}

}  // namespace

CudaLibrary::CudaLibrary(const fs::path& file) : file_(file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) {
    missing_ =
        "there is no " + file.string() +
        " (a build where nvcc 13 or newer is found makes it; NOISELOOM_CUDA_LIBRARY names another place)";
    return;
  }
  // A path with a slash in it: a bare name would be looked for elsewhere.
  handle_ = dlopen(fs::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle_) {
    missing_ = file.string() + " can't be loaded: " + loadError();
    return;
  }
  const auto abi = reinterpret_cast<CudaAbiFunction*>(dlsym(handle_, "noiseloom_cuda_abi"));
  if (!abi)
    missing_ = file.string() + " is not Noiseloom's library of CUDA kernels";
  else if (const uint32_t version = abi(); version != kCudaAbi)
    missing_ = file.string() + " is of another version (" + std::to_string(version) + ", the program's is " +
               std::to_string(kCudaAbi) + "): build both together";
}

void* CudaLibrary::symbol(const char* name) const {
  if (!loaded()) throw Error("the CUDA kernel " + std::string(name) + " is not here: " + missing_);
  void* found = dlsym(handle_, name);
  if (!found) throw Error(file_.string() + " has no " + name + ": build it together with the program");
  return found;
}

fs::path cudaLibraryFile() {
  if (const char* named = std::getenv("NOISELOOM_CUDA_LIBRARY"); named && *named) return named;
  constexpr const char* kName = "libnoiseloom_cuda.so";
  std::error_code ignored;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  const fs::path installed = folder.parent_path() / "lib" / kName;
  return !fs::exists(folder / kName, ignored) && fs::exists(installed, ignored) ? installed : folder / kName;
}

const CudaLibrary& cudaLibrary() {
  static const CudaLibrary library(cudaLibraryFile());
  return library;
}

const CudaLibrary* cudaLibraryFor(c10::Device device) {
  if (!device.is_cuda() || !cudaLibrary().loaded()) return nullptr;
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, bool> usable;
  const c10::DeviceGuard guard(device);  // also gives a device without a number the current one's
  const c10::DeviceIndex index = guard.current_device().index();
  const std::lock_guard lock(mutex);
  const auto [place, added] = usable.try_emplace(index, false);
  if (added) place->second = cudaLibrary().find<CudaUsableFunction>("noiseloom_cuda_usable")() == 0;
  return place->second ? &cudaLibrary() : nullptr;
}

void launchCuda(c10::Device device, const char* kernel, c10::function_ref<int(void* stream)> launch) {
  const c10::DeviceGuard guard(device);
  const c10::impl::VirtualGuardImpl cuda(device.type());
  const int status = launch(cuda.getStreamNativeHandle(cuda.getStream(guard.current_device())));
  if (status != 0)
    throw Error("the CUDA kernel " + std::string(kernel) + " can't be started: " +
                cudaLibrary().find<CudaErrorTextFunction>("noiseloom_cuda_error_text")(status));
}

}  // namespace loom
