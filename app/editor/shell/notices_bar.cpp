#include "app/editor/shell/notices_bar.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QTimer>

#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kMargin = 8, kGap = 4;
constexpr int kWidestLetters = 46;        // of a line, in letters' heights
constexpr double kMostOfTheCanvas = 0.4;  // that is covered, but for one that is taller by itself
constexpr int kAgainMs = 2000;            // one that is being read goes later

}  // namespace

NoticesBar::NoticesBar(QWidget* parent)
    : QWidget(parent), layout_(new QVBoxLayout(this)), more_(dimLabel({})) {
  setObjectName("notices");
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(kGap);
  more_->setObjectName("noticesMore");
  more_->setProperty("notice", "more");
  more_->setContentsMargins(12, 2, 8, 2);
  layout_->addWidget(more_);
  hide();
}

void NoticesBar::show(const Notice& notice) {
  const bool keyboard = hasKeyboard();
  remove(notice.id);
  Bar bar{notice.id, notice.bad, nullptr, nullptr, count_++};
  bar.frame = frameOf(notice, bar.close);
  const auto place = std::find_if(bars_.begin(), bars_.end(),
                                  [&notice](const Bar& each) { return notice.bad || !each.bad; });
  layout_->insertWidget(static_cast<int>(place - bars_.begin()), bar.frame);
  bars_.insert(place, bar);
  QWidget* before = nullptr;
  for (const Bar& each : bars_)
    for (QPushButton* button : each.frame->findChildren<QPushButton*>()) {
      if (before) setTabOrder(before, button);
      before = button;
    }
  arrange();
  if (keyboard) passKeyboard();
  if (notice.forMs > 0) goAfter(notice, bar.frame);
}

QFrame* NoticesBar::frameOf(const Notice& notice, QPushButton*& close) {
  auto* frame = new QFrame(this);
  frame->setObjectName("notice." + notice.id);
  frame->setProperty("notice", notice.bad ? "bad" : "plain");
  frame->setAccessibleName(notice.text);
  auto* row = new QHBoxLayout(frame);
  row->setContentsMargins(12, 5, 8, 5);
  row->setSpacing(8);
  QLabel* text = textLabel(notice.text);
  text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  row->addWidget(text, 1);
  // The mouse leaves the keyboard where it is: one goes on working where one was.
  const auto add = [&](QPushButton* button, std::function<void()> run) {
    button->setFocusPolicy(Qt::TabFocus);
    row->addWidget(button, 0, Qt::AlignVCenter);
    connect(button, &QPushButton::clicked, this, [this, id = notice.id, run = std::move(run)] {
      remove(id);
      if (run) run();
    });
  };
  for (const auto& [words, run] : notice.buttons)
    add(smallButton(words, "notice." + notice.id + "." + words, words), run);
  if (!notice.dismissable) return frame;
  close = smallButton("✕", "notice." + notice.id + ".close", tr("Close (Escape)"));
  close->setProperty("flat", true);
  add(close, {});
  return frame;
}

void NoticesBar::goAfter(const Notice& notice, QFrame* frame) {
  auto* timer = new QTimer(frame);
  timer->setSingleShot(true);
  connect(timer, &QTimer::timeout, this, [this, timer, frame, id = notice.id] {
    const QWidget* focus = QApplication::focusWidget();
    if (frame->underMouse() || (focus && frame->isAncestorOf(focus))) return timer->start(kAgainMs);
    remove(id);
  });
  timer->start(notice.forMs);
}

void NoticesBar::remove(const QString& id) {
  const auto found =
      std::find_if(bars_.begin(), bars_.end(), [&id](const Bar& each) { return each.id == id; });
  if (found == bars_.end()) return;
  const bool keyboard = hasKeyboard();
  QFrame* frame = found->frame;
  bars_.erase(found);
  layout_->removeWidget(frame);
  frame->hide();
  frame->deleteLater();
  arrange();
  // When what it offered is done, which may say something else.
  if (keyboard) QMetaObject::invokeMethod(this, &NoticesBar::passKeyboard, Qt::QueuedConnection);
}

