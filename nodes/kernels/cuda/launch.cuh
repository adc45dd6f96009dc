#pragma once
// How the kernels of this folder are started.
#include <cuda_runtime.h>

#include <cstdint>

#define LOOM_EXPORT extern "C" __attribute__((visibility("default")))

namespace loom::cuda {

constexpr int kThreads = 256;
constexpr int64_t kMostBlocks = 65535;

/// Blocks for that many threads' work; kernels go on in strides of the whole grid.
inline unsigned blocksFor(int64_t work) {
  const int64_t blocks = (work + kThreads - 1) / kThreads;
  return static_cast<unsigned>(blocks < 1 ? 1 : blocks > kMostBlocks ? kMostBlocks : blocks);
}

__device__ inline int64_t firstIndex() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t gridStride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

inline cudaStream_t streamOf(void* stream) { return static_cast<cudaStream_t>(stream); }

}  // namespace loom::cuda
