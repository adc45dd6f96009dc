#include "app/editor/shell/pick_list.h"

#include <QApplication>
#include <QKeyEvent>
#include <QVBoxLayout>

#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kWideLines = 38, kMostShown = 12, kMostLetters = 100;

}  // namespace

PickList::PickList(const QString& name, QWidget* window)
    : QFrame(window), field_(new QLineEdit), list_(new QListWidget) {
  setObjectName(name);
  setProperty("popup", true);
  field_->setObjectName(name + "Field");
  list_->setObjectName(name + "List");
  list_->setItemDelegate(new RowDelegate(list_));
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addWidget(field_);
  layout->addWidget(list_);
  connect(field_, &QLineEdit::textChanged, this, &PickList::fill);
  connect(list_, &QListWidget::itemClicked, this, &PickList::chooseCurrent);
  field_->installEventFilter(this);
  hide();
}

void PickList::openList(const QString& placeholder) {
  if (isHidden()) before_ = QApplication::focusWidget();
  field_->setPlaceholderText(placeholder);
  field_->setAccessibleName(placeholder);
  field_->clear();
  fill();
  show();
  raise();
  field_->setFocus();
}

void PickList::fill() {
  items_ = itemsFor(field_->text().left(kMostLetters));
  list_->clear();
  for (const Item& each : items_) {
    auto* item = new QListWidgetItem(each.title, list_);
    item->setData(RowDelegate::smallPrint, each.smallPrint);
    if (!each.atEnd.isEmpty()) item->setData(RowDelegate::atEnd, each.atEnd);
    if (each.dot.isValid()) item->setData(RowDelegate::dot, each.dot);
    item->setToolTip(each.help);
    if (!each.enabled) item->setFlags(Qt::NoItemFlags);
  }
  if (list_->count() && list_->item(0)->flags() & Qt::ItemIsEnabled) list_->setCurrentRow(0);
  const int row = list_->count() ? list_->sizeHintForRow(0) : 28;
  list_->setFixedHeight(std::clamp(list_->count(), 1, kMostShown) * row + 4);
  const int width = std::min(kWideLines * fontMetrics().height(), parentWidget()->width() - 40);
  setFixedWidth(width);
  adjustSize();
  move((parentWidget()->width() - width) / 2, 64);
}

void PickList::chooseCurrent() {
  const QListWidgetItem* item = list_->currentItem();
  if (!item || !(item->flags() & Qt::ItemIsEnabled)) return;
  const auto choose = items_[static_cast<size_t>(list_->currentRow())].choose;
  closeList();
  if (choose) choose();
}

void PickList::closeList() {
  if (isHidden()) return;
  hide();
  if (before_) before_->setFocus();
}

bool PickList::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut && static_cast<QFocusEvent*>(event)->reason() != Qt::PopupFocusReason)
    hide();
  if (event->type() == QEvent::ShortcutOverride) {
    event->accept();  // every key is this field's while it is open
    return true;
  }
  if (event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const int row = list_->currentRow();
    switch (key->key()) {
      case Qt::Key_Escape:
        closeList();
        return true;
      case Qt::Key_Return:
      case Qt::Key_Enter:
        chooseCurrent();
        return true;
      case Qt::Key_Down:
        list_->setCurrentRow(std::min(row + 1, list_->count() - 1));
        return true;
      case Qt::Key_Up:
        list_->setCurrentRow(std::max(row - 1, 0));
        return true;
      case Qt::Key_PageDown:
        list_->setCurrentRow(std::min(row + kMostShown, list_->count() - 1));
        return true;
      case Qt::Key_PageUp:
        list_->setCurrentRow(std::max(row - kMostShown, 0));
        return true;
      default:
        break;
    }
  }
  return QFrame::eventFilter(watched, event);
}

}  // namespace loom::editor
