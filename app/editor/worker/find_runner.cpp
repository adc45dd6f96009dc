#include "app/editor/worker/find_runner.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

namespace loom::editor {
namespace {

bool runs(const QString& path) {
  const QFileInfo file(path);
  return file.isFile() && file.isExecutable();
}

}  // namespace

FoundRunner findRunner(const QString& named) {
  FoundRunner found;
  const auto tryAt = [&](const QString& path) {
    if (!found.program.isEmpty()) return;
    found.looked << QDir::toNativeSeparators(path);
    if (runs(path)) found.program = QFileInfo(path).absoluteFilePath();
  };
  if (!named.isEmpty()) {
    if (named.contains(QLatin1Char('/'))) {
      tryAt(named);
    } else {
      found.looked << QStringLiteral("PATH");
      found.program = QStandardPaths::findExecutable(named);
    }
    return found;
  }
  const QDir here(QCoreApplication::applicationDirPath());
  tryAt(here.filePath(QStringLiteral("noiseloom")));
  tryAt(QDir::cleanPath(here.filePath(QStringLiteral("../bin/noiseloom"))));
  if (found.program.isEmpty()) {
    found.looked << QStringLiteral("PATH");
    found.program = QStandardPaths::findExecutable(QStringLiteral("noiseloom"));
  }
  return found;
}

}  // namespace loom::editor
