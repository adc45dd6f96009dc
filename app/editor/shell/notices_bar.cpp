#include "app/editor/shell/notices_bar.h"

#include <QHBoxLayout>
#include <QTimer>

#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr size_t kMostShown = 4;

}  // namespace

NoticesBar::NoticesBar(QWidget* parent) : QWidget(parent), layout_(new QVBoxLayout(this)) {
  setObjectName("notices");
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(1);
  hide();
}

void NoticesBar::show(const Notice& notice) {
  remove(notice.id);
  if (bars_.size() >= kMostShown) remove(bars_.begin()->first);
  auto* bar = new QFrame(this);
  bar->setObjectName("notice." + notice.id);
  bar->setProperty("notice", notice.bad ? QVariant("bad") : QVariant(true));
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(12, 5, 8, 5);
  row->setSpacing(8);
  QLabel* text = textLabel(notice.text);
  text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  row->addWidget(text, 1);
  for (const auto& [words, run] : notice.buttons) {
    QPushButton* button = smallButton(words, "notice." + notice.id + "." + words, words);
    connect(button, &QPushButton::clicked, this, [this, id = notice.id, run = run] {
      remove(id);
      run();
    });
    row->addWidget(button);
  }
  if (notice.dismissable) {
    QPushButton* close = smallButton("✕", "notice." + notice.id + ".close", tr("Close"));
    close->setProperty("flat", true);
    connect(close, &QPushButton::clicked, this, [this, id = notice.id, dismissed = notice.dismissed] {
      remove(id);
      if (dismissed) dismissed();
    });
    row->addWidget(close);
  }
  bars_[notice.id] = bar;
  layout_->addWidget(bar);
  show();
  if (notice.forMs > 0)
    QTimer::singleShot(notice.forMs, bar, [this, bar, id = notice.id] {
      if (const auto found = bars_.find(id); found != bars_.end() && found->second == bar) remove(id);
    });
}

void NoticesBar::remove(const QString& id) {
  const auto found = bars_.find(id);
  if (found == bars_.end()) return;
  found->second->hide();
  found->second->deleteLater();
  layout_->removeWidget(found->second);
  bars_.erase(found);
  if (bars_.empty()) hide();
}

}  // namespace loom::editor
