#pragma once
// A weight file as `noiseloom info` tells of it, from its header alone.
#include <filesystem>
#include <nlohmann/json.hpp>

namespace loom {

/// Container, counts, dtypes, the networks recognised in it, its largest tensors or all of them, what stands
/// beside them. Throws Error where the file is no weight file.
nlohmann::json describeWeights(const std::filesystem::path& file, bool allTensors);

/// The same for a person.
std::string weightsText(const nlohmann::json& described);

}  // namespace loom
