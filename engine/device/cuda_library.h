#pragma once
// Our own CUDA kernels, in a library of their own that is loaded when a tensor on a GPU first asks for it.
// The program links no CUDA and is whole without: callers go LibTorch's way where there is no library. Safe
// on any thread.
#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include <filesystem>
#include <string>

namespace loom {

class CudaLibrary {
 public:
  /// Loads the file and checks its ABI; never throws.
  explicit CudaLibrary(const std::filesystem::path& file);

  bool loaded() const { return missing_.empty(); }
  /// Empty, or why it is not there and what to do.
  const std::string& missing() const { return missing_; }
  /// A function by its C name and type, such as find<UnitNormalsFunction>("noiseloom_cuda_unit_normals").
  /// Throws Error where the library is not loaded or has none of that name.
  template <class Function>
  Function* find(const char* name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  std::filesystem::path file_;
  void* handle_ = nullptr;  // never closed: kernels may be running
  std::string missing_;
};

/// Where the program looks: what NOISELOOM_CUDA_LIBRARY names, else libnoiseloom_cuda.so beside the program,
/// else in ../lib from there.
std::filesystem::path cudaLibraryFile();

/// The program's own, loaded by the first call.
const CudaLibrary& cudaLibrary();

/// The library, where it is loaded and has code for this device; null otherwise, and for devices that are not
/// CUDA's.
const CudaLibrary* cudaLibraryFor(c10::Device device);

/// Calls `launch` with that device current and the stream that LibTorch uses there on this thread, so that
/// the kernel runs between LibTorch's own. Throws Error with CUDA's words where it returns anything but 0.
void launchCuda(c10::Device device, const char* kernel, c10::function_ref<int(void* stream)> launch);

}  // namespace loom
