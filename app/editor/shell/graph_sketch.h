#pragma once
// A small drawing of a graph: its nodes as boxes, zones tinted, wires between them. Where there is no picture
// of what it makes.
#include <QImage>

#include "engine/graph/document.h"

namespace loom::editor {

QImage graphSketch(const Document& document, QSize size, qreal ratio);

}  // namespace loom::editor
