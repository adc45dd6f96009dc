#pragma once
// The window: menus, toolbar, docks around the central widget, dialogs. Owns the session.
#include <QMainWindow>
#include <memory>

#include "app/editor/session/session.h"
#include "app/editor/shell/central_widget.h"
#include "app/editor/shell/commands.h"

namespace loom::editor {

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(SessionOptions options = {});
  ~MainWindow() override;

  Session& session();
  CentralWidget& central();
  Commands& commands();
  /// What one sees at first: the gallery, or what an editor that did not end in order left.
  void begin();
  bool openFile(const QString& file);

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
