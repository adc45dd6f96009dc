#pragma once
// What a result of the program carries beside its data: its graph and where it came from. The file is a
// stranger's.
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace loom {

/// The texts of a PNG, of a GIF's comment, of a box in an MP4, or of a safetensors file's metadata, by
/// keyword; empty for files of other kinds. Throws Error for one of these that is damaged.
std::optional<std::map<std::string, std::string>> textsIn(const std::filesystem::path& file);

/// "JPEG", "WebP", "npy", "CSV": results that have no place for such texts; empty for others. Throws Error.
std::string formatWithoutTexts(const std::filesystem::path& file);
/// That they have none, and what to do.
std::string withoutTextsText(const std::string& format);

/// Forks one after the other of which a provenance tells, and how deep its JSON may be nested: each takes 4
/// levels.
inline constexpr int kMostForks = 12;
inline constexpr int kMostProvenanceDepth = 64;

/// The provenance among them; null where there is none or it is no JSON object.
nlohmann::json provenanceIn(const std::map<std::string, std::string>& texts);

}  // namespace loom
