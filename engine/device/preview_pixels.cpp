#include "engine/device/preview_pixels.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

#include "engine/core/error.h"
#include "engine/device/cuda_library.h"
#include "engine/device/preview_pixel.h"

namespace loom {
namespace {

constexpr int64_t kLongestSide = 4096;
static_assert(PackedPreview::kMostChannels == PictureColours::kMostChannels);

PackedPreview described(const at::Tensor& picture, const PictureColours& colours, const at::Tensor& out) {
  PackedPreview p;
  p.picture = picture.const_data_ptr<float>();
  p.batch = picture.size(0);
  p.channels = picture.size(1);
  p.height = picture.size(2);
  p.width = picture.size(3);
  p.outHeight = out.size(1);
  p.outWidth = out.size(2);
  for (size_t k = 0; k < 3; ++k) {
    std::copy(colours.matrix[k].begin(), colours.matrix[k].end(), p.matrix[k]);
    p.bias[k] = colours.bias[k];
  }
  p.out = static_cast<uint32_t*>(out.mutable_data_ptr());
  return p;
}

// The same by LibTorch's operations, for a GPU without our kernels.
at::Tensor byOperations(const at::Tensor& picture, const PictureColours& colours, int64_t height,
                        int64_t width) {
  const int64_t channels = picture.size(1);
  const at::Tensor small = at::adaptive_avg_pool2d(picture, {height, width});
  const at::Tensor finite = small.isfinite().all(1, true);
  at::Tensor matrix = at::zeros({3, channels, 1, 1}), bias = at::zeros({1, 3, 1, 1});
  for (int64_t k = 0; k < 3; ++k) {
    bias[0][k][0][0] = colours.bias[static_cast<size_t>(k)];
    for (int64_t c = 0; c < channels; ++c)
      matrix[k][c][0][0] = colours.matrix[static_cast<size_t>(k)][static_cast<size_t>(c)];
  }
  // Sums of channels, not a convolution, whose precision LibTorch may lower.
  const at::Tensor colour =
      (small.unsqueeze(1) * matrix.to(picture.device()).reshape({1, 3, channels, 1, 1})).sum(2) +
      bias.to(picture.device());
  const at::Tensor level = colour.clamp(0, 1).mul_(255).add_(0.5).floor_();
  const at::Tensor magenta = at::tensor({255.0f, 0.0f, 255.0f}).reshape({1, 3, 1, 1}).to(picture.device());
  const at::Tensor shown = at::where(finite, level, magenta);
  return at::cat({shown, at::full_like(finite, 255, shown.options())}, 1)
      .permute({0, 2, 3, 1})
      .to(at::kByte)
      .contiguous();
}

void packOnCpu(const PackedPreview& p) {
  std::vector<Covered> columns;
  for (int64_t x = 0; x < p.outWidth; ++x) columns.push_back(coveredBy(x, p.outWidth, p.width));
  uint32_t* out = p.out;
  for (int64_t sample = 0; sample < p.batch; ++sample)
    for (int64_t y = 0; y < p.outHeight; ++y) {
      const Covered rows = coveredBy(y, p.outHeight, p.height);
      for (const Covered& column : columns) *out++ = previewPixel(p, sample, rows, column);
    }
}

}  // namespace

at::Tensor previewPixels(const at::Tensor& picture, const PictureColours& colours, int64_t height,
                         int64_t width) {
  if (!picture.defined() || picture.dim() != 4 || picture.scalar_type() != at::kFloat ||
      picture.numel() == 0 || picture.size(1) > PackedPreview::kMostChannels)
    throw Error("a preview is packed from float32 [batch, 1 to 4 channels, height, width]");
  if (height < 1 || width < 1 || height > kLongestSide || width > kLongestSide)
    throw Error("a packed preview has 1 to " + std::to_string(kLongestSide) + " pixels a side, not " +
                std::to_string(height) + " x " + std::to_string(width));
  const c10::AutoGradMode noGradients(false);
  const CudaLibrary* library = cudaLibraryFor(picture.device());
  if (!library && !picture.is_cpu()) return byOperations(picture, colours, height, width);
  const at::Tensor plain = picture.contiguous();
  at::Tensor out = at::empty({picture.size(0), height, width, 4}, picture.options().dtype(at::kByte));
  const PackedPreview p = described(plain, colours, out);
  if (library) {
    constexpr const char* kKernel = "noiseloom_cuda_pack_preview";
    const auto launch = library->find<PackPreviewFunction>(kKernel);
    launchCuda(plain.device(), kKernel, [&](void* on) { return launch(&p, on); });
    return out;
  }
  packOnCpu(p);
  return out;
}

}  // namespace loom
