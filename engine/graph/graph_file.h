#pragma once
// The graph file (.loom): JSON, one form for files, clipboard, undo, PNG text and protocol. See
// engine/graph/FORMAT.md. Reading never runs anything and is bounded in size, depth and count.
#include <filesystem>
#include <string>
#include <string_view>

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

/// What the document means, without layout, titles and order: equal strings mean equal graphs.
std::string meaningOf(const Document& document);

std::string readGraphText(const std::filesystem::path& file);  // bounded; throws Error

}  // namespace loom
