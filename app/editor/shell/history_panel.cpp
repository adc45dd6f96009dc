#include "app/editor/shell/history_panel.h"

#include "app/editor/gl/theme.h"

namespace loom::editor {

HistoryPanel::HistoryPanel(Session& session, QWidget* parent) : QListWidget(parent), session_(session) {
  setObjectName("historyList");
  setUniformItemSizes(true);
  setViewportMargins(10, 4, 6, 8);
  connect(&session, &Session::documentChanged, this, &HistoryPanel::fill);
  connect(this, &QListWidget::itemClicked, this,
          [this](const QListWidgetItem* item) { session_.goTo(static_cast<size_t>(row(item))); });
  connect(this, &QListWidget::itemActivated, this,
          [this](const QListWidgetItem* item) { session_.goTo(static_cast<size_t>(row(item))); });
  fill();
}

void HistoryPanel::fill() {
  const Undo& undo = session_.undo();
  const auto& entries = undo.entries();
  while (count() > static_cast<int>(entries.size())) delete takeItem(count() - 1);
  for (size_t i = 0; i < entries.size(); ++i) {
    const QString name = QString::fromStdString(entries[i].name);
    if (static_cast<int>(i) >= count()) addItem(name);
    QListWidgetItem* each = item(static_cast<int>(i));
    if (each->text() != name) each->setText(name);
    each->setForeground(i > undo.now() ? Theme::current().dim : Theme::current().text);  // undone
  }
  setCurrentRow(static_cast<int>(undo.now()));
}

}  // namespace loom::editor
