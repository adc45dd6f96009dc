#pragma once
// The files that were open last, newest first; kept in the settings.
#include <QSettings>
#include <QStringList>

namespace loom::editor {

QStringList recentFiles(const QSettings& settings);
void addRecentFile(QSettings& settings, const QString& file);
void removeRecentFile(QSettings& settings, const QString& file);

}  // namespace loom::editor
