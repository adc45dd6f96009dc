#include "nodes/kernels/group_norm.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "nodes/kernels/group_norm_loops.h"
#include "nodes/kernels/parallel.h"

namespace loom {

namespace {

constexpr int64_t kRows = 64;  // rows a task goes over; fixed, so that the sums do not depend on the threads

struct Sizes {
  int64_t B, C, rows, groups;
  int64_t chunks() const { return (rows + kRows - 1) / kRows; }
  int64_t perGroup() const { return C / groups; }
};

/// Runs f(sample, first row, row count, chunk number) over all samples and chunks.
template <class F>
void overChunks(const Sizes& s, const F& f) {
  parallelFor(0, s.B * s.chunks(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % s.chunks() * kRows;
      f(i / s.chunks(), first, std::min(kRows, s.rows - first), i);
    }
  });
}

/// Mean and 1/√(variance + eps) per sample and group [B, groups], of x + shift. Sums are taken around the
/// first row of each sample and joined in double.
void moments(const float* x, const Sizes& s, const float* shift, int64_t shiftStride, double eps, float* mean,
             float* rstd) {
  std::vector<float> partial(static_cast<size_t>(s.B * s.chunks() * 2 * s.C));
  overChunks(s, [&](int64_t b, int64_t first, int64_t rows, int64_t chunk) {
    float* sums = partial.data() + chunk * 2 * s.C;
    const float* sample = x + b * s.rows * s.C;
    loops::channelMoments(sample + first * s.C, rows, s.C, sample, sums, sums + s.C);
  });
  const double n = static_cast<double>(s.rows);
  std::vector<double> channelMean(static_cast<size_t>(s.C)), channelSquares(static_cast<size_t>(s.C));
  for (int64_t b = 0; b < s.B; ++b) {
    for (int64_t c = 0; c < s.C; ++c) {
      double sum = 0, square = 0;
      for (int64_t k = 0; k < s.chunks(); ++k) {
        const float* sums = partial.data() + (b * s.chunks() + k) * 2 * s.C;
        sum += sums[c];
        square += sums[s.C + c];
      }
      const double offset = shift ? shift[b * shiftStride + c] : 0;
      channelMean[c] = x[b * s.rows * s.C + c] + offset + sum / n;
      channelSquares[c] = square - sum * sum / n;
    }
    for (int64_t g = 0; g < s.groups; ++g) {
      double centre = 0, squares = 0;
      for (int64_t c = g * s.perGroup(); c < (g + 1) * s.perGroup(); ++c) centre += channelMean[c];
      centre /= static_cast<double>(s.perGroup());
      for (int64_t c = g * s.perGroup(); c < (g + 1) * s.perGroup(); ++c)
        squares += channelSquares[c] + n * (channelMean[c] - centre) * (channelMean[c] - centre);
      const double variance = squares / (n * static_cast<double>(s.perGroup()));
      mean[b * s.groups + g] = static_cast<float>(centre);
      rstd[b * s.groups + g] = static_cast<float>(1 / std::sqrt(std::max(variance, 0.0) + eps));
      if (std::isnan(variance)) rstd[b * s.groups + g] = NAN;  // max() would hide it
    }
  }
}

/// GroupNorm as y = x a + d per sample and channel, and x̂ = x s + m.
struct Lines {
  std::vector<float> a, d, s, m;
};
Lines linesOf(const Sizes& z, const float* mean, const float* rstd, const float* shift, int64_t shiftStride,
              const float* weight, const float* bias) {
  Lines lines;
  for (auto* line : {&lines.a, &lines.d, &lines.s, &lines.m}) line->resize(static_cast<size_t>(z.B * z.C));
  for (int64_t b = 0; b < z.B; ++b)
    for (int64_t c = 0; c < z.C; ++c) {
      const int64_t g = b * z.groups + c / z.perGroup(), i = b * z.C + c;
      const float offset = shift ? shift[b * shiftStride + c] : 0;
      lines.s[i] = rstd[g];
      lines.m[i] = (offset - mean[g]) * rstd[g];
      lines.a[i] = lines.s[i] * weight[c];
      lines.d[i] = lines.m[i] * weight[c] + bias[c];
    }
  return lines;
}

Sizes sizesOf(const at::Tensor& x, int64_t groups) {
  return {x.size(0), x.size(1), x.size(2) * x.size(3), groups};
}
const float* shiftOf(const at::Tensor& shift) {
  return shift.defined() ? shift.const_data_ptr<float>() : nullptr;
}
int64_t strideOf(const at::Tensor& shift) { return shift.defined() && shift.size(0) > 1 ? shift.size(1) : 0; }

at::Tensor fusedForward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& shift, const GroupNormOptions& options, at::Tensor& mean,
                        at::Tensor& rstd) {
  const Sizes s = sizesOf(x, options.groups);
  mean = at::empty({s.B, s.groups}, at::kFloat);
  rstd = at::empty({s.B, s.groups}, at::kFloat);
  const float* in = x.const_data_ptr<float>();
  moments(in, s, shiftOf(shift), strideOf(shift), options.eps, mean.mutable_data_ptr<float>(),
          rstd.mutable_data_ptr<float>());
  const Lines lines = linesOf(s, mean.const_data_ptr<float>(), rstd.const_data_ptr<float>(), shiftOf(shift),
                              strideOf(shift), weight.const_data_ptr<float>(), bias.const_data_ptr<float>());
  at::Tensor out = at::empty_like(x);
  float* to = out.mutable_data_ptr<float>();
  overChunks(s, [&](int64_t b, int64_t first, int64_t rows, int64_t) {
    const int64_t at = (b * s.rows + first) * s.C;
    const auto apply = options.silu ? loops::affineSilu : loops::affine;
    apply(in + at, rows, s.C, lines.a.data() + b * s.C, lines.d.data() + b * s.C, to + at);
  });
  return out;
}

