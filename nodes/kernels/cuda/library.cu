// What the program asks before it calls a kernel.
#include <type_traits>

#include "engine/device/cuda_abi.h"
#include "nodes/kernels/cuda/launch.cuh"

namespace {
__global__ void nothing() {}
}  // namespace

LOOM_EXPORT uint32_t noiseloom_cuda_abi() { return loom::kCudaAbi; }

LOOM_EXPORT int noiseloom_cuda_usable() {
  cudaFuncAttributes attributes;
  const cudaError_t status = cudaFuncGetAttributes(&attributes, nothing);
  cudaGetLastError();  // a refusal is an answer here, not an error to be found by the next call
  return status;
}

LOOM_EXPORT const char* noiseloom_cuda_error_text(int status) {
  return cudaGetErrorString(static_cast<cudaError_t>(status));
}

static_assert(std::is_same_v<decltype(noiseloom_cuda_abi), loom::CudaAbiFunction>);
static_assert(std::is_same_v<decltype(noiseloom_cuda_usable), loom::CudaUsableFunction>);
static_assert(std::is_same_v<decltype(noiseloom_cuda_error_text), loom::CudaErrorTextFunction>);
