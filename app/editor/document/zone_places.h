#pragma once
// Where the zones of a document lie in each other.
#include <string>
#include <vector>

#include "engine/graph/document.h"

namespace loom::editor {

/// Of each zone those around it and itself, outermost first, as runs know them: "group/zone". In the order of
/// the file; of a group once for each node that stands for it. Without muted and bypassed ones.
std::vector<std::vector<std::string>> zonePlaces(const Document& document);

}  // namespace loom::editor
