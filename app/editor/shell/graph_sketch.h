#pragma once
// A small drawing of a graph: its nodes as boxes, zones tinted, wires between them. Where there is no picture
// of what it makes.
#include <QImage>

#include "engine/graph/document.h"

namespace loom::editor {

struct Theme;

/// Touches nothing but what it is given: any thread may.
QImage graphSketch(const Document& document, QSize size, qreal ratio, const Theme& theme);

}  // namespace loom::editor
