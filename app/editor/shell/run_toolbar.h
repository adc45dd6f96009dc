#pragma once
// The bar under the menus: run and steer, how far the run is, the device, the way to all commands.
#include <QLabel>
#include <QProgressBar>
#include <QToolBar>
#include <QToolButton>

#include "app/editor/session/session.h"
#include "app/editor/shell/commands.h"

namespace loom::editor {

class RunToolbar : public QToolBar {
  Q_OBJECT
 public:
  RunToolbar(Session& session, Commands& commands, QWidget* parent = nullptr);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QToolButton* add(const QString& id, const QString& words);
  void showProgress();
  void showDevice();
  void fillDevices();
  void showKeys();
  bool narrow() const;

  Session& session_;
  Commands& commands_;
  QToolButton *pause_, *device_, *palette_;
  QProgressBar* progress_;
  QLabel* text_;
  QAction* progressPlace_ = nullptr;  // a toolbar shows and hides what stands in it by this
  QStringList devices_;
};

}  // namespace loom::editor
