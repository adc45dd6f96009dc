// weights.tensor and weights.add: one tensor out of a dictionary, or into it.
#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<Weights> weights{"weights", "Tensors by name"};
constexpr In<Text> name{"name", "Name of the tensor, as `noiseloom info` lists it"};
constexpr Out<at::Tensor> tensor{"tensor", "The tensor, in its own dtype"};

std::string someNames(const Weights& held) {
  std::string names;
  size_t shown = 0;
  for (const auto& [each, value] : held.tensors) {
    if (shown++ == 10) return names + " and " + std::to_string(held.tensors.size() - 10) + " more";
    names += (names.empty() ? "" : ", ") + each;
  }
  return names.empty() ? "nothing" : names;
}

void pick(Exec& x) {
  const Weights& held = x.get(weights);
  const auto found = held.tensors.find(x.get(name));
  if (found == held.tensors.end())
    throw Error("", name.id, "there is no tensor \"" + x.get(name) + "\"; there is " + someNames(held));
  x.set(tensor, found->second);
}

constexpr In<Weights> before{"weights", "Tensors by name; left out: none yet", Need::optional};
constexpr In<Any> added{"tensor", "A tensor, or any value that has one: a latent, a picture, noise"};
constexpr In<Text> addedName{"name", "Name it gets; one that is taken is replaced", {.value = "tensor"}};
constexpr Out<Weights> all{"weights", "The tensors there were, and this one"};

void add(Exec& x) {
  const at::Tensor* held = x.value(added).tensor();
  if (!held || !held->defined())
    throw Error("", added.id, x.value(added).type().name + " has no tensor; link a tensor, latent or image");
  Weights result = x.has(before) ? x.get(before) : Weights{};
  result.tensors[x.get(addedName)] = held->detach();
  result.sha256.clear();
  x.set(all, std::move(result));
}

}  // namespace

NodeType weightsTensor() {
  return makeNode("weights.tensor", "Pick from weights", "Takes one tensor of a weight file by its name.",
                  pick, weights, name, tensor);
}

NodeType weightsAdd() {
  return makeNode("weights.add", "Add to weights",
                  "Puts a tensor under a name beside others, so that they go to one file.", add, before,
                  added, addedName, all);
}

}  // namespace loom
