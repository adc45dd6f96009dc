#pragma once
// What of two results' provenance could make them differ: programs, libraries, device, dtype, threads,
// processor, and the content of the files read.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace loom {

struct EnvironmentDifference {
  std::string what;        // "threads", "libraries.oneDNN", "file weights.pt"
  std::string made, here;  // as texts; empty where one of the two has none
};

/// Fields that `made` lacks (an older program wrote it) are passed over. Both are provenance as
/// provenanceOf() gives it; `made` may be a stranger's, of any form.
std::vector<EnvironmentDifference> environmentDifferences(const nlohmann::json& made,
                                                          const nlohmann::json& here);

}  // namespace loom
