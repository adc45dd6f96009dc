#include "engine/live/preview_means.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include "engine/device/preview_pixel.h"

namespace loom {
namespace {

std::vector<Covered> allCovered(int64_t pixels, int64_t side) {
  std::vector<Covered> covered;
  for (int64_t i = 0; i < pixels; ++i) covered.push_back(coveredBy(i, pixels, side));
  return covered;
}

template <class T>
class Means {
 public:
  Means(const at::Tensor& tiles, int64_t height, int64_t width)
      : data_(tiles.const_data_ptr<T>()),
        tiles_(tiles),
        rows_(allCovered(height, tiles.size(2))),
        columns_(allCovered(width, tiles.size(3))),
        sums_(static_cast<size_t>(height * width)) {}

  // Channel by channel, as they lie in memory.
  void of(int64_t tile, int64_t firstChannel, int64_t channels, float* out) {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    for (int64_t channel = firstChannel; channel < firstChannel + channels; ++channel) {
      double* sums = sums_.data();
      for (const Covered& rows : rows_) {
        for (int64_t row = rows.begin; row < rows.end; ++row)
          addRow(data_ + tile * tiles_.stride(0) + channel * tiles_.stride(1) + row * tiles_.stride(2), sums);
        sums += columns_.size();
      }
    }
    const double* sum = sums_.data();
    for (const Covered& rows : rows_)
      for (const Covered& columns : columns_)
        *out++ = static_cast<float>(*sum++ / static_cast<double>(channels) /
                                    static_cast<double>(rows.end - rows.begin) /
                                    static_cast<double>(columns.end - columns.begin));
  }

 private:
  void addRow(const T* row, double* sums) const {
    const int64_t step = tiles_.stride(3), width = static_cast<int64_t>(columns_.size());
    if (step == 1 && width == tiles_.size(3)) {  // a column a pixel
      for (int64_t x = 0; x < width; ++x) sums[x] += static_cast<double>(row[x]);
      return;
    }
    for (int64_t x = 0; x < width; ++x) {
      const Covered columns = columns_[static_cast<size_t>(x)];
      double sum = 0;
      for (int64_t column = columns.begin; column < columns.end; ++column)
        sum += static_cast<double>(row[column * step]);
      sums[x] += sum;
    }
  }

  const T* data_;
  const at::Tensor& tiles_;
  const std::vector<Covered> rows_, columns_;
  std::vector<double> sums_;  // of the pixels
};

std::vector<float> onAccelerator(const at::Tensor& tiles, bool merged, int64_t height, int64_t width) {
  at::Tensor small = tiles.to(at::kFloat);
  if (merged) small = small.mean(1, true);
  if (height < tiles.size(2) || width < tiles.size(3))
    small = at::adaptive_avg_pool2d(small, {height, width});
  small = small.to(at::kCPU).contiguous();
  const float* numbers = small.const_data_ptr<float>();
  return {numbers, numbers + small.numel()};
}

}  // namespace

std::vector<float> previewMeans(const at::Tensor& tiles, bool merged, int64_t height, int64_t width) {
  if (!tiles.is_cpu()) return onAccelerator(tiles, merged, height, width);
  const int64_t channels = merged ? 1 : tiles.size(1), pixels = height * width;
  std::vector<float> means(static_cast<size_t>(tiles.size(0) * channels * pixels));
  AT_DISPATCH_ALL_TYPES_AND3(at::kHalf, at::kBFloat16, at::kBool, tiles.scalar_type(), "preview", [&] {
    Means<scalar_t> reduce(tiles, height, width);
    for (int64_t tile = 0; tile < tiles.size(0); ++tile)
      for (int64_t channel = 0; channel < channels; ++channel)
        reduce.of(tile, channel, merged ? tiles.size(1) : 1,
                  means.data() + (tile * channels + channel) * pixels);
  });
  return means;
}

}  // namespace loom
