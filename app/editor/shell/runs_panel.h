#pragma once
// The runs of this session and earlier ones, newest first: picture, state, what differs, time, device. To run
// again, to take its graph back, to compare, to forget; the queue in its order.
#include <QLabel>
#include <QListWidget>
#include <QPushButton>

#include "app/editor/session/session.h"
#include "app/editor/shell/queue_list.h"

namespace loom::editor {

/// "running", "waiting in the queue": a run's state in words.
QString stateText(const RunInfo& run);

class RunsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit RunsPanel(Session& session, QWidget* parent = nullptr);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void fillList(QListWidget* list, const std::vector<QString>& runs);
  void connectList(QListWidget* list, QListWidget* other);
  void update(const QString& run);
  void updateButtons();
  std::shared_ptr<const RunInfo> chosen() const;
  void show(const QString& run);
  void rerun();
  void restore();
  void compare();
  void forget();
  void moveBy(int places);
  void openMenu(const QListWidget* list, QPoint at);

  Session& session_;
  QListWidget *queue_, *list_;  // what waits, the next first; all others, the newest first
  QListWidget* active_;         // of the two: whose selection counts
  QLabel *empty_, *waiting_;
  QPushButton *rerun_, *restore_, *compare_, *forget_, *sooner_, *later_;
};

}  // namespace loom::editor
