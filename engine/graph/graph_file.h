#pragma once
// The graph file (.loom): JSON, one form for files, clipboard, undo, PNG text and protocol. See
// engine/graph/FORMAT.md. Reading never runs anything and is bounded in size, depth and count.
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/graph/document.h"

namespace loom {

class Registry;

inline constexpr int kGraphFormat = 1;
inline constexpr size_t kMostGraphBytes = 64u << 20;

/// Reads a document. Throws Error that says where in the text it failed and what was expected.
Document parseGraph(std::string_view text);

/// Brings nodes of older versions up to the registry's, by each type's chain of migrations, and renames
/// aliases. Types the registry does not know stay as they are.
Document migrated(const Document& document, const Registry& registry);

/// The canonical bytes of a document: the same document always gives the same text.
std::string writeGraph(const Document& document);

/// Writes documents that follow each other, as an editor does: what is still the same node or layout is taken
/// from the last text, so that an edit of a large document costs little more than what it changed. The bytes
/// are those of writeGraph().
class GraphText {
 public:
  std::string write(const Document& document);

 private:
  friend class GraphWriter;
  struct Part {
    size_t begin = 0, size = 0;
    int indent = 0;
  };
  using Parts = std::unordered_map<const Node*, Part>;
  Document last_;  // keeps the nodes alive to which `parts_` points
  std::string text_;
  Parts parts_;
  Part layout_;
};

/// What the document means, without layout, titles and order: equal strings mean equal graphs.
std::string meaningOf(const Document& document);

std::string readGraphText(const std::filesystem::path& file);  // bounded; throws Error

}  // namespace loom
