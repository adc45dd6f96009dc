#pragma once
// The texts that a saved result carries beside its data, whatever the format: PNG text, safetensors metadata,
// a GIF's comment. With them any result says what made it, and can be made again.
#include <map>
#include <string>

#include "engine/node/exec.h"

namespace loom {

inline constexpr const char* kGraphKey = "noiseloom.graph";            // the graph file's text
inline constexpr const char* kProvenanceKey = "noiseloom.provenance";  // JSON

/// Graph and provenance of the run, by keyword; in the provenance, "saved" tells which of the run's results
/// this is: {"node", "iteration" (in zones)} and what `more` adds. Equal runs give equal texts.
std::map<std::string, std::string> resultTexts(const std::string& document, nlohmann::json provenance,
                                               nlohmann::json saved);
std::map<std::string, std::string> resultTexts(const Exec& x,
                                               const nlohmann::json& more = nlohmann::json::object());

}  // namespace loom
