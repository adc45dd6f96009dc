#pragma once
// Weight files of any container we read (safetensors; torch's .pt, .pth and .ckpt), told apart by content,
// not by extension. Tensors are views into the mapped file: reading one costs nothing until it is used.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/cancel.h"
#include "engine/files/tensor_entry.h"
#include "engine/values/tensors.h"

namespace loom {

/// What a weight file holds, from its header alone.
struct WeightsListing {
  std::string source;                              // file name, for messages
  std::vector<TensorEntry> tensors;                // by name
  std::string container;                           // "safetensors", "torch zip", "torch legacy"
  nlohmann::json meta = nlohmann::json::object();  // plain values that stand beside the tensors
  std::vector<std::string> notes;                  // what was skipped, for a person
};
WeightsListing listWeights(const std::filesystem::path& path);

/// Nested dictionaries become dotted names ("ema_model.head.weight"); list places and integer keys become
/// numbers ("4.module.conv_in.weight"). Fills in `source` and `sha256`. What was skipped is added to `notes`.
/// Throws Error, Cancelled.
Weights readWeights(const std::filesystem::path& path, const CancelToken* cancel = nullptr,
                    std::vector<std::string>* notes = nullptr);

/// Why the file has no such part, naming the parts there are; empty where it has it. "" is always there.
std::string missingPart(const WeightsListing& listing, std::string_view part);

/// The tensors below `part`, without that prefix; "" is all. None where there is no such part.
std::vector<TensorEntry> entriesOf(const WeightsListing& listing, std::string_view part);

/// The tensors (and plain values) below `part` ("ema_model", "0.module"), without that prefix; "" is all.
/// Throws Error, naming the parts there are.
Weights partOf(const Weights& weights, std::string_view part);

}  // namespace loom
