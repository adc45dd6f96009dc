// Unit normal numbers, the same bytes as on the CPU: a thread makes the four of one block of the stream.
#include <type_traits>

#include "engine/random/unit_normal.h"
#include "nodes/kernels/cuda/launch.cuh"

namespace loom::cuda {
namespace {

__global__ void __launch_bounds__(kThreads) unitNormals(UnitNormals n, int64_t blocks, bool wholeBlocks) {
  for (int64_t i = firstIndex(); i < n.batch * blocks; i += gridStride()) {
    const int64_t sample = i / blocks, block = i % blocks;
    float z[4];
    fourNormals(n, n.firstSample + static_cast<uint32_t>(sample), static_cast<uint32_t>(block), z);
    float* out = n.out + sample * n.elements + 4 * block;
    if (wholeBlocks) {
      *reinterpret_cast<float4*>(out) = make_float4(z[0], z[1], z[2], z[3]);
    } else {
      const int64_t left = n.elements - 4 * block;
      for (int k = 0; k < 4 && k < left; ++k) out[k] = z[k];
    }
  }
}

}  // namespace
}  // namespace loom::cuda

LOOM_EXPORT int noiseloom_cuda_unit_normals(const loom::UnitNormals* n, void* stream) {
  using namespace loom::cuda;
  constexpr int64_t kMost = int64_t{1} << 32;
  if (n->batch < 0 || n->elements < 0 || n->elements > kMost || n->batch > kMost)
    return cudaErrorInvalidValue;
  if (n->batch == 0 || n->elements == 0) return cudaSuccess;
  const int64_t blocks = (n->elements + 3) / 4;
  const bool wholeBlocks = n->elements % 4 == 0 && reinterpret_cast<uintptr_t>(n->out) % 16 == 0;
  unitNormals<<<blocksFor(n->batch * blocks), kThreads, 0, streamOf(stream)>>>(*n, blocks, wholeBlocks);
  return cudaGetLastError();
}
static_assert(std::is_same_v<decltype(noiseloom_cuda_unit_normals), loom::UnitNormalsFunction>);
