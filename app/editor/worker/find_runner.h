#pragma once
// Where the program noiseloom is.
#include <QString>
#include <QStringList>

namespace loom::editor {

struct FoundRunner {
  QString program;     // empty: not found
  QStringList looked;  // where it was looked for, to be told
};

/// `named` where it is not empty (a path, or a name in PATH), else beside this program, else in PATH.
FoundRunner findRunner(const QString& named);

}  // namespace loom::editor
