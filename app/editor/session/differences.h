#pragma once
// In which of its parameters, nodes and links one graph differs from another, as a person reads it.
#include <QStringList>

#include "engine/graph/document.h"

namespace loom::editor {

/// "step.eta: 0 → 1", "+ step (step.ddim)", "step.x0: from predict.x0 → from clip.x0". Layout, titles and
/// order are no difference. At most `most`, then "and 12 more".
QStringList differencesOf(const Document& before, const Document& after, int most = 40);

}  // namespace loom::editor
