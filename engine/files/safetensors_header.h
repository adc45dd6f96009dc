#pragma once
// The JSON header of a safetensors file: parsing what a stranger wrote, and the names of dtypes.
#include <optional>
#include <string>
#include <string_view>

#include "engine/files/safetensors.h"

namespace loom {

/// Longest header that is read; the format's own limit.
inline constexpr uint64_t kMostHeaderBytes = 100'000'000;

/// Offsets in the result are relative to the data. `file` begins error messages.
SafetensorsHeader parseSafetensorsHeader(std::string_view json, const std::string& file);

/// "F32"; empty for a dtype the format does not have.
std::string_view safetensorsDtype(at::ScalarType dtype);

}  // namespace loom
