#include "app/editor/shell/problems_panel.h"

#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr size_t kMostShown = 1000;
constexpr int kNodeRole = Qt::UserRole;

}  // namespace

ProblemsPanel::ProblemsPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), list_(new QListWidget), none_(dimLabel({})) {
  list_->setObjectName("problemsList");
  list_->setWordWrap(true);
  list_->setTextElideMode(Qt::ElideNone);
  none_->setContentsMargins(8, 4, 8, 0);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(2, 4, 2, 4);
  layout->addWidget(none_, 0, Qt::AlignTop);
  layout->addWidget(list_, 1);
  connect(&session, &Session::checkedChanged, this, &ProblemsPanel::fill);
  connect(&session.runs(), &Runs::failed, this, &ProblemsPanel::fill);
  connect(&session.runs(), &Runs::listChanged, this, &ProblemsPanel::fill);
  connect(&session, &Session::cursorChanged, this, &ProblemsPanel::fill);
  const auto jump = [this](const QListWidgetItem* item) {
    if (const QString node = item->data(kNodeRole).toString(); !node.isEmpty())
      Q_EMIT jumpAsked(node.toStdString());
  };
  connect(list_, &QListWidget::itemClicked, this, jump);
  connect(list_, &QListWidget::itemActivated, this, jump);
  fill();
}

int ProblemsPanel::count() const { return list_->count(); }

void ProblemsPanel::fill() {
  const int before = list_->count();
  QStringList texts, nodes;
  const auto add = [&](const QString& node, const QString& port, const QString& message) {
    if (static_cast<size_t>(texts.size()) == kMostShown) return;
    const QString place = port.isEmpty() ? node : node + "." + port;
    const QString text = place.isEmpty() ? message : place + ": " + message;
    if (texts.contains(text)) return;
    texts << text;
    nodes << node;
  };
  for (const Checked::Problem& problem : session_.checked().errors)
    add(QString::fromStdString(problem.node), QString::fromStdString(problem.port),
        QString::fromStdString(problem.message));
  if (const auto run = session_.shownRun(); run && run->error)
    add(run->error->node, run->error->port,
        tr("run %1 failed: %2").arg(run->number).arg(run->error->message));
  list_->clear();
  for (int i = 0; i < texts.size(); ++i) {
    auto* item = new QListWidgetItem(texts[i], list_);
    item->setData(kNodeRole, nodes[i]);
    item->setForeground(Theme::current().error);
    item->setToolTip(texts[i]);
  }
  none_->setVisible(texts.isEmpty());
  none_->setText(session_.checked().current ? tr("No problems: the graph can run.")
                                            : tr("The graph is being looked at…"));
  list_->setVisible(!texts.isEmpty());
  if (before != list_->count()) Q_EMIT countChanged(list_->count());
}

}  // namespace loom::editor
