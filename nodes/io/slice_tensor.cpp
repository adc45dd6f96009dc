// tensor.slice: a run of places along one dimension.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/io/tensor_dims.h"

namespace loom {
namespace {

constexpr In<at::Tensor> tensor{"tensor", "Any tensor"};
constexpr In<Int> dim{"dim", "Dimension to cut; -1 is the last", {.value = 0, .min = -64, .max = 63}};
constexpr In<Int> start{"start", "First place to keep; below 0 counts from the end", {.value = 0}};
constexpr In<Int> length{"length", "How many places to keep; 0: all that follow", {.value = 1, .min = 0}};
constexpr Out<at::Tensor> out{"tensor", "The part, with as many dimensions as before"};

void execute(Exec& x) {
  const at::Tensor& whole = x.get(tensor);
  const int64_t d = dimension(whole.dim(), x.get(dim), dim.id);
  const Range range = rangeOf(whole.size(d), x.get(start), x.get(length), start.id);
  x.set(out, whole.narrow(d, range.begin, range.length));
}

void infer(Infer& i) {
  const Spec& in = i.in(tensor);
  const Int *d = i.constant(dim), *first = i.constant(start), *count = i.constant(length);
  i.out(out).dtype = in.dtype;
  if (!in.shape || !d) return;
  const int64_t at = dimension(static_cast<int64_t>(in.shape->size()), *d, dim.id);
  std::vector<Dim> shape = *in.shape;
  Dim& cut = shape[static_cast<size_t>(at)];
  if (cut.known() && first && count)
    cut = rangeOf(cut.size, *first, *count, start.id).length;
  else
    cut = count && *count > 0 ? Dim(*count) : Dim("part");
  i.out(out).shape = std::move(shape);
}

}  // namespace

NodeType tensorSlice() {
  NodeType type = makeNode("tensor.slice", "Slice tensor", "Keeps a run of places along one dimension.",
                           execute, tensor, dim, start, length, out);
  type.infer = infer;
  return type;
}

}  // namespace loom
