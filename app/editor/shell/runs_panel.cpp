#include "app/editor/shell/runs_panel.h"

#include <QGridLayout>
#include <QMenu>
#include <QPainter>
#include <QVBoxLayout>

#include "app/editor/document/schedule_ports.h"
#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

constexpr int kRunRole = Qt::UserRole;
constexpr int kRowHeight = 62, kPicture = 50;

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

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {100, kRowHeight}; }

  void paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const override {
    QStyleOptionViewItem option(given);
    initStyleOption(&option, index);
    option.text.clear();
    option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);
    const auto run = session_.runs().find(index.data(kRunRole).toString());
    if (!run) return;
    const Theme& theme = Theme::current();
    painter->save();
    QRect area = option.rect.adjusted(8, 5, -8, -5);
    const QRect square(area.left(), area.top() + 1, kPicture, kPicture);
    painter->fillRect(square, theme.field);
    if (run->thumbnail) {
      const QPixmap pixmap =
          pixmapOf(imageOf(*run->thumbnail), kPicture, painter->device()->devicePixelRatioF());
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
    if (run->forkedAt >= 0) {
      const auto parent = session_.runs().find(run->parent);
      const QString fork = parent ? tr("fork of %1 at step %2").arg(parent->number).arg(run->forkedAt)
                                  : tr("fork at step %1").arg(run->forkedAt);
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
      list_(new QListWidget),
      empty_(dimLabel(tr("Nothing has run yet. Ctrl+Enter runs the graph."))),
      rerun_(smallButton(tr("Run again"), "runsRerun", tr("The same graph with the same values"))),
      restore_(smallButton(tr("Take its graph"), "runsRestore",
                           tr("The graph as it was for this run, onto the canvas; undo takes it back"))),
      compare_(smallButton(tr("Compare"), "runsCompare", tr("With the run that is shown"))),
      forget_(smallButton(tr("Forget"), "runsForget", tr("It and what was kept of it"))),
      sooner_(smallButton(tr("Sooner"), "runsSooner", tr("Up in the queue"))),
      later_(smallButton(tr("Later"), "runsLater", tr("Down in the queue"))) {
  list_->setObjectName("runsList");
  list_->setItemDelegate(new RunDelegate(session, list_));
  list_->setContextMenuPolicy(Qt::CustomContextMenu);
  list_->setUniformItemSizes(true);
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(6, 4, 6, 8);
  layout->setSpacing(6);
  layout->addWidget(empty_);
  layout->addWidget(list_, 1);
  auto* buttons = new QGridLayout;
  buttons->setSpacing(4);
  QPushButton* const order[] = {rerun_, restore_, compare_, forget_, sooner_, later_};
  for (int i = 0; i < 6; ++i) buttons->addWidget(order[i], i / 3, i % 3);
  layout->addLayout(buttons);
  connect(&session.runs(), &Runs::listChanged, this, &RunsPanel::fill);
  connect(&session.runs(), &Runs::changed, this, &RunsPanel::update);
  connect(&session, &Session::cursorChanged, list_->viewport(), qOverload<>(&QWidget::update));
  connect(list_, &QListWidget::itemSelectionChanged, this, &RunsPanel::updateButtons);
  connect(list_, &QListWidget::itemClicked, this, [this](const QListWidgetItem* item) {
    const QString id = item->data(kRunRole).toString();
    const auto run = session_.runs().find(id);
    if (!run) return;
    session_.setCursor({.run = id, .iteration = {}, .live = true});
  });
  connect(list_, &QListWidget::customContextMenuRequested, this, &RunsPanel::openMenu);
  connect(rerun_, &QPushButton::clicked, this, &RunsPanel::rerun);
  connect(restore_, &QPushButton::clicked, this, &RunsPanel::restore);
  connect(compare_, &QPushButton::clicked, this, &RunsPanel::compare);
  connect(forget_, &QPushButton::clicked, this, &RunsPanel::forget);
  connect(sooner_, &QPushButton::clicked, this, [this] { moveBy(-1); });
  connect(later_, &QPushButton::clicked, this, [this] { moveBy(1); });
  fill();
}

std::shared_ptr<const RunInfo> RunsPanel::chosen() const {
  const QListWidgetItem* item = list_->currentItem();
  return item ? session_.runs().find(item->data(kRunRole).toString()) : nullptr;
}

void RunsPanel::fill() {
  const QString before = list_->currentItem() ? list_->currentItem()->data(kRunRole).toString() : QString();
  const QSignalBlocker quiet(list_);
  list_->clear();
  const auto& runs = session_.runs().all();
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    auto* item = new QListWidgetItem(QString("%1 %2").arg((*run)->number).arg((*run)->title), list_);
    item->setData(kRunRole, (*run)->id);
    if ((*run)->id == before) list_->setCurrentItem(item);
  }
  if (!list_->currentItem() && list_->count()) list_->setCurrentRow(0);
  empty_->setVisible(runs.empty());
  updateButtons();
}

void RunsPanel::update(const QString& run) {
  for (int i = 0; i < list_->count(); ++i)
    if (list_->item(i)->data(kRunRole).toString() == run) {
      const auto info = session_.runs().find(run);
      if (info) {
        QString tip = info->differs.join("\n");
        if (info->error) tip = info->error->message;
        if (list_->item(i)->toolTip() != tip) list_->item(i)->setToolTip(tip);
      }
      list_->viewport()->update(list_->visualItemRect(list_->item(i)));
    }
  updateButtons();
}

void RunsPanel::updateButtons() {
  const auto run = chosen();
  for (QPushButton* button : {rerun_, restore_, forget_}) button->setEnabled(run != nullptr);
  const auto shown = session_.shownRun();
  compare_->setEnabled(run != nullptr && session_.runs().all().size() > 1);
  compare_->setText(run && session_.comparedRun() == run->id ? tr("Compare no more") : tr("Compare"));
  const auto queue = session_.runs().queue();
  const bool queued = run && std::find(queue.begin(), queue.end(), run->id) != queue.end();
  sooner_->setEnabled(queued && queue.front() != run->id);
  later_->setEnabled(queued && queue.back() != run->id);
}

void RunsPanel::rerun() {
  const auto run = chosen();
  if (!run) return;
  try {
    RunRequest request;
    request.document = parseGraph(run->graphText);
    request.folder = session_.folder();
    request.title = run->title;
    request.watched = watchedPorts(request.document, session_.catalog());
    request.measured = measuredPorts(request.document, session_.catalog());
    request.shown = request.watched;
    request.device = session_.device();
    request.dtype = session_.dtype();
    session_.runs().start(request);
  } catch (const Error& error) {
    session_.notice(tr("This run's graph can't be read: %1").arg(error.what()), true);
  }
}

void RunsPanel::restore() {
  const auto run = chosen();
  if (!run) return;
  session_.edit(tr("Take the graph of run %1").arg(run->number),
                [&](const Document&) { return parseGraph(run->graphText); });
}

void RunsPanel::compare() {
  const auto run = chosen();
  if (!run) return;
  if (session_.comparedRun() == run->id) {
    session_.compareWith({});
  } else {
    const auto shown = session_.shownRun();
    if (!shown || shown->id == run->id) {
      // The one that is shown can't be compared with itself: with the one before it, then.
      const auto& all = session_.runs().all();
      for (auto each = all.rbegin(); each != all.rend(); ++each)
        if ((*each)->id != run->id) {
          session_.setCursor(
              {.run = run->id, .iteration = session_.cursor().iteration, .live = session_.cursor().live});
          session_.compareWith((*each)->id);
          break;
        }
    } else {
      session_.compareWith(run->id);
    }
  }
  updateButtons();
  list_->viewport()->update();
}

void RunsPanel::forget() {
  if (const auto run = chosen()) session_.runs().forget(run->id);
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

void RunsPanel::openMenu(QPoint at) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  for (QPushButton* button : {rerun_, restore_, compare_, forget_, sooner_, later_}) {
    QAction* action = menu->addAction(button->text());
    action->setEnabled(button->isEnabled());
    connect(action, &QAction::triggered, button, &QPushButton::click);
  }
  menu->popup(list_->viewport()->mapToGlobal(at));
}

}  // namespace loom::editor
