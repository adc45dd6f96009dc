#pragma once
// Documents from and to files: .loom, and PNGs that hold a graph.
#include <QByteArray>
#include <QImage>
#include <QString>
#include <string>

#include "engine/graph/document.h"

namespace loom::editor {

/// A graph file, or a PNG whose text holds one. Bounded before anything is read; throws Error that names the
/// file.
Document readDocument(const QString& file);
/// Atomic: nothing half-written is ever seen. `.png` writes `picture` with the graph in its text. Gives the
/// graph's text.
std::string writeDocument(const Document& document, const QString& file, const QImage& picture = {});
bool holdsGraph(const QString& file);  // by extension and content: what can be dropped on the window

}  // namespace loom::editor
