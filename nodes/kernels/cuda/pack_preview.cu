// Small RGBA pictures for somebody who watches: a thread makes one pixel.
#include <type_traits>

#include "engine/device/preview_pixel.h"
#include "nodes/kernels/cuda/launch.cuh"

namespace loom::cuda {
namespace {

__global__ void __launch_bounds__(kThreads) packPreview(PackedPreview p) {
  const int64_t pixels = p.batch * p.outHeight * p.outWidth;
  for (int64_t i = firstIndex(); i < pixels; i += gridStride()) {
    const int64_t x = i % p.outWidth, y = i / p.outWidth % p.outHeight, sample = i / p.outWidth / p.outHeight;
    p.out[i] =
        previewPixel(p, sample, coveredBy(y, p.outHeight, p.height), coveredBy(x, p.outWidth, p.width));
  }
}

}  // namespace
}  // namespace loom::cuda

LOOM_EXPORT int noiseloom_cuda_pack_preview(const loom::PackedPreview* p, void* stream) {
  using namespace loom::cuda;
  if (p->batch < 1 || p->channels < 1 || p->channels > loom::PackedPreview::kMostChannels || p->height < 1 ||
      p->width < 1 || p->outHeight < 1 || p->outWidth < 1)
    return cudaErrorInvalidValue;
  packPreview<<<blocksFor(p->batch * p->outHeight * p->outWidth), kThreads, 0, streamOf(stream)>>>(*p);
  return cudaGetLastError();
}
static_assert(std::is_same_v<decltype(noiseloom_cuda_pack_preview), loom::PackPreviewFunction>);
