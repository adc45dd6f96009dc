// noise.interpolate: noise between two draws.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/noise/spherical.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Noise> a{"a", "Noise at weight 0"};
constexpr In<Noise> b{"b", "Noise at weight 1, of the same shape"};
constexpr In<Real> weight{"weight", "Where between the two", {.value = 0.5, .min = 0, .max = 1}};
constexpr In<Int> count{"count",
                        "Above 1: so many draws evenly from a to b instead, for a batch of one each",
                        {.value = 1, .min = 1, .max = 4096}};
constexpr Out<Noise> noise{"noise", "Noise between them, unit normal again"};

void execute(Exec& x) {
  const at::Tensor &from = x.get(a).z, &to = x.get(b).z;
  if (from.sizes() != to.sizes())
    throw Error("", b.id, "is " + describe(to) + ", but a is " + describe(from));
  const Int steps = x.get(count);
  if (steps == 1) return x.set(noise, Noise{sphericalBetween(from, to, x.get(weight))});
  if (from.dim() < 1 || from.size(0) != 1)
    throw Error("", count.id, "several draws are made between single ones; a is " + describe(from));
  std::vector<at::Tensor> all;
  for (Int i = 0; i < steps; ++i)
    all.push_back(sphericalBetween(from, to, static_cast<double>(i) / static_cast<double>(steps - 1)));
  x.set(noise, Noise{at::cat(all)});
}

void infer(Infer& i) {
  const Spec &from = i.in(a), &to = i.in(b);
  if (from.shape && !to.shapeFits(*from.shape)) i.refuse(b, "is " + to.text() + ", but a is " + from.text());
  const Int* steps = i.constant(count);
  i.out(noise).dtype = at::kFloat;
  i.out(noise).shape = from.shape;
  if (i.out(noise).shape && !i.out(noise).shape->empty() && (!steps || *steps > 1))
    i.out(noise).shape->front() = steps ? Dim(*steps) : Dim("batch");
}

}  // namespace

NodeType noiseInterpolate() {
  NodeType type = makeNode("noise.interpolate", "Interpolate noise",
                           "Goes from one draw to another on the sphere, so that pictures change smoothly.",
                           execute, a, b, weight, count, noise);
  type.infer = infer;
  return type;
}

}  // namespace loom
