// A sampling step in one pass over memory.
#include <type_traits>

#include "nodes/kernels/cuda/launch.cuh"
#include "nodes/kernels/fused_step_element.h"

namespace loom::cuda {
namespace {

/// `Width` neighbours, which travel in one transaction.
template <int Width>
struct alignas(4 * Width) Pack {
  float value[Width];
};

template <int Width>
__device__ Pack<Width> packAt(const float* from, int64_t index) {
  if (from) return reinterpret_cast<const Pack<Width>*>(from)[index];
  return {};
}

template <int Width>
__device__ void putAt(float* to, int64_t index, const Pack<Width>& pack) {
  if (to) reinterpret_cast<Pack<Width>*>(to)[index] = pack;
}

/// Packs number `index` of `Width` elements. What is read is in registers before anything is written.
template <int Width>
__device__ void stepPack(const FusedStep& step, const StepPointers& p, int64_t index) {
  const Pack<Width> output = packAt<Width>(p.output, index), x_t = packAt<Width>(p.x_t, index),
                    unconditional = packAt<Width>(p.unconditional, index), x0 = packAt<Width>(p.x0In, index),
                    epsilon = packAt<Width>(p.epsilonIn, index), z = packAt<Width>(p.z, index);
  Pack<Width> out[4];
#pragma unroll
  for (int i = 0; i < Width; ++i) {
    const StepOutputs one = stepElement(step, {output.value[i], unconditional.value[i], x_t.value[i],
                                               x0.value[i], epsilon.value[i], z.value[i]});
    out[0].value[i] = one.x0;
    out[1].value[i] = one.epsilon;
    out[2].value[i] = one.mean;
    out[3].value[i] = one.x_prev;
  }
  putAt(p.x0, index, out[0]);
  putAt(p.epsilon, index, out[1]);
  putAt(p.mean, index, out[2]);
  putAt(p.x_prev, index, out[3]);
}

template <int Width>
__global__ void __launch_bounds__(kThreads) fusedStep(FusedStep step, StepPointers p, int64_t count) {
  const int64_t packs = count / Width;
  for (int64_t i = firstIndex(); i < packs; i += gridStride()) stepPack<Width>(step, p, i);
  // What is left over, fewer than Width.
  if (const int64_t i = packs * Width + firstIndex(); i < count) stepPack<1>(step, p, i);
}

bool aligned(const StepPointers& p) {
  const void* const all[] = {p.output, p.unconditional, p.x_t,  p.x0In,  p.epsilonIn, p.z,
                             p.x0,     p.epsilon,       p.mean, p.x_prev};
  for (const void* pointer : all)
    if (reinterpret_cast<uintptr_t>(pointer) % 16 != 0) return false;
  return true;
}

}  // namespace
}  // namespace loom::cuda

LOOM_EXPORT int noiseloom_cuda_fused_step(const loom::FusedStep* step, const loom::StepPointers* p,
                                          int64_t count, void* stream) {
  using namespace loom::cuda;
  if (count < 0) return cudaErrorInvalidValue;
  if (count == 0) return cudaSuccess;
  const cudaStream_t on = streamOf(stream);
  if (aligned(*p))
    fusedStep<4><<<blocksFor(count / 4), kThreads, 0, on>>>(*step, *p, count);
  else
    fusedStep<1><<<blocksFor(count), kThreads, 0, on>>>(*step, *p, count);
  return cudaGetLastError();
}
static_assert(std::is_same_v<decltype(noiseloom_cuda_fused_step), loom::FusedStepFunction>);
