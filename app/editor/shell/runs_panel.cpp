#include "app/editor/shell/runs_panel.h"

#include <QGridLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QTimer>
#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

constexpr int kRunRole = Qt::UserRole;
constexpr int kLeastRow = 62, kAround = 5;

QString agoText(const QDateTime& when) {
  if (!when.isValid()) return {};
  const qint64 seconds = when.secsTo(QDateTime::currentDateTime());
  if (seconds < 60) return QObject::tr("just now");
  if (seconds < 3600) return QObject::tr("%1 min ago").arg(seconds / 60);
  if (when.date() == QDate::currentDate()) return when.toString("HH:mm");
  return when.toString("d MMM HH:mm");
}

QColor stateColour(RunInfo::State state) {
  const Theme& theme = Theme::current();
  switch (state) {
    case RunInfo::State::running:
      return theme.go;
    case RunInfo::State::failed:
    case RunInfo::State::lost:
      return theme.error;
    case RunInfo::State::paused:
    case RunInfo::State::waiting:
      return theme.warning;
    default:
      return theme.dim;
  }
}

class RunDelegate : public QStyledItemDelegate {
 public:
  RunDelegate(Session& session, QObject* parent) : QStyledItemDelegate(parent), session_(session) {}

  // Three lines of text, and a picture as tall as they are.
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
    return {100, std::max(kLeastRow, 3 * (QFontMetrics(option.font).height() + 1) + 2 * kAround)};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const override {
    QStyleOptionViewItem option(given);
    initStyleOption(&option, index);
    option.text.clear();
    option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);
    const auto run = session_.runs().find(index.data(kRunRole).toString());
    if (!run) return;
    const Theme& theme = Theme::current();
    painter->save();
    QRect area = option.rect.adjusted(8, kAround, -8, -kAround);
    const int side = area.height() - 2;
    const QRect square(area.left(), area.top() + 1, side, side);
    painter->fillRect(square, theme.field);
    if (run->thumbnail) {
      const QPixmap pixmap = pixmapOf(imageOf(*run->thumbnail), side, painter->device()->devicePixelRatioF());
      const QSize size = pixmap.deviceIndependentSize().toSize();
      painter->drawPixmap(square.center() - QPoint(size.width() / 2 - 1, size.height() / 2 - 1), pixmap);
    }
    const auto compared = session_.comparedRun();
    const auto shown = session_.shownRun();
    if ((shown && shown->id == run->id && !session_.cursor().run.isEmpty()) || compared == run->id) {
      painter->setPen(QPen(compared == run->id ? theme.runB : theme.runA, 2));
      painter->drawRect(square.adjusted(1, 1, -1, -1));
    }
    area.setLeft(square.right() + 10);
    const int line = area.height() / 3;
    const QRect first(area.left(), area.top(), area.width(), line);
    const QRect second(area.left(), area.top() + line, area.width(), line);
    const QRect third(area.left(), area.top() + 2 * line, area.width(), line);
    const QFontMetrics metrics(option.font);
    const QString end = agoText(run->started);
    painter->setPen(theme.dim);
    painter->drawText(first, Qt::AlignRight | Qt::AlignVCenter, end);
    QFont bold(option.font);
    bold.setWeight(QFont::DemiBold);
    painter->setFont(bold);
    painter->setPen(theme.text);
    const QString title = QString("%1  %2").arg(run->number).arg(run->title);
    painter->drawText(first.adjusted(0, 0, -metrics.horizontalAdvance(end) - 8, 0), Qt::AlignVCenter,
                      QFontMetrics(bold).elidedText(title, Qt::ElideRight,
                                                    first.width() - metrics.horizontalAdvance(end) - 8));
    painter->setFont(option.font);
    painter->setPen(stateColour(run->state));
    QString state = stateText(*run);
    if (!run->device.isEmpty()) state += " · " + run->device + (run->dtype.isEmpty() ? "" : " " + run->dtype);
    painter->drawText(second, Qt::AlignVCenter, metrics.elidedText(state, Qt::ElideRight, second.width()));
    painter->setPen(theme.dim);
    QString differs = run->differs.join(", ");
    if (!run->forkedAt.empty()) {
      const auto parent = session_.runs().find(run->parent);
      const QString fork = parent ? tr("fork of %1 at %2").arg(parent->number).arg(textOf(run->forkedAt))
                                  : tr("fork at %1").arg(textOf(run->forkedAt));
      differs = differs.isEmpty() ? fork : fork + ": " + differs;
    }
    if (run->error) differs = run->error->message;
    painter->drawText(third, Qt::AlignVCenter, metrics.elidedText(differs, Qt::ElideRight, third.width()));
    painter->restore();
  }

 private:
  Session& session_;
};

}  // namespace

