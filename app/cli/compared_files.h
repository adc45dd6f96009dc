#pragma once
// Two files compared as what they are: graphs by meaning, pictures by pixels and graphs, tensors and
// recordings by numbers. The files are strangers'.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/node/node_type.h"

namespace loom {

struct CompareOptions {
  double bound = 0;     // differences up to it are none: of values; of levels of 255 for pictures
  bool layout = false;  // graphs: titles, order and positions too
  bool thin = false;    // long tables: some of the rows
};

struct FileComparison {
  bool equal = true;
  std::string line;        // "equal", "3 differences"
  std::string text;        // the whole of it, lines
  nlohmann::json details;  // "kind", "equal", and the numbers
};

/// Throws Error where a file can't be read, or the two are of kinds that can't be compared.
FileComparison compareFiles(const std::string& a, const std::string& b, const CompareOptions& options,
                            const Registry& registry);

/// Whether two files hold the same bytes. Throws Error.
bool sameBytes(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace loom
