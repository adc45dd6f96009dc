#include "nodes/ddpm/checkpoint.h"

#include <algorithm>
#include <unordered_set>

#include "nodes/types/layouts.h"

namespace loom {

namespace {

/// Two names of each layout that together only a network of it has.
constexpr std::pair<std::string_view, const char*> kMarks[] = {
    {"head.weight", "time_embedding.timembedding.1.weight"}, {"conv_in.weight", "temb.dense.0.weight"}};
constexpr const char* kTable = "time_embedding.timembedding.0.weight";

/// Place in a list: "4.module." -> 4, else −1.
int64_t place(std::string_view prefix) {
  const size_t digits = std::min(prefix.find_first_not_of("0123456789"), prefix.size());
  if (digits == 0 || digits > 9 || prefix.substr(digits, 1) != ".") return -1;
  return std::stoll(std::string(prefix.substr(0, digits)));
}

bool isEma(std::string_view prefix) {
  return prefix.find("ema") != std::string_view::npos || place(prefix) > 0;
}

std::string called(const CheckpointChoice& choice) {
  return choice.prefix.empty() ? "the network itself"
                               : "'" + choice.prefix.substr(0, choice.prefix.size() - 1) + "'";
}

const CheckpointChoice* choose(const std::vector<CheckpointChoice>& all, CheckpointPart part) {
  const CheckpointChoice* best = nullptr;
  for (const CheckpointChoice& choice : all) {
    if (part == CheckpointPart::ema && !choice.ema) continue;
    if (part == CheckpointPart::model && choice.ema) continue;
    if (!best || (choice.ema && !best->ema)) best = &choice;
  }
  return best;
}

/// Where a network's tensors stand: those below `prefix`, and perhaps the table from another copy.
struct Place {
  std::string prefix, table;  // table: whole name, empty where the copy has its own
};

template <class Map>
Place placeIn(const Map& all, CheckpointPart part) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : all) names.push_back(name);
  const std::vector<CheckpointChoice> networks = networksIn(names);
  const CheckpointChoice* choice = choose(networks, part);
  if (!choice && networks.empty()) return {};  // recognition says what is missing
  if (!choice) {
    std::vector<std::string> there;
    for (const CheckpointChoice& other : networks) there.push_back(called(other));
    throw Error(std::string("The file holds no ") +
                (part == CheckpointPart::ema ? "moving average" : "plain model") + "; it holds" +
                listed(there) + ". Choose part auto.");
  }
  Place place{choice->prefix, ""};
  if (choice->ema && !all.contains(place.prefix + kTable))
    if (const CheckpointChoice* model = choose(networks, CheckpointPart::model))
      if (all.contains(model->prefix + kTable)) place.table = model->prefix + kTable;
  return place;
}

template <class Map, class Take>
auto gather(const Map& all, CheckpointPart part, Take take) {
  const Place place = placeIn(all, part);
  std::map<std::string, decltype(take(all.begin()->second))> found;
  for (auto at = all.lower_bound(place.prefix); at != all.end() && at->first.starts_with(place.prefix); ++at)
    found[at->first.substr(place.prefix.size())] = take(at->second);
  if (!place.table.empty()) found[kTable] = take(all.at(place.table));
  return found;
}

}  // namespace

std::vector<CheckpointChoice> networksIn(const std::vector<std::string>& names) {
  std::vector<CheckpointChoice> found;
  const std::unordered_set<std::string> all(names.begin(), names.end());
  for (const std::string& name : names)
    for (const auto& [mark, companion] : kMarks) {
      if (!name.ends_with(mark)) continue;
      const std::string prefix = name.substr(0, name.size() - mark.size());
      // "down.0.block.0.conv_in.weight" and the like are no networks: a prefix ends a name.
      if (!prefix.empty() && prefix.back() != '.') continue;
      if (!all.contains(prefix + companion)) continue;
      found.push_back({prefix, isEma(prefix)});
    }
  // In ermongroup's list the moving average is the last.
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return place(a.prefix) > place(b.prefix); });
  return found;
}

Parameters unetFrom(const Weights& weights, CheckpointPart part) {
  return gather(weights.tensors, part, [](const at::Tensor& tensor) {
    return tensor.is_floating_point() ? tensor.to(at::kFloat) : tensor;
  });
}

ShapeMap unetShapesFrom(const ShapeMap& shapes, CheckpointPart part) {
  return gather(shapes, part, [](const std::vector<int64_t>& sizes) { return sizes; });
}

}  // namespace loom
