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

 private:
  void fill();
  void showChosen();
  void set();
  QString chosen() const;

  Commands& commands_;
  QComboBox* preset_;
  QTreeWidget* table_;
  QKeySequenceEdit* edit_;
  QPushButton *set_, *add_, *clear_, *reset_, *resetAll_;
  QLabel* conflict_;
  bool adding_ = false;
};

}  // namespace loom::editor
