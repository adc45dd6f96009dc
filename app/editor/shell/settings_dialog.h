#pragma once
// Settings, all at once effective, with a search over all of them and the keys.
#include <QDialog>
#include <QLineEdit>
#include <QTabWidget>
#include <QVBoxLayout>

#include "app/editor/session/session.h"
#include "app/editor/shell/commands.h"

namespace loom::editor {

class KeySettings;

/// What is chosen in the settings, as it is used.
struct ShellSettings {
  static bool dark(const QSettings& settings);
  static int textSize(const QSettings& settings);        // pixels of the usual text
  static int framesBudgetMb(const QSettings& settings);  // memory for what was seen of runs
  static constexpr int kLeastText = 11, kMostText = 26, kUsualText = 13;
};

class SettingsDialog : public QDialog {
  Q_OBJECT
 public:
  SettingsDialog(Session& session, Commands& commands, const QString& dataFolder, QWidget* parent = nullptr);
  void search(const QString& words);

 Q_SIGNALS:
  void looksChanged();  // theme or text size
  void snappingChanged(bool on);
  void hintsAsked();

 private:
  void section(const QString& title);
  void row(const QString& title, const QString& help, QWidget* editor);
  void addLooks();
  void addCanvas(bool snapping);
  void addRunning();
  void addFolders(const QString& dataFolder);
  void filter();

  struct Row {
    QWidget* widget;
    QString words;
    size_t section;
  };
  Session& session_;
  QLineEdit* search_;
  QTabWidget* tabs_;
  QVBoxLayout* rows_;
  QLabel* none_;  // where a search finds nothing
  KeySettings* keys_;
  std::vector<Row> all_;
  std::vector<QWidget*> sections_;
};

}  // namespace loom::editor
