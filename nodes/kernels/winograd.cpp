#include "nodes/kernels/winograd.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "engine/core/error.h"
#include "nodes/kernels/matmul_loops.h"
#include "nodes/kernels/parallel.h"
#include "nodes/kernels/winograd_loops.h"

namespace loom {

namespace {

using loops::kPanel;
using loops::WinogradShape;
using loops::WinogradWeights;

constexpr int64_t kMostInput = int64_t{1} << 20;  // floats of transformed input at once: 4 MiB, for the cache
constexpr int64_t kTiles = 48;                    // tiles of one panel at once, for the nearest cache

/// How one convolution is cut up. The cuts change no result: sums over channels are never cut.
struct Cuts {
  int m, n, products;
  WinogradShape shape;  // of the input
  int64_t tiles;
  int64_t block;  // tiles that are transformed at once
  /// Floats between two products of the transformed input. One row more than needed keeps the planes from
  /// lying a power of two apart, where they would share cache lines.
  int64_t plane() const { return (block + 1) * shape.channels; }
};

int tileFor(int64_t B, int64_t H, int64_t W) {
  // With few tiles the larger filters cost more than the saved products.
  return B * ((H + 3) / 4) * ((W + 3) / 4) >= 4 ? 4 : 2;
}

Cuts cut(const at::Tensor& x, const WinogradOptions& options) {
  const int64_t scale = options.upsampled ? 2 : 1, B = x.size(0), H = x.size(2) * scale,
                W = x.size(3) * scale;
  Cuts c;
  c.m = options.tile ? options.tile : tileFor(B, H, W);
  c.n = c.m + 2;
  c.products = c.n * c.n;
  c.shape = {H, W, x.size(1), (H + c.m - 1) / c.m, (W + c.m - 1) / c.m, options.upsampled};
  c.tiles = B * c.shape.tilesDown * c.shape.tilesAcross;
  const int64_t most = std::max(kTiles, kMostInput / (c.products * x.size(1)));
  const int64_t passes = (c.tiles + most - 1) / most;
  c.block = passes > 0 ? (c.tiles + passes - 1) / passes : 0;
  return c;
}

/// Room for what lies between the transforms; kept by the thread, since asking the system for it in every
/// call would cost as much as a transform. Number 0 is the caller's, number 1 that of its helpers.
template <int number>
float* workspace(int64_t floats) {
  thread_local std::vector<float> room;
  if (room.size() < static_cast<size_t>(floats)) room = std::vector<float>(static_cast<size_t>(floats));
  return room.data();
}

WinogradWeights weightsOf(const at::Tensor& weight, bool transposed) {
  const int64_t out = weight.size(0), in = weight.size(1);
  // Loops that only read take the same struct as those that write.
  float* g = const_cast<float*>(weight.const_data_ptr<float>());
  if (transposed) return {g, 9, in * 9, out, in, true};
  return {g, in * 9, 9, in, out, false};
}

void transformInput(const Cuts& c, const float* x, int64_t first, int64_t count, float* V) {
  constexpr int64_t kGrain = 4;
  parallelFor(0, count, kGrain, [&](int64_t begin, int64_t end) {
    loops::winogradInput(c.m, x, c.shape, first + begin, first + end, V + begin * c.shape.channels,
                         c.plane());
  });
}

int64_t panelsOf(int64_t channels) { return (channels + kPanel - 1) / kPanel; }

/// What the output transform is about.
struct Result {
  WinogradShape shape;
  const float* bias;
  const float* residual;
  float* y;
};

/// Tiles [begin, end) of the block that starts at tile `first`, for one panel of output channels.
void convolvePanel(const Cuts& c, const WinogradWeights& w, const float* V, int64_t first, int64_t begin,
                   int64_t end, int64_t panel, const Result& to) {
  const int64_t filterPlane = loops::winogradPlane(w.in);
  float* U = workspace<1>(c.products * (filterPlane + kTiles * kPanel));
  float* M = U + c.products * filterPlane;
  loops::winogradFilters(c.m, w, panel * kPanel, U);
  for (int64_t tile = begin; tile < end; tile += kTiles) {
    const int64_t count = std::min(kTiles, end - tile);
    for (int64_t p = 0; p < c.products; ++p)
      loops::multiplyPanel(V + p * c.plane() + tile * w.in, w.in, count, w.in, U + p * filterPlane,
                           M + p * kPanel, c.products * kPanel);
    loops::winogradOutput(c.m, M, to.shape, first + tile, first + tile + count, panel * kPanel, to.bias,
                          to.residual, to.y);
  }
}

}  // namespace

bool winogradFits(const at::Tensor& x, const at::Tensor& weight) {
  const auto plain = [](const at::Tensor& t) { return t.is_cpu() && t.scalar_type() == at::kFloat; };
  return plain(x) && x.dim() == 4 && plain(weight) && weight.dim() == 4 && weight.size(2) == 3 &&
         weight.size(3) == 3 && weight.size(0) % 8 == 0 && weight.size(1) % 8 == 0;
}

at::Tensor winogradConvolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const WinogradOptions& options) {
  const at::Tensor filters = weight.contiguous(), source = x.contiguous(at::MemoryFormat::ChannelsLast);
  const WinogradWeights w = weightsOf(filters, options.transposed);
  if (!winogradFits(x, weight) || x.size(1) != w.in)
    throw Error("Winograd convolution takes 3 × 3 filters of channels in eights, as many as the input has.");
  const Cuts c = cut(source, options);
  at::Tensor y = at::empty({x.size(0), w.out, c.shape.H, c.shape.W},
                           source.options().memory_format(at::MemoryFormat::ChannelsLast));
  at::Tensor residual, plainBias;
  if (options.residual.defined()) residual = options.residual.contiguous(at::MemoryFormat::ChannelsLast);
  if (bias.defined()) plainBias = bias.contiguous();
  Result to{c.shape, bias.defined() ? plainBias.const_data_ptr<float>() : nullptr,
            residual.defined() ? residual.const_data_ptr<float>() : nullptr, y.mutable_data_ptr<float>()};
  to.shape.channels = w.out;
  if (y.numel() == 0) return y;

  const int64_t panels = panelsOf(w.out);
  // Where there are fewer panels than threads, each panel's tiles are shared out.
  const int64_t shares =
      std::clamp<int64_t>(at::get_num_threads() / panels, 1, std::max<int64_t>(1, c.block / 8));
  float* V = workspace<0>(c.products * c.plane());
  for (int64_t first = 0; first < c.tiles; first += c.block) {
    const int64_t count = std::min(c.block, c.tiles - first);
    transformInput(c, source.const_data_ptr<float>(), first, count, V);
    parallelFor(0, panels * shares, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t share = i % shares;
        convolvePanel(c, w, V, first, count * share / shares, count * (share + 1) / shares, i / shares, to);
      }
    });
  }
  return y;
}

