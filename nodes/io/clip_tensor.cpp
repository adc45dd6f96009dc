// tensor.clip: values kept within a range.
#include <ATen/ATen.h>

#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<at::Tensor> tensor{"tensor", "Any tensor"};
constexpr In<Real> limit{
    "limit", "Values are kept in [-limit, limit]; 0: as they come", {.value = 1, .min = 0}};
constexpr Out<at::Tensor> out{"tensor", "The same shape and dtype"};

void execute(Exec& x) {
  const double most = x.get(limit);
  const at::Tensor& whole = x.get(tensor);
  x.set(out, most == 0 ? whole : whole.clamp(-most, most));
}

void infer(Infer& i) {
  i.out(out).shape = i.in(tensor).shape;
  i.out(out).dtype = i.in(tensor).dtype;
}

}  // namespace

NodeType tensorClip() {
  NodeType type = makeNode("tensor.clip", "Clip tensor", "Keeps values within a range around 0.", execute,
                           tensor, limit, out);
  type.infer = infer;
  return type;
}

}  // namespace loom
