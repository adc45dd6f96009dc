// tensor.concat: tensors one after another along a dimension.
#include <ATen/ATen.h>

#include <algorithm>

#include "engine/node/exec.h"
#include "nodes/io/tensor_dims.h"

namespace loom {
namespace {

constexpr InMany<at::Tensor> tensors{"tensors",
                                     "Tensors of equal dtype, and of equal shape but for one dimension"};
constexpr In<Int> dim{
    "dim", "Dimension in which they follow each other; -1 is the last", {.value = 0, .min = -64, .max = 63}};
constexpr Out<at::Tensor> out{"tensor", "All of them, in the order of their links"};

using Dims = std::vector<Dim>;

/// The sum of shapes that agree everywhere else.
Dims sumOf(const std::vector<Dims>& shapes, int64_t wanted) {
  const auto at = static_cast<size_t>(dimension(static_cast<int64_t>(shapes[0].size()), wanted, dim.id));
  Dims sum = shapes[0];
  for (size_t i = 1; i < shapes.size(); ++i) {
    const Dims& next = shapes[i];
    bool fits = next.size() == sum.size();
    for (size_t d = 0; fits && d < sum.size(); ++d) fits = d == at || sum[d].fits(next[d]);
    if (!fits) {
      const auto text = [](const Dims& dims) {
        std::string all;
        for (const Dim& each : dims) all += (all.empty() ? "" : ", ") + each.text();
        return "[" + all + "]";
      };
      throw Error("", tensors.id,
                  "tensor " + std::to_string(i + 1) + " is " + text(next) + " and the first is " +
                      text(shapes[0]) + "; they may differ in dimension " + std::to_string(at) + " only");
    }
    for (size_t d = 0; d < sum.size(); ++d)
      if (d != at && !sum[d].known()) sum[d] = next[d];
    sum[at] = sum[at].known() && next[at].known() ? Dim(sum[at].size + next[at].size) : Dim("sum");
  }
  return sum;
}

void execute(Exec& x) {
  std::vector<at::Tensor> all;
  std::vector<Dims> shapes;
  for (const Value& value : x.values(tensors)) {
    const at::Tensor& each = value.as<at::Tensor>();
    if (!all.empty() && each.scalar_type() != all[0].scalar_type())
      throw Error("", tensors.id,
                  "the tensors have different dtypes: " + describe(all[0]) + " and " + describe(each));
    all.push_back(each);
    shapes.emplace_back(each.sizes().begin(), each.sizes().end());
  }
  if (all.empty()) throw Error("", tensors.id, "link at least one tensor");
  sumOf(shapes, x.get(dim));
  x.set(out, at::cat(all, x.get(dim)));
}

void infer(Infer& i) {
  std::vector<Dims> shapes;
  for (const Spec* spec : i.in(tensors)) {
    if (!spec->shape) return;
    shapes.push_back(*spec->shape);
    i.out(out).dtype = spec->dtype;
  }
  const Int* wanted = i.constant(dim);
  if (!shapes.empty() && wanted) i.out(out).shape = sumOf(shapes, *wanted);
}

}  // namespace

NodeType tensorConcat() {
  NodeType type = makeNode("tensor.concat", "Join tensors",
                           "Puts tensors one after another along a dimension.", execute, tensors, dim, out);
  type.infer = infer;
  return type;
}

}  // namespace loom
