#include "nodes/training/adamw.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "engine/core/error.h"
#include "nodes/kernels/parallel.h"
#include "nodes/training/adamw_loop.h"

namespace loom {
namespace {

constexpr int64_t kPiece = 16384;  // elements a task: 64 KiB an array

/// A range of one of the tensors.
struct Piece {
  size_t tensor;
  int64_t begin, count;
};

std::vector<Piece> piecesOf(const std::vector<at::Tensor>& tensors) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < tensors.size(); ++i)
    for (int64_t begin = 0; begin < tensors[i].numel(); begin += kPiece)
      pieces.push_back({i, begin, std::min(kPiece, tensors[i].numel() - begin)});
  return pieces;
}

bool plain(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous();
}

void check(const AdamWTensors& t, const std::vector<at::Tensor>& gradients) {
  for (const auto* list : {&t.weights, &t.first, &t.second, &t.average}) {
    if (list->size() != gradients.size()) throw Error("AdamW: as many gradients as weights are needed");
    for (size_t i = 0; i < list->size(); ++i)
      if ((*list)[i].sizes() != gradients[i].sizes())
        throw Error("AdamW: a gradient differs from its weight in shape");
  }
}

AdamWCoefficients coefficients(const AdamW& o) {
  const double step = static_cast<double>(o.step);
  return {.gradientScale = static_cast<float>(o.gradientScale),
          .beta1 = static_cast<float>(o.beta1),
          .beta2 = static_cast<float>(o.beta2),
          .keep = static_cast<float>(1 - o.lr * o.weightDecay),
          .stepSize = static_cast<float>(o.lr / (1 - std::pow(o.beta1, step))),
          .inverseRoot = static_cast<float>(1 / std::sqrt(1 - std::pow(o.beta2, step))),
          .eps = static_cast<float>(o.eps),
          .emaDecay = static_cast<float>(o.emaDecay)};
}

void fusedStep(const AdamWTensors& from, const AdamWTensors& to, const std::vector<at::Tensor>& gradients,
               const AdamW& options) {
  const AdamWCoefficients c = coefficients(options);
  const std::vector<Piece> pieces = piecesOf(gradients);
  parallelFor(0, static_cast<int64_t>(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const auto [i, offset, count] = pieces[static_cast<size_t>(at)];
      const auto read = [&](const at::Tensor& t) { return t.const_data_ptr<float>() + offset; };
      const auto write = [&](const at::Tensor& t) { return t.mutable_data_ptr<float>() + offset; };
      adamwLoop({.weight = read(from.weights[i]),
                 .first = read(from.first[i]),
                 .second = read(from.second[i]),
                 .average = read(from.average[i]),
                 .gradient = read(gradients[i]),
                 .newWeight = write(to.weights[i]),
                 .newFirst = write(to.first[i]),
                 .newSecond = write(to.second[i]),
                 .newAverage = write(to.average[i])},
                count, c);
    }
  });
}

void copyAll(const std::vector<at::Tensor>& from, const std::vector<at::Tensor>& to) {
  for (size_t i = 0; i < from.size(); ++i)
    if (!from[i].is_same(to[i]) && from[i].data_ptr() != to[i].data_ptr()) to[i].copy_(from[i]);
}

}  // namespace

double totalNorm(const std::vector<at::Tensor>& gradients) {
  const c10::NoGradGuard noGrad;
  bool simple = true;
  for (const at::Tensor& g : gradients) simple = simple && plain(g);
  if (!simple) {
    if (gradients.empty()) return 0;
    return at::stack(at::_foreach_norm(gradients)).to(at::kDouble).norm().item<double>();
  }
  const std::vector<Piece> pieces = piecesOf(gradients);
  std::vector<double> sums(pieces.size());
  parallelFor(0, static_cast<int64_t>(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const Piece& piece = pieces[static_cast<size_t>(at)];
      sums[static_cast<size_t>(at)] =
          sumOfSquares(gradients[piece.tensor].const_data_ptr<float>() + piece.begin, piece.count);
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void adamwLiteral(const AdamWTensors& t, const std::vector<at::Tensor>& gradients, const AdamW& o) {
  const c10::NoGradGuard noGrad;
  if (gradients.empty()) return;
  const double step = static_cast<double>(o.step);
  const double correction1 = 1 - std::pow(o.beta1, step), correction2 = 1 - std::pow(o.beta2, step);
  std::vector<at::Tensor> g = gradients;
  if (o.gradientScale != 1) g = at::_foreach_mul(g, o.gradientScale);
  at::_foreach_mul_(t.weights, 1 - o.lr * o.weightDecay);
  at::_foreach_lerp_(t.first, g, 1 - o.beta1);
  at::_foreach_mul_(t.second, o.beta2);
  at::_foreach_addcmul_(t.second, g, g, 1 - o.beta2);
  std::vector<at::Tensor> denominator = at::_foreach_sqrt(t.second);
  at::_foreach_div_(denominator, std::sqrt(correction2));
  at::_foreach_add_(denominator, o.eps);
  at::_foreach_addcdiv_(t.weights, t.first, denominator, -o.lr / correction1);
  at::_foreach_lerp_(t.average, t.weights, 1 - o.emaDecay);
}

void adamwStep(const AdamWTensors& from, const AdamWTensors& to, const std::vector<at::Tensor>& gradients,
               const AdamW& options) {
  const c10::NoGradGuard noGrad;
  check(from, gradients);
  check(to, gradients);
  bool simple = true;
  for (size_t i = 0; i < gradients.size(); ++i)
    for (const auto* list : {&from.weights, &from.first, &from.second, &from.average, &to.weights, &to.first,
                             &to.second, &to.average})
      simple = simple && plain((*list)[i]) && plain(gradients[i]);
  if (simple) return fusedStep(from, to, gradients, options);
  copyAll(from.weights, to.weights);
  copyAll(from.first, to.first);
  copyAll(from.second, to.second);
  copyAll(from.average, to.average);
  adamwLiteral(to, gradients, options);
}

}  // namespace loom
