#pragma once
// Where a graph comes from: a .loom file, or a PNG that holds the graph it was made with. Told by content.
#include <filesystem>

#include "engine/graph/graph_file.h"

namespace loom {

struct GraphSource {
  std::filesystem::path file;  // absolute
  bool picture = false;
  Document document;  // brought up to the registry's versions
};

/// Throws Error whose message begins with the file's name.
GraphSource readGraphSource(const std::string& path, const Registry& registry);

/// Whether a file begins as a PNG does. False where it can't be read.
bool isPng(const std::filesystem::path& file);

}  // namespace loom
