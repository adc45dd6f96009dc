#pragma once
// Which ports of a graph have something to see.
#include "app/editor/catalog/catalog.h"
#include "app/editor/document/face.h"

namespace loom::editor {

/// The first port of each node and zone that looks like a picture, to be shown live on the canvas: what the
/// graph gives out first, then what lies outside of zones from its end on, then what is in zones. Not of
/// nodes that are collapsed.
std::vector<std::string> shownPorts(const Document& document, const Catalog& catalog);

/// The way to a group by the first nodes that stand for it, "outer/inner/". Empty where no node does.
std::string pathTo(const Document& document, const std::string& group);

/// The group that a path of nodes leads to ("outer/inner/"); empty where it leads to none.
std::string groupAt(const Document& document, const std::string& path);

}  // namespace loom::editor
