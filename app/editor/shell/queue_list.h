#pragma once
// A list whose rows are dragged into another order: it says which one is to go where, and moves none itself.
#include <QListWidget>

namespace loom::editor {

class QueueList : public QListWidget {
  Q_OBJECT
 public:
  static constexpr const char* kMime = "application/x-noiseloom-queued-run";
  /// `idRole`: of the items' data, what a row is called.
  explicit QueueList(int idRole, QWidget* parent = nullptr);

 Q_SIGNALS:
  void moveAsked(const QString& id, int place);  // its place among the others

 protected:
  QMimeData* mimeData(const QList<QListWidgetItem*>& items) const override;
  QStringList mimeTypes() const override { return {kMime}; }
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragMoveEvent(QDragMoveEvent* event) override;
  void dragLeaveEvent(QDragLeaveEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  int gapAt(QPoint at) const;  // before which row a drop would put it
  int idRole_, gap_ = -1;
};

}  // namespace loom::editor
