// tensor.reshape: the same values in another shape.
#include <ATen/ATen.h>

#include <algorithm>

#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<at::Tensor> tensor{"tensor", "Any tensor"};
constexpr In<Shape> shape{"shape",
                          "Sizes it gets, such as [4, 3, 1, 1]; one of them may be 0: what is left",
                          {.value = {0}, .rank = 1}};
constexpr Out<at::Tensor> out{"tensor", "The same values, row by row"};

/// The sizes with the 0 filled in; throws Error where the values do not fit.
std::vector<int64_t> sizesFor(const std::vector<int64_t>& wanted, int64_t count) {
  std::vector<int64_t> sizes = wanted;
  int64_t rest = -1, product = 1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0 && rest < 0)
      rest = static_cast<int64_t>(i);
    else if (sizes[i] == 0 || __builtin_mul_overflow(product, sizes[i], &product))
      throw Error("", shape.id, "sizes are whole numbers from 1 up; one of them may be 0, for what is left");
  }
  const bool fits = rest < 0 ? product == count : count % product == 0;
  if (!fits)
    throw Error("", shape.id,
                "a tensor of " + std::to_string(count) + " values does not fit it: it takes " +
                    (rest < 0 ? "" : "a multiple of ") + std::to_string(product));
  if (rest >= 0) sizes[static_cast<size_t>(rest)] = count / product;
  return sizes;
}

void execute(Exec& x) {
  const at::Tensor& whole = x.get(tensor);
  x.set(out, whole.reshape(sizesFor(x.get(shape).sizes, whole.numel())));
}

void infer(Infer& i) {
  const Spec& in = i.in(tensor);
  const Shape* wanted = i.constant(shape);
  i.out(out).dtype = in.dtype;
  if (!in.shape || !wanted) return;
  int64_t count = 1;
  for (const Dim& dim : *in.shape) {
    if (!dim.known() || __builtin_mul_overflow(count, dim.size, &count)) return;
  }
  const std::vector<int64_t> sizes = sizesFor(wanted->sizes, count);
  i.out(out).shape = std::vector<Dim>(sizes.begin(), sizes.end());
}

}  // namespace

NodeType tensorReshape() {
  NodeType type = makeNode("tensor.reshape", "Reshape tensor", "Gives the same values another shape.",
                           execute, tensor, shape, out);
  type.infer = infer;
  return type;
}

}  // namespace loom
