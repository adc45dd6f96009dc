#include "app/editor/shell/run_toolbar.h"

#include <QMenu>

#include "app/editor/shell/runs_panel.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kParts = 1000, kNarrowLines = 60;

}  // namespace

RunToolbar::RunToolbar(Session& session, Commands& commands, QWidget* parent)
    : QToolBar(parent),
      session_(session),
      commands_(commands),
      device_(new QToolButton),
      palette_(new QToolButton),
      progress_(new QProgressBar),
      text_(new ElidedLabel) {
  setObjectName("runToolbar");
  setWindowTitle(tr("Run"));
  setMovable(false);
  setContextMenuPolicy(Qt::PreventContextMenu);
  add("run.start", tr("Run"))->setProperty("primary", true);
  pause_ = add("run.pause", tr("Pause"));
  add("run.step", tr("Step"));
  add("run.toHere", tr("Run to here"));
  add("run.fork", tr("Fork"));
  add("run.stop", tr("Stop"));
  progress_->setObjectName("runProgress");
  progress_->setRange(0, kParts);
  progress_->setTextVisible(false);
  progress_->setFixedSize(110, 7);
  text_->setObjectName("runText");
  text_->setProperty("dim", true);
  text_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  auto* space = new QWidget;
  space->setFixedWidth(6);
  addWidget(space);
  progressPlace_ = addWidget(progress_);
  addWidget(text_);
  device_->setObjectName("deviceButton");
  device_->setProperty("words", true);
  device_->setProperty("menu", true);
  device_->setPopupMode(QToolButton::InstantPopup);
  device_->setToolTip(tr("Device and number type that runs use"));
  device_->setMenu(new QMenu(device_));
  addWidget(device_);
  palette_->setObjectName("paletteButton");
  palette_->setProperty("words", true);
  palette_->setToolTip(tr("Find any command by a few letters"));
  connect(palette_, &QToolButton::clicked, commands.action("help.palette"), &QAction::trigger);
  connect(&commands, &Commands::keysChanged, this, &RunToolbar::showKeys);
  addWidget(palette_);
  showKeys();
  connect(device_->menu(), &QMenu::aboutToShow, this, &RunToolbar::fillDevices);
  connect(&session.worker(), &WorkerClient::stateChanged, this, [this] {
    if (session_.worker().state() != WorkerClient::State::ready) return;
    session_.worker().call("device", nlohmann::json::object(), this, [this](const nlohmann::json& answer) {
      devices_.clear();
      for (const auto& each : answer.value("devices", nlohmann::json::array()))
        devices_ << QString::fromStdString(each.value("device", ""));
      showDevice();
    });
  });
  connect(&session.runs(), &Runs::changed, this, &RunToolbar::showProgress);
  connect(&session.runs(), &Runs::listChanged, this, &RunToolbar::showProgress);
  connect(&session, &Session::cursorChanged, this, &RunToolbar::showProgress);
  connect(&session, &Session::documentChanged, this, &RunToolbar::showProgress);
  connect(&session.runs(), &Runs::changed, this, &RunToolbar::showDevice);
  connect(&session, &Session::checkedChanged, this, &RunToolbar::showDevice);
  showProgress();
  showDevice();
}

QToolButton* RunToolbar::add(const QString& id, const QString& words) {
  auto* button = new QToolButton;
  QAction* action = commands_.action(id);
  button->setObjectName("toolbar." + id);
  button->setProperty("words", true);
  button->setText(words);
  button->setToolTip(action->toolTip());
  button->setEnabled(action->isEnabled());
  // Not the default action: its text is the menu's, which is longer.
  connect(button, &QToolButton::clicked, action, &QAction::trigger);
  connect(action, &QAction::changed, button, [button, action] {
    button->setEnabled(action->isEnabled());
    button->setToolTip(action->toolTip());
  });
  addWidget(button);
  return button;
}

void RunToolbar::showProgress() {
  std::shared_ptr<const RunInfo> run = session_.runs().current();
  if (run && !run->alive()) run = session_.shownRun();  // one that is over is told of where it is looked at
  const bool alive = run && run->alive();
  progressPlace_->setVisible(alive && !narrow());  // the text says it too
  pause_->setText(run && run->state == RunInfo::State::paused ? tr("Continue") : tr("Pause"));
  if (!run) {
    text_->clear();
    return;
  }
  QString text = tr("run %1 · %2").arg(run->number).arg(stateText(*run));
  int part = 0;
  for (const auto& [name, zone] : run->zones) {
    if (zone.depth != 1 || (!zone.running && run->state == RunInfo::State::running)) continue;
    if (zone.count) part = static_cast<int>(kParts * zone.done / std::max<int64_t>(1, zone.count));
    if (!alive) continue;
    if (zone.perSecond > 0)
      text += tr(" · %1 steps/s").arg(zone.perSecond, 0, 'f', zone.perSecond < 10 ? 1 : 0);
    if (zone.left && run->state == RunInfo::State::running)
      text += tr(" · %1 left").arg(secondsText(*zone.left));
  }
  progress_->setValue(part);
  text_->setText(text);
  // All of it, where the window is too narrow for that.
  text_->setToolTip(
      (QStringList(text) << (run->error ? QStringList(run->error->message) : run->differs)).join("\n"));
}

void RunToolbar::showDevice() {
  const nlohmann::json& hello = session_.worker().hello();
  const auto known = [&hello](const char* name) {
    return hello.is_object() ? QString::fromStdString(hello.value(name, "")) : QString();
  };
  const QString device = session_.device().isEmpty() ? known("device") : session_.device();
  const QString dtype = session_.dtype().isEmpty() ? known("dtype") : session_.dtype();
  device_->setText(device.isEmpty() ? tr("Device")
                   : narrow()       ? tr("%1 · %2").arg(device, dtype)
                                    : tr("Device  %1 · %2").arg(device, dtype));
}

void RunToolbar::showKeys() {
  const auto keys = commands_.keys("help.palette");
  const QString text = keys.isEmpty() ? QString() : keys.first().toString(QKeySequence::NativeText);
  palette_->setText(text.isEmpty() || narrow() ? tr("Commands") : text + "   " + tr("commands"));
}

// For its text: what runs are told with goes before what they are started with.
bool RunToolbar::narrow() const { return width() < kNarrowLines * fontMetrics().height(); }

void RunToolbar::resizeEvent(QResizeEvent* event) {
  QToolBar::resizeEvent(event);
  if (!progressPlace_) return;  // it is being made
  showProgress();
  showDevice();
  showKeys();
}

void RunToolbar::fillDevices() {
  QMenu* menu = device_->menu();
  menu->clear();
  const auto add = [&](const QString& text, bool on, std::function<void()> run) {
    QAction* action = menu->addAction(text);
    action->setCheckable(true);
    action->setChecked(on);
    connect(action, &QAction::triggered, this, [this, run = std::move(run)] {
      run();
      showDevice();
    });
  };
  menu->addSection(tr("Device"));
  add(tr("The worker's own choice"), session_.device().isEmpty(),
      [this] { session_.setDevice({}, session_.dtype()); });
  for (const QString& device : devices_)
    add(device, session_.device() == device,
        [this, device] { session_.setDevice(device, session_.dtype()); });
  menu->addSection(tr("Numbers of networks"));
  add(tr("Its own choice"), session_.dtype().isEmpty(),
      [this] { session_.setDevice(session_.device(), {}); });
  for (const char* dtype : {"fp32", "bf16", "fp16"})
    add(dtype, session_.dtype() == dtype, [this, dtype] { session_.setDevice(session_.device(), dtype); });
}

}  // namespace loom::editor