bool NoticesBar::shows(const QString& id) const {
  return std::any_of(bars_.begin(), bars_.end(), [&id](const Bar& each) { return each.id == id; });
}

void NoticesBar::stayIn(const QRect& area, Qt::Alignment edge) {
  if (area == area_ && edge == edge_) return;
  if (edge != edge_) from_ = edge == Qt::AlignTop ? 0 : count_;
  area_ = area;
  edge_ = edge;
  arrange();
}

// In one line, with what it offers.
int NoticesBar::widestOf(const QFrame* frame) const {
  const auto* text = frame->findChild<QLabel*>();
  const int others = frame->layout()->sizeHint().width() - text->sizeHint().width();
  return text->fontMetrics().horizontalAdvance(text->text()) + others + kGap;
}

// Those that fit; never moves anything but itself.
void NoticesBar::arrange() {
  std::vector<const Bar*> seen;
  for (const Bar& bar : bars_) {
    bar.frame->setVisible(bar.number >= from_);
    if (bar.number >= from_) seen.push_back(&bar);
  }
  if (seen.empty()) return hide();
  ensurePolished();
  const int room = std::max(0, area_.width() - 2 * kMargin);
  int width = 0;
  for (const Bar* bar : seen) {
    for (QWidget* each : bar->frame->findChildren<QWidget*>()) each->ensurePolished();
    width = std::max(width, widestOf(bar->frame));
  }
  width = std::min({width, room, kWidestLetters * fontMetrics().height()});
  const int most = static_cast<int>(area_.height() * kMostOfTheCanvas);
  int height = 0;
  for (size_t shown = seen.size();; --shown) {
    for (size_t i = 0; i < seen.size(); ++i) seen[i]->frame->setVisible(i < shown);
    const size_t left = seen.size() - shown;
    more_->setVisible(left > 0);
    more_->setText(left == 1 ? tr("One more, when there is room")
                             : tr("%1 more, when there is room").arg(left));
    layout_->invalidate();
    height = layout_->totalHeightForWidth(width);
    if (height <= most || shown == 1) break;
  }
  const int y = edge_ == Qt::AlignTop ? area_.top() + kMargin : area_.bottom() + 1 - kMargin - height;
  setGeometry(area_.left() + (area_.width() - width) / 2, y, width, height);
  QWidget::show();
}

bool NoticesBar::hasKeyboard() const {
  const QWidget* focus = window()->focusWidget();
  return focus && isAncestorOf(focus);
}

void NoticesBar::passKeyboard() {
  for (const Bar& bar : bars_)
    for (QPushButton* button : bar.frame->findChildren<QPushButton*>())
      if (bar.frame->isVisible()) return button->setFocus(Qt::TabFocusReason);
  Q_EMIT left();
}

bool NoticesBar::event(QEvent* event) {
  switch (event->type()) {
    case QEvent::FontChange:
    case QEvent::StyleChange:
      arrange();
      break;
    case QEvent::ShortcutOverride:
      // What Escape is a command for elsewhere closes one here.
      if (static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) event->accept();
      return true;
    case QEvent::MouseButtonPress:
    case QEvent::MouseButtonDblClick:
    case QEvent::MouseButtonRelease:
    case QEvent::Wheel:
      event->accept();  // not for what lies under it
      return true;
    default:
      break;
  }
  return QWidget::event(event);
}

void NoticesBar::keyPressEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Escape) return QWidget::keyPressEvent(event);
  const QWidget* focus = QApplication::focusWidget();
  for (const Bar& bar : bars_)
    if (focus && bar.frame->isAncestorOf(focus) && bar.close) return bar.close->click();
  Q_EMIT left();
}

}  // namespace loom::editor
