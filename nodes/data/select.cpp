// data.select: some of a dataset's pictures.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/data/dataset.h"
#include "nodes/data/text_match.h"

namespace loom {
namespace {

constexpr In<Dataset> dataset{"dataset", "Pictures to choose from"};
constexpr In<Text> groups{"groups", "Only these groups, with commas between; * stands for anything"};
constexpr In<Text> subgroups{"subgroups", "Only these subgroups: face-*, cat-face"};
constexpr In<Text> names{"names", "Only pictures called so: *cat*, red heart"};
constexpr In<Text> without{"without", "None of the pictures called so"};
constexpr In<Int> first{"first", "At most so many, from the first on; 0: all", {.value = 0, .min = 0}};
constexpr In<Choice> classes{"classes",
                             "What the class labels tell apart",
                             {.value = 0, .names = {"as before", "subgroup", "group", "name", "none"}}};
constexpr Out<Dataset> chosen{"dataset",
                              "Those pictures; classes without pictures are gone, the others renumbered"};

void execute(Exec& x) {
  const Dataset& all = x.get(dataset);
  const auto inGroups = commaList(x.get(groups)), inSubgroups = commaList(x.get(subgroups));
  const auto called = commaList(x.get(names)), notCalled = commaList(x.get(without));
  const auto passes = [](const std::vector<std::string>& patterns, const std::string& text) {
    return patterns.empty() || anyMatches(patterns, text);
  };
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < all.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (x.get(first) > 0 && static_cast<Int>(indices.size()) == x.get(first)) break;
    if (passes(inGroups, all.groups[at]) && passes(inSubgroups, all.subgroups[at]) &&
        passes(called, all.names[at]) && !anyMatches(notCalled, all.names[at]))
      indices.push_back(i);
  }
  if (indices.empty()) {
    std::vector<std::string> known = all.classes;
    throw Error("", dataset.id,
                "none of the " + std::to_string(all.size()) +
                    " pictures is chosen; its classes are: " + listed(known, 40));
  }
  Dataset some = selected(all, indices);
  if (const int by = x.get(classes).index) setClasses(some, static_cast<ClassBy>(by - 1));
  x.set(chosen, std::move(some));
}

void infer(Infer& i) {
  const Spec& in = i.in(dataset);
  if (!in.shape || in.shape->size() != 4) return;
  i.out(chosen).shape = in.shape;
  (*i.out(chosen).shape)[0] = Dim("chosen");
  i.out(chosen).dtype = in.dtype;
}

}  // namespace

NodeType dataSelect() {
  NodeType type =
      makeNode("data.select", "Select pictures", "Takes some of a dataset's pictures, by group or name.",
               execute, dataset, groups, subgroups, names, without, first, classes, chosen);
  type.infer = infer;
  return type;
}

}  // namespace loom
