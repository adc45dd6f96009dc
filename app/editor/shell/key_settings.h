#pragma once
// The table of keys: every command with its keys, to be changed; what two commands share is shown.
#include <QComboBox>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>

#include "app/editor/shell/commands.h"

namespace loom::editor {

class KeySettings : public QWidget {
  Q_OBJECT
 public:
  explicit KeySettings(Commands& commands, QWidget* parent = nullptr);
  /// Shows the commands that hold these words; gives how many.
  int filter(const QString& words);
  void choose(const QString& id);
  /// To a file and from one; gives what went wrong, empty: nothing did.
  QString exportTo(const QString& file) const;
  QString importFrom(const QString& file);

 private:
  void fill();
  void showChosen();
  void set();
  void take();
  void showConflicts(const QKeySequence& key);
  void say(const QString& text, bool bad);
  void chooseFile(bool toWrite);
  QString chosen() const;

  Commands& commands_;
  QComboBox* preset_;
  QTreeWidget* table_;
  QKeySequenceEdit* edit_;
  QPushButton *set_, *add_, *take_, *clear_, *reset_, *resetAll_, *export_, *import_;
  QLabel* conflict_;
  bool adding_ = false;
};

}  // namespace loom::editor
