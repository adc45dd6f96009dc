#pragma once
// Where a graph comes from: a .loom file, or a result (PNG, GIF, safetensors) that holds the graph it was
// made with. Told by content.
#include <filesystem>
#include <map>
#include <string>

#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"

namespace loom {

struct GraphSource {
  std::filesystem::path file;                // absolute
  std::map<std::string, std::string> texts;  // what a result carries; empty for .loom
  Document document;                         // brought up to the registry's versions
};

/// Throws Error whose message begins with the file's name.
GraphSource readGraphSource(const std::string& path, const Registry& registry);

}  // namespace loom
