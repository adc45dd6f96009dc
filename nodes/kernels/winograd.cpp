#include "nodes/kernels/winograd.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "engine/core/error.h"
#include "nodes/kernels/winograd_loops.h"

namespace loom {

namespace {

/// Tiles that go through at once: what lies between the transforms should stay in the cache.
int64_t tilesAtOnce(int64_t tiles, int64_t channels, int64_t products) {
  constexpr int64_t kFloats = int64_t{2} << 20;  // 8 MiB
  const int64_t most = std::max<int64_t>(32, kFloats / (products * channels));
  const int64_t passes = (tiles + most - 1) / most;
  return (tiles + passes - 1) / passes;
}

}  // namespace

bool winogradFits(const at::Tensor& weight) {
  return weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3 && weight.size(0) % 8 == 0 &&
         weight.size(1) % 8 == 0 && weight.is_cpu() && weight.scalar_type() == at::kFloat;
}

int winogradTile(int64_t B, int64_t H, int64_t W) {
  // With few tiles the larger filters cost more to read than the saved products.
  return B * ((H + 3) / 4) * ((W + 3) / 4) >= 16 ? 4 : 2;
}

WinogradFilters winogradFilters(const at::Tensor& weight, const at::Tensor& bias, int tile) {
  if (!winogradFits(weight)) throw Error("Winograd convolution takes 3 × 3 filters of channels in eights.");
  const int64_t out = weight.size(0), in = weight.size(1), products = (tile + 2) * (tile + 2);
  const at::Tensor filters = weight.detach().contiguous();
  WinogradFilters result{tile, at::empty({products, in, out}, at::kFloat),
                         bias.defined() ? bias.detach().contiguous() : at::Tensor()};
  const float* g = filters.const_data_ptr<float>();
  float* U = result.U.mutable_data_ptr<float>();
  at::parallel_for(0, in, 1, [&](int64_t begin, int64_t end) {
    double u[36];
    for (int64_t c = begin; c < end; ++c)
      for (int64_t k = 0; k < out; ++k) {
        (tile == 4 ? loops::winogradFilter4 : loops::winogradFilter2)(g + (k * in + c) * 9, u);
        for (int64_t p = 0; p < products; ++p) U[(p * in + c) * out + k] = static_cast<float>(u[p]);
      }
  });
  return result;
}

at::Tensor winogradConvolve(const at::Tensor& x, const WinogradFilters& filters,
                            const WinogradOptions& options) {
  const int64_t m = filters.tile, products = (m + 2) * (m + 2);
  const int64_t in = filters.U.size(1), out = filters.U.size(2), B = x.size(0);
  const int64_t scale = options.upsampled ? 2 : 1, H = x.size(2) * scale, W = x.size(3) * scale;
  if (x.size(1) != in) throw Error("The convolution takes " + std::to_string(in) + " channels.");
  const at::Tensor source = x.contiguous(at::MemoryFormat::ChannelsLast);
  const auto format = source.options().memory_format(at::MemoryFormat::ChannelsLast);
  at::Tensor y = at::empty({B, out, H, W}, format);
  at::Tensor residual;
  if (options.residual.defined()) residual = options.residual.contiguous(at::MemoryFormat::ChannelsLast);

  loops::WinogradShape inner{H, W, in, (H + m - 1) / m, (W + m - 1) / m, options.upsampled};
  loops::WinogradShape outer = inner;
  outer.channels = out;
  const int64_t tiles = B * inner.tilesDown * inner.tilesAcross;
  const int64_t block = tilesAtOnce(tiles, in + out, products);
  // One row more than needed keeps the planes from lying a power of two apart, where they would share cache
  // lines.
  const int64_t rows = block + 1;
  at::Tensor V = at::empty({products, rows, in}, at::kFloat),
             M = at::empty({products, rows, out}, at::kFloat);
  V.select(1, block).zero_();
  const float* bias = filters.bias.defined() ? filters.bias.const_data_ptr<float>() : nullptr;
  const float* added = residual.defined() ? residual.const_data_ptr<float>() : nullptr;
  constexpr int64_t kGrain = 4;
  for (int64_t first = 0; first < tiles; first += block) {
    const int64_t count = std::min(block, tiles - first);
    const auto input = m == 4 ? loops::winogradInput4 : loops::winogradInput2;
    at::parallel_for(0, count, kGrain, [&](int64_t begin, int64_t end) {
      input(source.const_data_ptr<float>(), inner, first + begin, first + end,
            V.mutable_data_ptr<float>() + begin * in, rows * in);
    });
    at::bmm_out(M, V, filters.U);
    const auto output = m == 4 ? loops::winogradOutput4 : loops::winogradOutput2;
    at::parallel_for(0, count, kGrain, [&](int64_t begin, int64_t end) {
      output(M.const_data_ptr<float>() + begin * out, rows * out, outer, first + begin, first + end, bias,
             added, y.mutable_data_ptr<float>());
    });
  }
  return y;
}

}  // namespace loom
