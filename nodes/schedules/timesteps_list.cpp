// timesteps.list: timesteps written out, or from a tensor.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "engine/node/exec.h"
#include "nodes/schedules/timesteps.h"

namespace loom {
namespace {

constexpr In<Numbers> list{
    "list", "Descending timesteps, such as [999, 749, 499, 249]", {.value = {0}, .count = 1}};
constexpr In<at::Tensor> tensor{"tensor", "The same as whole numbers [S], up or down; stands in for list",
                                Need::optional};
constexpr Out<Timesteps> timesteps{"timesteps", "Descending timesteps; a zone goes over them"};

std::vector<int64_t> whole(const Numbers& numbers) {
  std::vector<int64_t> t;
  for (const double value : numbers.values) {
    if (value != std::floor(value) || std::abs(value) > 1e15)
      throw Error("", list.id, "must hold whole numbers.");
    t.push_back(static_cast<int64_t>(value));
  }
  return t;
}

// A file may hold them as they were made, from 0 up.
std::vector<int64_t> whole(const at::Tensor& t) {
  if (t.dim() != 1) throw Error("", tensor.id, "must be a list of timesteps [S]; it is " + describe(t) + ".");
  const at::Tensor rounded = t.to(at::kCPU, at::kLong).contiguous();
  if (t.is_floating_point() && !rounded.to(at::kDouble).equal(t.to(at::kCPU, at::kDouble)))
    throw Error("", tensor.id, "must hold whole numbers.");
  std::vector<int64_t> all(rounded.const_data_ptr<int64_t>(),
                           rounded.const_data_ptr<int64_t>() + rounded.numel());
  if (all.size() > 1 && std::is_sorted(all.begin(), all.end())) std::reverse(all.begin(), all.end());
  return all;
}

void execute(Exec& x) {
  x.set(timesteps, checkedTimesteps(x.has(tensor) ? whole(x.get(tensor)) : whole(x.get(list))));
}

void infer(Infer& i) {
  if (i.in(tensor).type) {
    if (i.in(tensor).shape && i.in(tensor).shape->size() != 1)
      i.refuse(tensor, "must be a list of timesteps [S]; it is " + i.in(tensor).text() + ".");
    i.out(timesteps).shape = i.in(tensor).shape;
    return;
  }
  const Numbers* written = i.constant(list);
  if (!written) return;
  try {
    i.out(timesteps).shape =
        std::vector<Dim>{static_cast<int64_t>(checkedTimesteps(whole(*written)).t.size())};
  } catch (const Error& error) {
    i.refuse(list, error.what());
  }
}

}  // namespace

NodeType timestepsList() {
  NodeType type =
      makeNode("timesteps.list", "Timesteps, listed", "Timesteps of your own choice, most noise first.",
               execute, list, tensor, timesteps);
  type.infer = infer;
  return type;
}

}  // namespace loom
