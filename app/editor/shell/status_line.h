#pragma once
// The bottom of the window: how the worker is, memory, problems, when the document was last kept, zoom.
#include <QLabel>
#include <QPushButton>
#include <QStatusBar>

#include "app/editor/session/session.h"

namespace loom::editor {

class StatusLine : public QStatusBar {
  Q_OBJECT
 public:
  explicit StatusLine(Session& session, QWidget* parent = nullptr);
  void setProblems(int count);
  void setZoom(float zoom);

 Q_SIGNALS:
  void restartAsked();
  void problemsAsked();
  void zoomAsked();

 private:
  void showWorker();
  void showMemory(const nlohmann::json& params);

  Session& session_;
  QPushButton *worker_, *problems_, *zoom_;
  QLabel *memory_, *kept_;
  int shownZoom_ = -1;
};

}  // namespace loom::editor