QString stateText(const RunInfo& run) {
  switch (run.state) {
    case RunInfo::State::queued:
      return QObject::tr("in the queue");
    case RunInfo::State::running: {
      for (const auto& [name, zone] : run.zones)
        if (zone.running && zone.depth == 1)
          return zone.count ? QObject::tr("step %1 of %2").arg(zone.done).arg(zone.count)
                            : QObject::tr("step %1").arg(zone.done);
      return run.busyNode.empty() ? QObject::tr("running")
                                  : QObject::tr("running: %1").arg(QString::fromStdString(run.busyNode));
    }
    case RunInfo::State::paused:
      return QObject::tr("paused");
    case RunInfo::State::waiting:
      return QObject::tr("waits for its turn");
    case RunInfo::State::finished:
      return QObject::tr("done in %1").arg(secondsText(run.seconds));
    case RunInfo::State::failed:
      return QObject::tr("failed");
    case RunInfo::State::stopped:
      return QObject::tr("stopped");
    case RunInfo::State::lost:
      return QObject::tr("lost with the worker");
  }
  return {};
}

RunsPanel::RunsPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      queue_(new QueueList(kRunRole)),
      list_(new QListWidget),
      active_(list_),
      empty_(dimLabel(tr("Nothing has run yet. Ctrl+Enter runs the graph."))),
      waiting_(headingLabel(tr("Waiting, the next first"))),
      rerun_(smallButton(tr("Run again"), "runsRerun", tr("The same graph with the same values"))),
      restore_(smallButton(tr("Take its graph"), "runsRestore",
                           tr("The graph as it was for this run, onto the canvas; undo takes it back"))),
      compare_(smallButton(tr("Compare"), "runsCompare",
                           tr("Two that are selected (Ctrl+click), or this one with the one before it"))),
      forget_(smallButton(tr("Forget"), "runsForget", tr("It and what was kept of it (Delete)"))),
      sooner_(smallButton(tr("Sooner"), "runsSooner", tr("Up in the queue (Alt+Up); or drag it"))),
      later_(smallButton(tr("Later"), "runsLater", tr("Down in the queue (Alt+Down); or drag it"))) {
  queue_->setObjectName("runsQueue");
  list_->setObjectName("runsList");
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(6, 4, 6, 8);
  layout->setSpacing(6);
  layout->addWidget(empty_);
  layout->addWidget(waiting_);
  layout->addWidget(queue_);
  layout->addWidget(list_, 1);
  auto* buttons = new QGridLayout;
  buttons->setSpacing(4);
  QPushButton* const order[] = {rerun_, restore_, compare_, forget_, sooner_, later_};
  for (int i = 0; i < 6; ++i) buttons->addWidget(order[i], i / 2, i % 2);
  layout->addLayout(buttons);
  connectList(queue_, list_);
  connectList(list_, queue_);
  list_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  connect(static_cast<QueueList*>(queue_), &QueueList::moveAsked, this, [this](const QString& id, int place) {
    // Not within the drop: the list is filled anew.
    QTimer::singleShot(0, this, [this, id, place] { session_.runs().move(id, place); });
  });
  connect(&session.runs(), &Runs::listChanged, this, &RunsPanel::fill);
  connect(&session.runs(), &Runs::changed, this, &RunsPanel::update);
  connect(&session, &Session::cursorChanged, list_->viewport(), qOverload<>(&QWidget::update));
  connect(rerun_, &QPushButton::clicked, this, &RunsPanel::rerun);
  connect(restore_, &QPushButton::clicked, this, &RunsPanel::restore);
  connect(compare_, &QPushButton::clicked, this, &RunsPanel::compare);
  connect(forget_, &QPushButton::clicked, this, &RunsPanel::forget);
  connect(sooner_, &QPushButton::clicked, this, [this] { moveBy(-1); });
  connect(later_, &QPushButton::clicked, this, [this] { moveBy(1); });
  fill();
}

