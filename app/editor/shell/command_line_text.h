#pragma once
// The command line that runs the graph at hand without the editor, to be copied.
#include <QString>

#include "engine/graph/document.h"

namespace loom::editor {

/// `saved`: the document as it is in the file; values that differ from it are given by --set. Device and
/// dtype: empty for the runner's own.
QString commandLineText(const QString& file, const Document& saved, const Document& now,
                        const QString& device, const QString& dtype);
/// A text as a POSIX shell takes it.
QString shellQuoted(const QString& text);

}  // namespace loom::editor
