#pragma once
// The runs of this session and earlier ones, newest first: picture, state, what differs, time, device. To run
// again, to take its graph back, to compare, to forget; the queue in its order.
#include <QLabel>
#include <QListWidget>
#include <QPushButton>

#include "app/editor/session/session.h"

namespace loom::editor {

/// "running", "waiting in the queue": a run's state in words.
QString stateText(const RunInfo& run);

class RunsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit RunsPanel(Session& session, QWidget* parent = nullptr);

 private:
  void fill();
  void update(const QString& run);
  void updateButtons();
  std::shared_ptr<const RunInfo> chosen() const;
  void rerun();
  void restore();
  void compare();
  void forget();
  void moveBy(int places);
  void openMenu(QPoint at);

  Session& session_;
  QListWidget* list_;
  QLabel* empty_;
  QPushButton *rerun_, *restore_, *compare_, *forget_, *sooner_, *later_;
};

}  // namespace loom::editor