void RunsPanel::connectList(QListWidget* list, QListWidget* other) {
  list->setItemDelegate(new RunDelegate(session_, list));
  list->setContextMenuPolicy(Qt::CustomContextMenu);
  list->setUniformItemSizes(true);
  list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list->installEventFilter(this);
  connect(list, &QListWidget::itemSelectionChanged, this, [this, list, other] {
    if (!list->selectedItems().isEmpty()) {
      active_ = list;
      const QSignalBlocker quiet(other);
      other->clearSelection();
    }
    updateButtons();
  });
  connect(list, &QListWidget::itemClicked, this, [this, list](const QListWidgetItem* item) {
    if (list->selectedItems().size() == 1) show(item->data(kRunRole).toString());
  });
  connect(list, &QListWidget::itemActivated, this,
          [this](const QListWidgetItem* item) { show(item->data(kRunRole).toString()); });
  connect(list, &QListWidget::customContextMenuRequested, this,
          [this, list](QPoint at) { openMenu(list, at); });
}

void RunsPanel::show(const QString& run) {
  if (session_.runs().find(run)) session_.setCursor({.run = run, .iteration = {}, .live = true});
}

// The keys that lists of files have too, and those of lists that are put in order.
bool RunsPanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool alt = key->modifiers() & Qt::AltModifier;
    if (key->key() == Qt::Key_Delete) {
      forget();
      return true;
    }
    if (watched == queue_ && alt && (key->key() == Qt::Key_Up || key->key() == Qt::Key_Down)) {
      moveBy(key->key() == Qt::Key_Up ? -1 : 1);
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

std::shared_ptr<const RunInfo> RunsPanel::chosen() const {
  const QListWidgetItem* item = active_->currentItem();
  return item ? session_.runs().find(item->data(kRunRole).toString()) : nullptr;
}

void RunsPanel::fillList(QListWidget* list, const std::vector<QString>& runs) {
  const QString before = list->currentItem() ? list->currentItem()->data(kRunRole).toString() : QString();
  QStringList selected;
  for (const QListWidgetItem* item : list->selectedItems()) selected << item->data(kRunRole).toString();
  const QSignalBlocker quiet(list);
  list->clear();
  for (const QString& id : runs) {
    const auto run = session_.runs().find(id);
    if (!run) continue;
    auto* item = new QListWidgetItem(QString("%1 %2").arg(run->number).arg(run->title), list);
    item->setData(kRunRole, id);
    item->setToolTip(run->error ? run->error->message : run->differs.join("\n"));
    if (id == before) list->setCurrentItem(item, QItemSelectionModel::NoUpdate);
    item->setSelected(selected.contains(id));
  }
}

void RunsPanel::fill() {
  const std::vector<QString> queue = session_.runs().queue();
  std::vector<QString> others;
  const auto& runs = session_.runs().all();
  for (auto run = runs.rbegin(); run != runs.rend(); ++run)
    if (std::find(queue.begin(), queue.end(), (*run)->id) == queue.end()) others.push_back((*run)->id);
  fillList(queue_, queue);
  fillList(list_, others);
  if (!list_->currentItem() && list_->count()) list_->setCurrentRow(0);
  if (active_ == queue_ && !queue_->currentItem()) active_ = list_;
  const int shown = std::min(queue_->count(), 4);
  queue_->setFixedHeight(shown ? shown * queue_->sizeHintForRow(0) + 4 : 0);
  for (QWidget* each : std::initializer_list<QWidget*>{waiting_, queue_, sooner_, later_})
    each->setVisible(!queue.empty());
  empty_->setVisible(runs.empty());
  for (QPushButton* button : {rerun_, restore_, compare_, forget_}) button->setVisible(!runs.empty());
  updateButtons();
}

void RunsPanel::update(const QString& run) {
  for (QListWidget* list : {queue_, list_})
    for (int i = 0; i < list->count(); ++i)
      if (QListWidgetItem* item = list->item(i); item->data(kRunRole).toString() == run) {
        if (const auto info = session_.runs().find(run)) {
          const QString tip = info->error ? info->error->message : info->differs.join("\n");
          if (item->toolTip() != tip) item->setToolTip(tip);
        }
        list->viewport()->update(list->visualItemRect(item));
      }
  updateButtons();
}

void RunsPanel::updateButtons() {
  const auto run = chosen();
  for (QPushButton* button : {rerun_, restore_, forget_}) button->setEnabled(run != nullptr);
  const auto selected = list_->selectedItems();
  const QString compared = session_.comparedRun();
  const bool comparing = std::any_of(selected.begin(), selected.end(), [&](const QListWidgetItem* item) {
    return !compared.isEmpty() && item->data(kRunRole).toString() == compared;
  });
  compare_->setEnabled(run != nullptr && active_ == list_ && session_.runs().all().size() > 1);
  compare_->setText(comparing ? tr("Compare no more") : tr("Compare"));
  const auto queue = session_.runs().queue();
  const bool queued = run && std::find(queue.begin(), queue.end(), run->id) != queue.end();
  sooner_->setEnabled(queued && queue.front() != run->id);
  later_->setEnabled(queued && queue.back() != run->id);
}

void RunsPanel::rerun() {
  if (const auto run = chosen()) session_.runAgain(run->id);
}

void RunsPanel::restore() {
  const auto run = chosen();
  if (!run) return;
  session_.edit(tr("Take the graph of run %1").arg(run->number),
                [&](const Document&) { return parseGraph(session_.runs().graphText(run->id)); });
}

// Two that are selected; else the one that is shown, or the one before it, with the chosen one.
void RunsPanel::compare() {
  const auto run = chosen();
  if (!run) return;
  if (!session_.comparedRun().isEmpty() && compare_->text() == tr("Compare no more")) {
    session_.compareWith({});
    return updateButtons();
  }
  const auto keepingStep = [this](const QString& id) {
    session_.setCursor({.run = id, .iteration = session_.cursor().iteration, .live = session_.cursor().live});
  };
  const auto selected = list_->selectedItems();
  const auto shown = session_.shownRun();
  if (selected.size() == 2) {
    const QString a = selected[0]->data(kRunRole).toString(), b = selected[1]->data(kRunRole).toString();
    const bool shows = shown && (shown->id == a || shown->id == b);
    if (!shows) keepingStep(a);
    session_.compareWith(shows && shown->id == b ? a : b);
  } else if (shown && shown->id != run->id) {
    session_.compareWith(run->id);
  } else {
    const auto& all = session_.runs().all();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each->id == run->id; });
    const auto other = at != all.begin() ? at - 1 : at + 1;
    if (other == all.end()) return;
    keepingStep(run->id);
    session_.compareWith((*other)->id);
  }
  updateButtons();
  list_->viewport()->update();
}

void RunsPanel::forget() {
  QStringList ids;
  for (const QListWidgetItem* item : active_->selectedItems()) ids << item->data(kRunRole).toString();
  if (const auto run = chosen(); ids.isEmpty() && run) ids << run->id;
  for (const QString& id : ids) session_.runs().forget(id);
}

void RunsPanel::moveBy(int places) {
  const auto run = chosen();
  if (!run) return;
  const auto queue = session_.runs().queue();
  const auto at = std::find(queue.begin(), queue.end(), run->id);
  if (at == queue.end()) return;
  session_.runs().move(run->id, static_cast<int>(at - queue.begin()) + places);
  updateButtons();
}

void RunsPanel::openMenu(const QListWidget* list, QPoint at) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  for (QPushButton* button : {rerun_, restore_, compare_, forget_, sooner_, later_}) {
    if (button->isHidden()) continue;
    QAction* action = menu->addAction(button->text());
    action->setEnabled(button->isEnabled());
    connect(action, &QAction::triggered, button, &QPushButton::click);
  }
  menu->popup(list->viewport()->mapToGlobal(at));
}

}  // namespace loom::editor