struct Gradients {
  at::Tensor x, weight, bias, shift;
};

/// With g the gradient at y and sums over a group of n values: dx = rstd (w g − Σ w g / n − x̂ Σ w g x̂ / n).
Gradients fusedBackward(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& weight,
                        const at::Tensor& bias, const at::Tensor& shift, const at::Tensor& mean,
                        const at::Tensor& rstd, const GroupNormOptions& options) {
  const Sizes s = sizesOf(x, options.groups);
  const float *in = x.const_data_ptr<float>(), *w = weight.const_data_ptr<float>();
  const Lines lines = linesOf(s, mean.const_data_ptr<float>(), rstd.const_data_ptr<float>(), shiftOf(shift),
                              strideOf(shift), w, bias.const_data_ptr<float>());
  Gradients grad{at::empty_like(x), at::empty({s.C}, at::kFloat), at::empty({s.C}, at::kFloat),
                 at::empty({s.B, s.C}, at::kFloat)};
  float* dx = grad.x.mutable_data_ptr<float>();
  std::vector<float> partial(static_cast<size_t>(s.B * s.chunks() * 3 * s.C));
  overChunks(s, [&](int64_t b, int64_t first, int64_t rows, int64_t chunk) {
    const int64_t at = (b * s.rows + first) * s.C, line = b * s.C;
    float* sums = partial.data() + chunk * 3 * s.C;
    loops::backwardSums(in + at, dy.const_data_ptr<float>() + at, rows, s.C, lines.a.data() + line,
                        lines.d.data() + line, lines.s.data() + line, lines.m.data() + line, options.silu,
                        dx + at, sums, sums + s.C, sums + 2 * s.C);
  });

  const double n = static_cast<double>(s.rows * s.perGroup());
  std::vector<double> dw(static_cast<size_t>(s.C)), db(static_cast<size_t>(s.C));
  std::vector<float> u(static_cast<size_t>(s.B * s.C)), v(u.size()), k(u.size());
  std::vector<double> g(static_cast<size_t>(s.C)), gx(g.size()), normal(g.size());
  for (int64_t b = 0; b < s.B; ++b) {
    for (int64_t c = 0; c < s.C; ++c) {
      g[c] = gx[c] = normal[c] = 0;
      for (int64_t chunk = b * s.chunks(); chunk < (b + 1) * s.chunks(); ++chunk) {
        const float* sums = partial.data() + chunk * 3 * s.C;
        g[c] += sums[c];
        gx[c] += sums[s.C + c];
        normal[c] += sums[2 * s.C + c];
      }
      db[c] += g[c];
      dw[c] += gx[c];
    }
    for (int64_t group = 0; group < s.groups; ++group) {
      double sum_g = 0, sum_gx = 0;
      for (int64_t c = group * s.perGroup(); c < (group + 1) * s.perGroup(); ++c) {
        sum_g += w[c] * g[c];
        sum_gx += w[c] * gx[c];
      }
      for (int64_t c = group * s.perGroup(); c < (group + 1) * s.perGroup(); ++c) {
        const int64_t i = b * s.C + c;
        const double scale = lines.s[i];
        u[i] = static_cast<float>(scale * w[c]);
        v[i] = static_cast<float>(-scale * scale * sum_gx / n);
        k[i] = static_cast<float>(-scale * (sum_g + lines.m[i] * sum_gx) / n);
        grad.shift.mutable_data_ptr<float>()[i] = static_cast<float>(
            scale * (w[c] * g[c] - (static_cast<double>(s.rows) * sum_g + normal[c] * sum_gx) / n));
      }
    }
  }
  for (int64_t c = 0; c < s.C; ++c) {
    grad.weight.mutable_data_ptr<float>()[c] = static_cast<float>(dw[c]);
    grad.bias.mutable_data_ptr<float>()[c] = static_cast<float>(db[c]);
  }
  overChunks(s, [&](int64_t b, int64_t first, int64_t rows, int64_t) {
    const int64_t at = (b * s.rows + first) * s.C, line = b * s.C;
    loops::backwardInput(in + at, dx + at, rows, s.C, u.data() + line, v.data() + line, k.data() + line,
                         dx + at);
  });
  if (shift.defined() && shift.size(0) == 1 && s.B > 1) grad.shift = grad.shift.sum(0, true);
  return grad;
}

