#include "nodes/ddpm/layers.h"

#include <cmath>
#include <numeric>

#include "nodes/kernels/convolution.h"
#include "nodes/kernels/group_norm.h"

namespace loom {

namespace {

/// [B, C, H, W] -> [B, H·W, C]; no copy where x is channels-last.
at::Tensor places(const at::Tensor& x) {
  return x.permute({0, 2, 3, 1}).reshape({x.size(0), x.size(2) * x.size(3), x.size(1)});
}
at::Tensor picture(const at::Tensor& tokens, const at::Tensor& like) {
  return tokens.reshape({like.size(0), like.size(2), like.size(3), tokens.size(2)}).permute({0, 3, 1, 2});
}
at::Tensor linear(const at::Tensor& tokens, const Affine& conv) {
  return at::linear(tokens, conv.weight.flatten(1), conv.bias);
}

at::Tensor dropped(const at::Tensor& x, const LayerContext& context) {
  if (context.dropout <= 0) return x;
  const double keep = 1 - context.dropout;
  return x * at::empty_like(x).bernoulli_(keep, context.generator).div_(keep);
}

void show(const LayerContext& context, const std::string& name, const at::Tensor& value) {
  if (context.inside && context.inside->wants(name))
    context.inside->show(name, value.detach().to(at::kFloat).contiguous());
}

}  // namespace

int64_t normGroups(int64_t channels) { return std::gcd(int64_t{32}, channels); }

at::Tensor normSilu(const at::Tensor& x, const Affine& norm, double eps, at::ScalarType dtype,
                    const at::Tensor& shift) {
  return groupNorm(x, norm.weight, norm.bias, shift, {.groups = normGroups(x.size(1)), .eps = eps}).to(dtype);
}

at::Tensor convolve(const at::Tensor& x, const Affine& conv, const at::Tensor& residual) {
  if (conv.weight.size(2) == 3)
    return convolve(x, Convolution{.weight = conv.weight, .bias = conv.bias}, residual);
  const at::Tensor y =
      x.is_cpu() ? picture(linear(places(x), conv), x) : at::conv2d(x, conv.weight, conv.bias);
  return residual.defined() ? y + residual : y;
}

at::Tensor residual(const at::Tensor& x, const at::Tensor& embedding, const ResidualBlock& block,
                    const LayerContext& context) {
  const at::ScalarType dtype = block.conv1.weight.scalar_type();
  at::Tensor h = convolve(normSilu(x, block.norm1, context.eps, dtype), block.conv1);
  const at::Tensor shift = embedding.narrow(1, block.embedBegin, block.out);
  h = dropped(normSilu(h, block.norm2, context.eps, dtype, shift), context);
  h = convolve(h, block.conv2, block.shortcut.defined() ? convolve(x, block.shortcut) : x);
  if (block.attention) h = attend(h, *block.attention, context);
  show(context, block.name, h);
  return h;
}

at::Tensor attend(const at::Tensor& x, const AttentionBlock& block, const LayerContext& context) {
  const int64_t C = x.size(1);
  const at::ScalarType dtype = block.q.weight.scalar_type();
  const at::Tensor normal = groupNorm(x, block.norm.weight, block.norm.bias, {},
                                      {.groups = normGroups(C), .eps = context.eps, .silu = false});
  const at::Tensor tokens = places(normal.to(dtype));
  const at::Tensor q = linear(tokens, block.q), k = linear(tokens, block.k), v = linear(tokens, block.v);
  // Scaling q, the smaller of the two, comes to the same as scaling q kᵀ.
  const at::Tensor scores = at::bmm(q * (1 / std::sqrt(static_cast<double>(C))), k.transpose(1, 2));
  const at::Tensor map = at::softmax(scores, -1, at::kFloat);
  show(context, block.name, map.unsqueeze(1));
  const at::Tensor seen = at::bmm(map.to(dtype), v);
  return x + picture(linear(seen, block.proj), x);
}

at::Tensor downsample(const at::Tensor& x, const Affine& conv, UNetLayout layout) {
  if (!conv.defined()) return at::avg_pool2d(x, 2, 2);
  if (layout == UNetLayout::pytorch_ddpm) return at::conv2d(x, conv.weight, conv.bias, 2, 1);
  return at::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), conv.weight, conv.bias, 2);
}

at::Tensor upsample(const at::Tensor& x, const Affine& conv) {
  if (conv.defined())
    return convolve(x, Convolution{.weight = conv.weight, .bias = conv.bias, .upsampled = true});
  return at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
}

}  // namespace loom
