#include "engine/files/weights_file.h"

#include <algorithm>
#include <map>

#include "engine/files/safetensors.h"
#include "engine/files/sha256.h"
#include "engine/files/torch_file.h"

namespace loom {
namespace {

nlohmann::json metaOf(const TextMap& metadata) {
  nlohmann::json meta = nlohmann::json::object();
  for (const auto& [key, text] : metadata) meta[key] = text;
  return meta;
}

/// Opens a file of a container we know; of any other, says so.
std::shared_ptr<const MappedFile> openWeights(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (looksLikeSafetensors(file->bytes()) || TorchFile::recognises(file->bytes())) return file;
  if (file->bytes().empty()) throw Error(file->name() + " is empty. Get the file again");
  throw Error(file->name() +
              " is no weight file that can be read: neither safetensors nor written by torch.save");
}

/// "ema_model (160), net_model (160)": what stands before the first dot, and how many tensors below it.
std::string partsIn(const std::vector<std::string_view>& names) {
  std::map<std::string_view, int64_t> parts;
  for (const std::string_view name : names)
    if (const size_t dot = name.find('.'); dot != name.npos) ++parts[name.substr(0, dot)];
  std::string text;
  for (const auto& [name, count] : parts) {
    if (text.size() > 400) return text + ", ...";
    text += (text.empty() ? "" : ", ") + std::string(name) + " (" + std::to_string(count) + ")";
  }
  return text.empty() ? "none" : text;
}

std::string withoutLastDots(std::string_view part) {
  while (part.ends_with('.')) part.remove_suffix(1);
  return std::string(part);
}

std::string missingPart(const std::string& source, const std::string& part,
                        const std::vector<std::string_view>& names) {
  for (const std::string_view name : names)
    if (part.empty() || name.starts_with(part + ".")) return {};
  return "\"" + source + "\" has no part \"" + part + "\". Its parts: " + partsIn(names) +
         "; leave the part empty to take them all";
}

/// Follows a dotted part through nested plain values; empty where it leads nowhere.
nlohmann::json metaPart(const nlohmann::json& meta, std::string_view part) {
  const nlohmann::json* at = &meta;
  while (!part.empty()) {
    const size_t dot = std::min(part.find('.'), part.size());
    const auto found = at->is_object() ? at->find(std::string(part.substr(0, dot))) : at->end();
    if (found == at->end()) return nlohmann::json::object();
    at = &*found;
    part.remove_prefix(std::min(dot + 1, part.size()));
  }
  return at->is_object() ? *at : nlohmann::json::object();
}

}  // namespace

WeightsListing listWeights(const std::filesystem::path& path) {
  const auto file = openWeights(path);
  WeightsListing listing;
  listing.source = path.filename().string();
  if (looksLikeSafetensors(file->bytes())) {
    SafetensorsHeader header = readSafetensorsHeader(*file);
    for (auto& item : header.tensors) listing.tensors.push_back(std::move(item));
    listing.container = "safetensors";
    listing.meta = metaOf(header.metadata);
    return listing;
  }
  const TorchFile torch(file);
  for (const NamedTensor& named : torch.tensors())
    listing.tensors.push_back({named.name, torch.record(named).dtype, torch.record(named).size});
  std::sort(listing.tensors.begin(), listing.tensors.end(), [](auto& a, auto& b) { return a.name < b.name; });
  listing.container = torch.container();
  listing.meta = plainValues(torch.pickle());
  listing.notes = torch.notes();
  return listing;
}

Weights readWeights(const std::filesystem::path& path, const CancelToken* cancel,
                    std::vector<std::string>* notes) {
  const auto file = openWeights(path);
  Weights weights;
  weights.source = path.filename().string();
  if (looksLikeSafetensors(file->bytes())) {
    Safetensors all = readSafetensors(file);
    weights.tensors = std::move(all.tensors);
    weights.meta = metaOf(all.metadata);
  } else {
    TorchFile torch(file);
    for (const NamedTensor& named : torch.tensors()) weights.tensors.emplace(named.name, torch.tensor(named));
    weights.meta = plainValues(torch.pickle());
    if (notes) notes->insert(notes->end(), torch.notes().begin(), torch.notes().end());
  }
  weights.sha256 = sha256OfFile(path, cancel);
  return weights;
}

std::string missingPart(const WeightsListing& listing, std::string_view part) {
  std::vector<std::string_view> names;
  for (const TensorEntry& entry : listing.tensors) names.push_back(entry.name);
  return part.empty() ? "" : missingPart(listing.source, withoutLastDots(part), names);
}

std::vector<TensorEntry> entriesOf(const WeightsListing& listing, std::string_view part) {
  const std::string prefix = part.empty() ? "" : withoutLastDots(part) + ".";
  std::vector<TensorEntry> entries;
  for (const TensorEntry& entry : listing.tensors) {
    if (!entry.name.starts_with(prefix)) continue;
    entries.push_back(entry);
    entries.back().name.erase(0, prefix.size());
  }
  return entries;
}

Weights partOf(const Weights& weights, std::string_view part) {
  if (part.empty()) return weights;
  const std::string name = withoutLastDots(part), prefix = name + ".";
  std::vector<std::string_view> names;
  Weights result{{}, metaPart(weights.meta, name), weights.source, weights.sha256};
  for (const auto& [full, tensor] : weights.tensors) {
    names.push_back(full);
    if (full.starts_with(prefix)) result.tensors.emplace(full.substr(prefix.size()), tensor);
  }
  if (const std::string missing = missingPart(weights.source, name, names); !missing.empty())
    throw Error(missing);
  return result;
}

}  // namespace loom