class FusedGroupNorm : public torch::autograd::Function<FusedGroupNorm> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const std::optional<at::Tensor>& given, int64_t groups, double eps, bool silu) {
    const at::Tensor shift = given.value_or(at::Tensor());
    at::Tensor mean, rstd;
    at::Tensor out = fusedForward(x, weight, bias, shift, {groups, eps, silu}, mean, rstd);
    ctx->save_for_backward({x, weight, bias, shift, mean, rstd});
    ctx->saved_data["groups"] = groups;
    ctx->saved_data["eps"] = eps;
    ctx->saved_data["silu"] = silu;
    return out;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list dy) {
    const auto saved = ctx->get_saved_variables();
    const GroupNormOptions options{ctx->saved_data["groups"].toInt(), ctx->saved_data["eps"].toDouble(),
                                   ctx->saved_data["silu"].toBool()};
    const at::Tensor grad = dy[0].contiguous(at::MemoryFormat::ChannelsLast);
    const Gradients g =
        fusedBackward(saved[0], grad, saved[1], saved[2], saved[3], saved[4], saved[5], options);
    return {g.x, g.weight, g.bias, saved[3].defined() ? g.shift : at::Tensor(), {}, {}, {}};
  }
};

bool canFuse(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& shift) {
  const auto plain = [](const at::Tensor& t) { return t.is_cpu() && t.scalar_type() == at::kFloat; };
  return plain(x) && x.dim() == 4 && x.numel() > 0 && x.size(1) % 8 == 0 &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast) && plain(weight) && weight.is_contiguous() &&
         plain(bias) && bias.is_contiguous() && (!shift.defined() || plain(shift));
}

}  // namespace

at::Tensor groupNormLiteral(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& shift, const GroupNormOptions& options) {
  at::Tensor h = x.to(at::kFloat);
  if (shift.defined()) h = h + shift.to(at::kFloat).unsqueeze(-1).unsqueeze(-1);
  h = at::group_norm(h, options.groups, weight.to(at::kFloat), bias.to(at::kFloat), options.eps);
  return options.silu ? at::silu(h) : h;
}

at::Tensor groupNorm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const at::Tensor& shift, const GroupNormOptions& options) {
  if (!canFuse(x, weight, bias, shift)) return groupNormLiteral(x, weight, bias, shift, options);
  const at::Tensor s = shift.defined() ? shift.contiguous() : shift;
  const bool gradient =
      at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() || bias.requires_grad() ||
                                     (s.defined() && s.requires_grad()));
  if (gradient)
    return FusedGroupNorm::apply(x, weight, bias, s.defined() ? std::optional(s) : std::nullopt,
                                 options.groups, options.eps, options.silu);
  at::Tensor mean, rstd;
  return fusedForward(x, weight, bias, s, options, mean, rstd);
}

}  // namespace loom
