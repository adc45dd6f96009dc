#include "nodes/ddpm/layers.h"

#include <cmath>
#include <numeric>

namespace loom {

int64_t normGroups(int64_t channels) { return std::gcd(int64_t{32}, channels); }

at::Tensor normSilu(const at::Tensor& x, const Affine& norm, double eps, at::ScalarType dtype,
                    const at::Tensor& shift) {
  at::Tensor h = x.to(at::kFloat);
  if (shift.defined()) h = h + shift.unsqueeze(-1).unsqueeze(-1);
  h = at::group_norm(h, normGroups(h.size(1)), norm.weight, norm.bias, eps);
  return at::silu(h).to(dtype);
}

at::Tensor convolve(const at::Tensor& x, const Affine& conv) {
  const int64_t padding = conv.weight.size(2) / 2;
  return at::conv2d(x, conv.weight, conv.bias, 1, padding);
}

namespace {

at::Tensor dropped(const at::Tensor& x, const LayerContext& context) {
  if (context.dropout <= 0) return x;
  const double keep = 1 - context.dropout;
  return x * at::empty_like(x).bernoulli_(keep, context.generator).div_(keep);
}

}  // namespace

at::Tensor residual(const at::Tensor& x, const at::Tensor& embedding, const ResidualBlock& block,
                    const LayerContext& context) {
  const at::ScalarType dtype = block.conv1.weight.scalar_type();
  at::Tensor h = convolve(normSilu(x, block.norm1, context.eps, dtype), block.conv1);
  const at::Tensor shift = embedding.narrow(1, block.embedBegin, block.out);
  h = dropped(normSilu(h, block.norm2, context.eps, dtype, shift), context);
  h = convolve(h, block.conv2);
  h = h + (block.shortcut.defined() ? convolve(x, block.shortcut) : x);
  return block.attention ? attend(h, *block.attention, context.eps) : h;
}

at::Tensor attend(const at::Tensor& x, const AttentionBlock& block, double eps) {
  const int64_t B = x.size(0), C = x.size(1), places = x.size(2) * x.size(3);
  const at::ScalarType dtype = block.q.weight.scalar_type();
  const at::Tensor h =
      at::group_norm(x.to(at::kFloat), normGroups(C), block.norm.weight, block.norm.bias, eps).to(dtype);
  const at::Tensor q = convolve(h, block.q).reshape({B, C, places});
  const at::Tensor k = convolve(h, block.k).reshape({B, C, places});
  const at::Tensor v = convolve(h, block.v).reshape({B, C, places});
  const at::Tensor scores = at::bmm(q.transpose(1, 2), k) * (1 / std::sqrt(static_cast<double>(C)));
  const at::Tensor weights = at::softmax(scores, -1, at::kFloat).to(dtype);
  const at::Tensor seen = at::bmm(v, weights.transpose(1, 2));
  return x + convolve(seen.reshape_as(x), block.proj);
}

at::Tensor downsample(const at::Tensor& x, const Affine& conv, UNetLayout layout) {
  if (!conv.defined()) return at::avg_pool2d(x, 2, 2);
  if (layout == UNetLayout::pytorch_ddpm) return at::conv2d(x, conv.weight, conv.bias, 2, 1);
  return at::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), conv.weight, conv.bias, 2);
}

at::Tensor upsample(const at::Tensor& x, const Affine& conv) {
  const at::Tensor larger = at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
  return conv.defined() ? convolve(larger, conv) : larger;
}

}  // namespace loom