at::Tensor winogradWeightGradient(const at::Tensor& x, const at::Tensor& dy, const WinogradOptions& options) {
  const at::Tensor source = x.contiguous(at::MemoryFormat::ChannelsLast),
                   from = dy.contiguous(at::MemoryFormat::ChannelsLast);
  const Cuts c = cut(source, options);
  const int64_t in = x.size(1), out = dy.size(1), panels = panelsOf(out);
  at::Tensor gradient = at::empty({out, in, 3, 3}, at::kFloat);
  WinogradShape shape = c.shape;
  shape.channels = out;
  const WinogradWeights w = weightsOf(gradient, false);
  const int64_t filterPlane = loops::winogradPlane(in), blockPlane = (kTiles + 1) * kPanel;
  const at::Tensor sums = at::zeros({panels, c.products * filterPlane}, at::kFloat);
  float* V = workspace<0>(c.products * c.plane());
  for (int64_t first = 0; first < c.tiles; first += c.block) {
    const int64_t count = std::min(c.block, c.tiles - first);
    transformInput(c, source.const_data_ptr<float>(), first, count, V);
    parallelFor(0, panels, 1, [&](int64_t begin, int64_t end) {
      float* M = workspace<1>(c.products * blockPlane);
      for (int64_t panel = begin; panel < end; ++panel) {
        float* U = sums.mutable_data_ptr<float>() + panel * c.products * filterPlane;
        for (int64_t tile = 0; tile < count; tile += kTiles) {
          const int64_t some = std::min(kTiles, count - tile);
          loops::winogradOutputGradients(c.m, from.const_data_ptr<float>(), shape, first + tile,
                                         first + tile + some, panel * kPanel, M, blockPlane);
          for (int64_t p = 0; p < c.products; ++p)
            loops::multiplyTransposed(V + p * c.plane() + tile * in, in, in, some, M + p * blockPlane,
                                      U + p * filterPlane);
        }
      }
    });
  }
  parallelFor(0, panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel)
      loops::winogradFilterGradients(c.m, sums.const_data_ptr<float>() + panel * c.products * filterPlane,
                                     panel * kPanel, w);
  });
  return gradient;
}

}  // namespace loom
