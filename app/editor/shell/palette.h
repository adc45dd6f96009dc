#pragma once
// The command palette: a field in the upper middle of the window in which a few letters of any command find
// it, with its keys.
#include <QFrame>
#include <QLineEdit>
#include <QListWidget>

#include "app/editor/shell/commands.h"

namespace loom::editor {

class CommandPalette : public QFrame {
  Q_OBJECT
 public:
  CommandPalette(Commands& commands, QWidget* window);
  void openPalette();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void runCurrent();
  void closePalette();

  Commands& commands_;
  QLineEdit* field_;
  QListWidget* list_;
  QPointer<QWidget> before_;  // what had the focus
};

}  // namespace loom::editor
