#include "app/editor/shell/status_line.h"

#include <QPainter>
#include <QTime>
#include <cmath>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

QIcon dotIcon(const QColor& colour) {
  QPixmap pixmap(24, 24);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(colour);
  painter.drawEllipse(4, 4, 16, 16);
  return QIcon(pixmap);
}

}  // namespace

StatusLine::StatusLine(Session& session, QWidget* parent)
    : QStatusBar(parent),
      session_(session),
      worker_(smallButton({}, "statusWorker",
                          tr("The worker computes, in a process of its own. Click: start it anew"))),
      problems_(smallButton({}, "statusProblems", tr("Shows the list of problems"))),
      zoom_(smallButton({}, "statusZoom", tr("Zoom of the canvas. Click: 100 %"))),
      memory_(new ElidedLabel),
      kept_(dimLabel({})) {
  setSizeGripEnabled(false);
  memory_->setObjectName("statusMemory");
  memory_->setProperty("dim", true);
  kept_->setObjectName("statusKept");
  kept_->setWordWrap(false);
  for (QPushButton* button : {worker_, problems_, zoom_}) button->setProperty("flat", true);
  worker_->setIconSize({12, 12});
  addWidget(worker_);
  addWidget(memory_, 1);
  addPermanentWidget(problems_);
  addPermanentWidget(kept_);
  addPermanentWidget(zoom_);
  connect(worker_, &QPushButton::clicked, this, &StatusLine::restartAsked);
  connect(problems_, &QPushButton::clicked, this, &StatusLine::problemsAsked);
  connect(zoom_, &QPushButton::clicked, this, &StatusLine::zoomAsked);
  connect(&session.worker(), &WorkerClient::stateChanged, this, &StatusLine::showWorker);
  connect(&session.worker(), &WorkerClient::notification, this,
          [this](const QString& method, const nlohmann::json& params) {
            if (method == "memory") showMemory(params);
          });
  connect(&session, &Session::documentChanged, this, [this] {
    kept_->setText(!session_.modified() && !session_.file().isEmpty()
                       ? tr("saved")
                       : tr("autosaved %1").arg(QTime::currentTime().toString("HH:mm:ss")));
    kept_->setToolTip(tr("Every edit is kept at once: after a crash it is offered again."));
  });
  setProblems(0);
  setZoom(1);
  showWorker();
}

void StatusLine::showWorker() {
  const Theme& theme = Theme::current();
  const WorkerClient::State state = session_.worker().state();
  const QColor colour = state == WorkerClient::State::ready      ? theme.go
                        : state == WorkerClient::State::starting ? theme.warning
                                                                 : theme.error;
  worker_->setIcon(dotIcon(colour));
  worker_->setText(tr("worker %1").arg(session_.worker().stateText()));
  if (state == WorkerClient::State::ready && session_.worker().hello().is_object() &&
      session_.worker().hello().contains("memory"))
    showMemory(session_.worker().hello().at("memory"));
  if (state != WorkerClient::State::ready) memory_->clear();
}

void StatusLine::showMemory(const nlohmann::json& params) {
  const nlohmann::json& memory = params.contains("memory") ? params.at("memory") : params;
  const auto bytes = [&memory](const char* name) {
    const auto found = memory.find(name);
    return found != memory.end() && found->is_number() ? found->get<double>() : 0;
  };
  if (!memory.is_object()) return;
  QStringList parts{
      tr("worker's memory %1 of %2").arg(bytesText(bytes("process")), bytesText(bytes("total")))};
  if (bytes("cache") > 0) parts << tr("cache %1").arg(bytesText(bytes("cache")));
  if (bytes("runs") > 0) parts << tr("recordings %1").arg(bytesText(bytes("runs")));
  if (bytes("runsOnDisk") > 0) parts << tr("on disk %1").arg(bytesText(bytes("runsOnDisk")));
  memory_->setText(parts.join("   "));
  memory_->setToolTip(parts.join("\n"));  // all of it, where the window is too narrow for that
}

void StatusLine::setProblems(int count) {
  problems_->setText(count == 0   ? tr("no problems")
                     : count == 1 ? tr("1 problem")
                                  : tr("%1 problems").arg(count));
  problems_->setIcon(count ? dotIcon(Theme::current().error) : QIcon());
}

void StatusLine::setZoom(float zoom) {
  const int percent = static_cast<int>(std::lround(zoom * 100));
  if (percent == shownZoom_) return;
  shownZoom_ = percent;
  zoom_->setText(QString("%1 %").arg(percent));
}

}  // namespace loom::editor
