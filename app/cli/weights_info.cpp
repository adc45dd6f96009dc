#include "app/cli/weights_info.h"

#include <algorithm>
#include <map>

#include "app/cli/duration.h"
#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/files/weights_file.h"
#include "engine/node/result_text.h"
#include "nodes/ddpm/checkpoint.h"
#include "nodes/types/layouts.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr size_t kMostShown = 8;
constexpr size_t kMostMeta = 4000;  // characters
constexpr size_t kMostListed = 4;   // items of a list
constexpr size_t kMostText = 200;   // characters

uint64_t elementsOf(const TensorEntry& entry) {
  uint64_t count = 1;
  for (int64_t size : entry.shape) count *= static_cast<uint64_t>(size);
  return count;
}

std::string networkText(const UNetConfig& config, const ShapeMap& shapes) {
  uint64_t count = 0;
  for (const auto& [name, shape] : shapes) {
    uint64_t elements = 1;
    for (int64_t size : shape) elements *= static_cast<uint64_t>(size);
    count += elements;
  }
  std::string widths;
  for (int64_t width : config.widths) widths += (widths.empty() ? "" : ", ") + std::to_string(width);
  return "DDPM U-Net, " +
         std::string(config.layout == UNetLayout::pytorch_ddpm ? "pytorch-ddpm" : "Ho et al.") +
         " layout: " + std::to_string(config.inChannels) + " to " + std::to_string(config.outChannels) +
         " channels, widths " + widths + ", " + std::to_string(config.blocks) + " residual blocks a level, " +
         countText(count) + " parameters";
}

json networksOf(const std::vector<TensorEntry>& tensors, const std::vector<std::string>& names) {
  json networks = json::array();
  for (const CheckpointChoice& choice : networksIn(names)) {
    ShapeMap shapes;
    for (const TensorEntry& tensor : tensors)
      if (tensor.name.starts_with(choice.prefix))
        shapes[tensor.name.substr(choice.prefix.size())] = tensor.shape;
    json network{{"prefix", choice.prefix}, {"ema", choice.ema}};
    try {
      network["is"] = networkText(recogniseUNet(shapes), shapes);
    } catch (const Error&) {
      continue;  // a name in common is not yet a network
    }
    networks.push_back(std::move(network));
  }
  return networks;
}

json listOf(const std::vector<TensorEntry>& tensors) {
  json list = json::array();
  for (const TensorEntry& tensor : tensors)
    list.push_back({{"name", tensor.name}, {"dtype", dtypeName(tensor.dtype)}, {"shape", tensor.shape}});
  return list;
}

json largestOf(std::vector<TensorEntry> tensors) {
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const auto& a, const auto& b) { return elementsOf(a) > elementsOf(b); });
  tensors.resize(std::min(tensors.size(), kMostShown));
  return listOf(tensors);
}

std::string linesOf(const json& tensors) {
  std::string text;
  for (const json& tensor : tensors)
    text += "  " + tensor["name"].get<std::string>() + "  " + tensor["dtype"].get<std::string>() + " " +
            tensor["shape"].dump() + "\n";
  return text;
}

// For reading: JSON within text is opened, long lists and texts are cut.
json abridged(const json& value) {
  if (value.is_object()) {
    json all = json::object();
    for (const auto& [name, item] : value.items()) all[name] = abridged(item);
    return all;
  }
  if (value.is_array()) {
    json list = json::array();
    for (size_t i = 0; i < std::min(value.size(), kMostListed); ++i) list.push_back(abridged(value[i]));
    if (value.size() > kMostListed) list.push_back("... " + std::to_string(value.size()) + " in all");
    return list;
  }
  if (!value.is_string()) return value;
  const auto& text = value.get_ref<const std::string&>();
  if (text.starts_with('{') || text.starts_with('['))
    if (const json opened = json::parse(text, nullptr, false); !opened.is_discarded())
      return abridged(opened);
  return shortened(text, kMostText);
}

}  // namespace

json describeWeights(const std::filesystem::path& file, bool allTensors) {
  const WeightsListing listing = listWeights(file);
  std::vector<std::string> names;
  std::map<std::string, int64_t> dtypes;
  uint64_t elements = 0, bytes = 0;
  for (const TensorEntry& tensor : listing.tensors) {
    names.push_back(tensor.name);
    ++dtypes[dtypeName(tensor.dtype)];
    elements += elementsOf(tensor);
    bytes += static_cast<uint64_t>(byteCount(tensor.shape, tensor.dtype).value_or(0));
  }
  json described{{"kind", "weights"},
                 {"container", listing.container},
                 {"tensors", listing.tensors.size()},
                 {"elements", elements},
                 {"bytes", bytes},
                 {"dtypes", dtypes},
                 {"largest", largestOf(listing.tensors)},
                 {"metadata", listing.meta},
                 {"notes", listing.notes}};
  if (allTensors) described["all"] = listOf(listing.tensors);
  described["networks"] = networksOf(listing.tensors, names);
  if (described["networks"].empty())
    if (const std::string guess = looksLike(names); !guess.empty()) described["looksLike"] = guess;
  return described;
}

std::string weightsText(const json& d) {
  std::string text = "weights, " + d["container"].get<std::string>() + ": " + countText(d["tensors"]) +
                     " tensors, " + countText(d["elements"]) + " elements, " + sizeText(d["bytes"]) + "\n";
  std::string dtypes;
  for (const auto& [name, count] : d["dtypes"].items())
    dtypes += (dtypes.empty() ? "" : ", ") + name + " (" + std::to_string(count.get<int64_t>()) + ")";
  if (!dtypes.empty()) text += "dtypes: " + dtypes + "\n";
  for (const json& network : d["networks"]) {
    const std::string prefix = network["prefix"];
    text += (prefix.empty() ? "" : prefix.substr(0, prefix.size() - 1) + ": ") +
            network["is"].get<std::string>() + (network["ema"].get<bool>() ? ", moving average" : "") + "\n";
  }
  if (d.contains("looksLike")) text += d["looksLike"].get<std::string>() + "\n";
  for (const json& note : d["notes"]) text += "note: " + note.get<std::string>() + "\n";
  text += d.contains("all") ? "tensors:\n" + linesOf(d["all"]) : "largest tensors:\n" + linesOf(d["largest"]);
  json beside = d["metadata"];
  if (beside.is_object()) {
    if (beside.erase(kGraphKey)) text += "it holds the graph that made it\n";
    if (const auto made = beside.find(kProvenanceKey); made != beside.end()) {
      text += "made with: " + abridged(*made).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
      beside.erase(made);
    }
  }
  const std::string meta = abridged(beside).dump(2, ' ', false, json::error_handler_t::replace);
  if (!beside.empty()) text += "beside the tensors: " + shortened(meta, kMostMeta) + "\n";
  return text;
}

}  // namespace loom
