#pragma once
// A dataset as a safetensors file: tensors "images" and "labels", texts as JSON in the file's metadata.
#include <filesystem>
#include <optional>

#include "nodes/data/dataset.h"

namespace loom {

/// Makes the folders above it. Throws Error.
void writeDatasetFile(const Dataset& dataset, const std::filesystem::path& path);

/// Empty when there is no such file, or it is damaged or of another version: a cache file that is no good is
/// the same as none.
std::optional<Dataset> readDatasetFile(const std::filesystem::path& path);

}  // namespace loom
