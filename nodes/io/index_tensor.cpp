// tensor.index: one place along a dimension, which goes away.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/io/tensor_dims.h"

namespace loom {
namespace {

constexpr In<at::Tensor> tensor{"tensor", "Any tensor"};
constexpr In<Int> dim{"dim", "Dimension to pick from; -1 is the last", {.value = 0, .min = -64, .max = 63}};
constexpr In<Int> index{"index", "Place to pick; below 0 counts from the end", {.value = 0}};
constexpr Out<at::Tensor> out{"tensor", "What is there, with one dimension fewer"};

void execute(Exec& x) {
  const at::Tensor& whole = x.get(tensor);
  const int64_t d = dimension(whole.dim(), x.get(dim), dim.id);
  x.set(out, whole.select(d, rangeOf(whole.size(d), x.get(index), 1, index.id).begin));
}

void infer(Infer& i) {
  const Spec& in = i.in(tensor);
  const Int *d = i.constant(dim), *place = i.constant(index);
  i.out(out).dtype = in.dtype;
  if (!in.shape || !d) return;
  const int64_t at = dimension(static_cast<int64_t>(in.shape->size()), *d, dim.id);
  std::vector<Dim> shape = *in.shape;
  if (shape[static_cast<size_t>(at)].known() && place)
    rangeOf(shape[static_cast<size_t>(at)].size, *place, 1, index.id);
  shape.erase(shape.begin() + at);
  i.out(out).shape = std::move(shape);
}

}  // namespace

NodeType tensorIndex() {
  NodeType type = makeNode("tensor.index", "Pick from tensor", "Picks one place along a dimension.", execute,
                           tensor, dim, index, out);
  type.infer = infer;
  return type;
}

}  // namespace loom
