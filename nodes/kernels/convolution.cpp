#include "nodes/kernels/convolution.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nodes/kernels/winograd.h"

namespace loom {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::optional<at::Tensor> given(const at::Tensor& t) { return t.defined() ? std::optional(t) : std::nullopt; }
bool learns(const at::Tensor& t) { return t.defined() && t.requires_grad(); }

class WinogradFunction : public torch::autograd::Function<WinogradFunction> {
 public:
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& residual,
                            bool upsampled) {
    ctx->save_for_backward({x, weight});
    ctx->saved_data["upsampled"] = upsampled;
    ctx->saved_data["learns"] =
        std::vector<bool>{learns(x), learns(weight), bias && learns(*bias), residual && learns(*residual)};
    return winogradConvolve(x, weight, bias.value_or(at::Tensor()),
                            {.residual = residual.value_or(at::Tensor()), .upsampled = upsampled});
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const bool upsampled = ctx->saved_data["upsampled"].toBool();
    const at::Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const auto wanted = ctx->saved_data["learns"].toBoolList();
    at::Tensor dx, dw, db, dr;
    if (wanted[0]) {
      dx = winogradConvolve(dy, saved[1], {}, {.transposed = true});
      if (upsampled) dx = at::avg_pool2d(dx, 2, 2).mul_(4);  // each input was read four times
    }
    if (wanted[1]) dw = winogradWeightGradient(saved[0], dy, {.upsampled = upsampled});
    if (wanted[2]) db = dy.sum({0, 2, 3});
    if (wanted[3]) dr = dy;
    return {dx, dw, db, dr, {}};
  }
};

}  // namespace

at::Tensor convolveLiteral(const at::Tensor& x, const Convolution& c, const at::Tensor& residual) {
  const at::Tensor larger = c.upsampled ? at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2}) : x;
  const at::Tensor y = at::conv2d(larger, c.weight, c.bias, 1, 1);
  return residual.defined() ? y + residual : y;
}

at::Tensor convolve(const at::Tensor& x, const Convolution& c, const at::Tensor& residual) {
  if (!winogradFits(x, c.weight)) return convolveLiteral(x, c, residual);
  if (at::GradMode::is_enabled() && (learns(x) || learns(c.weight) || learns(c.bias) || learns(residual)))
    return WinogradFunction::apply(x, c.weight, given(c.bias), given(residual), c.upsampled);
  return winogradConvolve(x, c.weight, c.bias, {.residual = residual, .upsampled = c.upsampled});
}

}  // namespace loom
