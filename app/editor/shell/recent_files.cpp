#include "app/editor/shell/recent_files.h"

#include <QFileInfo>

namespace loom::editor {
namespace {

constexpr const char* kSetting = "files/recent";
constexpr int kMost = 12;

}  // namespace

QStringList recentFiles(const QSettings& settings) {
  return settings.value(kSetting).toStringList().mid(0, kMost);
}

void addRecentFile(QSettings& settings, const QString& file) {
  if (file.isEmpty()) return;
  const QString whole = QFileInfo(file).absoluteFilePath();
  QStringList files = recentFiles(settings);
  files.removeAll(whole);
  files.prepend(whole);
  settings.setValue(kSetting, files.mid(0, kMost));
}

void removeRecentFile(QSettings& settings, const QString& file) {
  QStringList files = recentFiles(settings);
  files.removeAll(file);
  settings.setValue(kSetting, files);
}

}  // namespace loom::editor
