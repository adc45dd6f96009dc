#include "app/editor/shell/queue_list.h"

#include <QDragEnterEvent>
#include <QMimeData>
#include <QPainter>

#include "app/editor/gl/theme.h"

namespace loom::editor {

QueueList::QueueList(int idRole, QWidget* parent) : QListWidget(parent), idRole_(idRole) {
  setDragEnabled(true);
  setAcceptDrops(true);
  setDragDropMode(QAbstractItemView::DragDrop);
}

QMimeData* QueueList::mimeData(const QList<QListWidgetItem*>& items) const {
  auto* data = new QMimeData;
  if (!items.isEmpty()) data->setData(kMime, items.first()->data(idRole_).toString().toUtf8());
  return data;
}

int QueueList::gapAt(QPoint at) const {
  for (int row = 0; row < count(); ++row)
    if (at.y() < visualItemRect(item(row)).center().y()) return row;
  return count();
}

void QueueList::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasFormat(kMime)) event->acceptProposedAction();
}

void QueueList::dragMoveEvent(QDragMoveEvent* event) {
  if (!event->mimeData()->hasFormat(kMime)) return event->ignore();
  gap_ = gapAt(event->position().toPoint());
  viewport()->update();
  event->acceptProposedAction();
}

void QueueList::dragLeaveEvent(QDragLeaveEvent*) {
  gap_ = -1;
  viewport()->update();
}

void QueueList::dropEvent(QDropEvent* event) {
  gap_ = -1;
  viewport()->update();
  if (!event->mimeData()->hasFormat(kMime)) return event->ignore();
  event->setDropAction(Qt::CopyAction);  // the view would take a moved row out itself
  event->accept();
  const QString id = QString::fromUtf8(event->mimeData()->data(kMime));
  int place = gapAt(event->position().toPoint());
  for (int row = 0; row < count(); ++row)
    if (item(row)->data(idRole_).toString() == id) {
      if (row < place) --place;
      if (row != place) Q_EMIT moveAsked(id, place);
      return;
    }
}

void QueueList::paintEvent(QPaintEvent* event) {
  QListWidget::paintEvent(event);
  if (gap_ < 0 || count() == 0) return;
  const int y =
      gap_ < count() ? visualItemRect(item(gap_)).top() : visualItemRect(item(count() - 1)).bottom();
  QPainter painter(viewport());
  painter.setPen(QPen(Theme::current().accent, 2));
  painter.drawLine(4, y, viewport()->width() - 4, y);
}

}  // namespace loom::editor
