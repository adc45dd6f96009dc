#include "nodes/data/dataset.h"

#include <ATen/ATen.h>

#include <map>

#include "engine/values/tensors.h"

namespace loom {
namespace {

std::vector<std::string> taken(const std::vector<std::string>& all, const std::vector<int64_t>& indices) {
  std::vector<std::string> some;
  some.reserve(indices.size());
  for (int64_t i : indices) some.push_back(all[static_cast<size_t>(i)]);
  return some;
}

// Numbers texts in the order in which they first appear.
void classify(Dataset& dataset, const std::vector<std::string>& texts) {
  std::map<std::string, int64_t> numbers;
  std::vector<int64_t> labels;
  dataset.classes.clear();
  for (const std::string& text : texts) {
    const auto [at, isNew] = numbers.try_emplace(text, static_cast<int64_t>(dataset.classes.size()));
    if (isNew) dataset.classes.push_back(text);
    labels.push_back(at->second);
  }
  dataset.labels = at::tensor(labels, at::kLong);
}

}  // namespace

void setClasses(Dataset& dataset, ClassBy by) {
  switch (by) {
    case ClassBy::subgroup:
      return classify(dataset, dataset.subgroups);
    case ClassBy::group:
      return classify(dataset, dataset.groups);
    case ClassBy::name:
      return classify(dataset, dataset.names);
    case ClassBy::none:
      return classify(dataset, std::vector<std::string>(static_cast<size_t>(dataset.size()), "all"));
  }
}

Dataset selected(const Dataset& dataset, const std::vector<int64_t>& indices) {
  Dataset some;
  some.images = dataset.images.index_select(0, at::tensor(indices, at::kLong));
  some.names = taken(dataset.names, indices);
  some.groups = taken(dataset.groups, indices);
  some.subgroups = taken(dataset.subgroups, indices);
  some.source = dataset.source;
  std::vector<std::string> texts;
  const auto labels = dataset.labels.accessor<int64_t, 1>();
  for (int64_t i : indices) texts.push_back(dataset.classes[static_cast<size_t>(labels[i])]);
  classify(some, texts);
  return some;
}

void check(const Dataset& dataset) {
  if (!dataset.images.defined() || dataset.images.dim() != 4 || dataset.images.scalar_type() != at::kByte)
    throw Error("a dataset holds pictures as uint8 [N, C, H, W], not " + describe(dataset.images));
  const auto n = static_cast<size_t>(dataset.size());
  if (dataset.names.size() != n || dataset.groups.size() != n || dataset.subgroups.size() != n)
    throw Error("a dataset of " + std::to_string(n) + " pictures needs as many names, groups and subgroups");
  if (!dataset.labels.defined() || dataset.labels.dim() != 1 || dataset.labels.size(0) != dataset.size())
    throw Error("a dataset of " + std::to_string(n) + " pictures needs labels [" + std::to_string(n) +
                "], not " + describe(dataset.labels));
  const auto classes = static_cast<int64_t>(dataset.classes.size());
  if (dataset.labels.scalar_type() != at::kLong ||
      (n > 0 &&
       (dataset.labels.min().item<int64_t>() < 0 || dataset.labels.max().item<int64_t>() >= classes)))
    throw Error("labels of a dataset of " + std::to_string(classes) + " classes are int64 from 0 to " +
                std::to_string(classes - 1));
}

template <>
const TypeInfo& typeOf<Dataset>() {
  static const TypeInfo type = [] {
    TypeInfo info;
    info.id = "dataset";
    info.name = "Dataset";
    info.colour = "#8FBCBB";
    info.doc = "Pictures to train on, with their names and classes.";
    info.bytes = [](const Value& v) { return v.as<Dataset>().images.nbytes(); };
    info.summary = [](const Value& v) {
      const Dataset& d = v.as<Dataset>();
      if (d.images.dim() != 4) return std::string("no pictures");
      return std::to_string(d.size()) + " pictures of " + std::to_string(d.images.size(3)) + "×" +
             std::to_string(d.images.size(2)) + " in " + std::to_string(d.classes.size()) + " classes, " +
             d.source;
    };
    info.tensor = [](const Value& v) { return &v.as<Dataset>().images; };
    return info;
  }();
  return type;
}

}  // namespace loom
