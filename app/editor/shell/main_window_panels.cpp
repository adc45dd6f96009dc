// Docks and looks of the window, and the dialogs that change them.
#include <QApplication>
#include <QFontDatabase>
#include <QScreen>
#include <QStandardPaths>
#include <QTabBar>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/about_dialog.h"
#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/settings_dialog.h"

namespace loom::editor {
namespace {

constexpr int kLayoutVersion = 1;  // of docks and bars: another one is not restored
constexpr int kLeftWidth = 200, kRightWidth = 290, kBottomHeight = 180;  // the least at first
constexpr int kMostLeft = 260, kMostRight = 420;

// The first thing of a panel that takes the keyboard; null where nothing does.
QWidget* firstOf(QWidget* panel) {
  QWidget* each = panel;
  do {
    const bool within = each == panel || (panel->isAncestorOf(each) && each->isVisibleTo(panel));
    if (within && each->isEnabled() && each->focusPolicy() & Qt::TabFocus &&
        !qobject_cast<QScrollArea*>(each))
      return each;
    each = each->nextInFocusChain();
  } while (each != panel);
  return nullptr;
}

}  // namespace

QDockWidget* MainWindow::Implementation::dock(const QString& name, const QString& title, QWidget* panel,
                                              Qt::DockWidgetArea area) {
  auto* dock = new QDockWidget(title, &window_);
  dock->setObjectName("dock." + name);
  dock->setWidget(panel);
  window_.addDockWidget(area, dock);
  connect(dock, &QDockWidget::visibilityChanged, this, [this] {
    QTimer::singleShot(0, this, &Implementation::updateDockTitles);
    refreshSoon();
  });
  connect(dock, &QDockWidget::topLevelChanged, this,
          [this] { QTimer::singleShot(0, this, &Implementation::updateDockTitles); });
  docks_[name] = dock;
  return dock;
}

void MainWindow::Implementation::makeDocks() {
  library_ = new LibraryPanel(session_);
  inspector_ = new Inspector(session_);
  runs_ = new RunsPanel(session_);
  problems_ = new ProblemsPanel(session_);
  log_ = new LogPanel(session_);
  history_ = new HistoryPanel(session_);
  batch_ = new BatchPanel(session_);
  dock("library", tr("Nodes"), library_, Qt::LeftDockWidgetArea);
  dock("history", tr("History"), history_, Qt::LeftDockWidgetArea);
  dock("inspector", tr("Inspector"), inspector_, Qt::RightDockWidgetArea);
  dock("runs", tr("Runs"), runs_, Qt::RightDockWidgetArea);
  dock("batch", tr("Batch"), batch_, Qt::RightDockWidgetArea);
  dock("problems", tr("Problems"), problems_, Qt::BottomDockWidgetArea);
  dock("log", tr("Log"), log_, Qt::BottomDockWidgetArea);
  window_.setDockOptions(QMainWindow::AnimatedDocks | QMainWindow::AllowTabbedDocks |
                         QMainWindow::AllowNestedDocks | QMainWindow::GroupedDragging);
  window_.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  for (const Qt::Corner corner : {Qt::TopLeftCorner, Qt::BottomLeftCorner})
    window_.setCorner(corner, Qt::LeftDockWidgetArea);
  for (const Qt::Corner corner : {Qt::TopRightCorner, Qt::BottomRightCorner})
    window_.setCorner(corner, Qt::RightDockWidgetArea);
  window_.setDocumentMode(true);
  placeDocks();
}

void MainWindow::Implementation::placeDocks() {
  const std::pair<const char*, Qt::DockWidgetArea> places[] = {
      {"library", Qt::LeftDockWidgetArea},    {"history", Qt::LeftDockWidgetArea},
      {"inspector", Qt::RightDockWidgetArea}, {"runs", Qt::RightDockWidgetArea},
      {"batch", Qt::RightDockWidgetArea},     {"problems", Qt::BottomDockWidgetArea},
      {"log", Qt::BottomDockWidgetArea}};
  for (const auto& [name, area] : places) {
    QDockWidget* each = docks_.at(name);
    each->setFloating(false);
    window_.addDockWidget(area, each);
    each->setVisible(area != Qt::BottomDockWidgetArea);
  }
  window_.tabifyDockWidget(docks_.at("library"), docks_.at("history"));
  window_.tabifyDockWidget(docks_.at("inspector"), docks_.at("runs"));
  window_.tabifyDockWidget(docks_.at("runs"), docks_.at("batch"));
  window_.tabifyDockWidget(docks_.at("problems"), docks_.at("log"));
  docks_.at("library")->raise();
  docks_.at("inspector")->raise();
  docks_.at("problems")->raise();
  // Wider for larger text, as far as the canvas can spare it.
  const double larger =
      std::max(1., ShellSettings::textSize(session_.settings()) / double(ShellSettings::kUsualText));
  const auto wide = [&](int share, int least, int most) {
    const int wanted = std::clamp(window_.width() * share / 100, least, most);
    return std::max(wanted, std::min(static_cast<int>(wanted * larger), window_.width() * share * 3 / 200));
  };
  const int left = wide(12, kLeftWidth, kMostLeft), right = wide(18, kRightWidth, kMostRight);
  window_.resizeDocks({docks_.at("library"), docks_.at("inspector")}, {left, right}, Qt::Horizontal);
  window_.resizeDocks({docks_.at("problems")}, {kBottomHeight}, Qt::Vertical);
  updateDockTitles();
}

// Those behind another one in their tabs are visible too, as Qt has it, but lie beside the window.
bool MainWindow::Implementation::inFront(const QDockWidget* dock) const {
  return dock->isVisible() && (dock->isFloating() || window_.rect().intersects(dock->geometry()));
}

void MainWindow::Implementation::showDock(QDockWidget* dock) {
  dock->show();
  dock->raise();
}

// In the order in which they lie in the window, from its left to its right; those that are hidden are left
// out.
void MainWindow::Implementation::goToPanel(int by) {
  hideGallery();
  std::vector<QWidget*> panels{central_};
  if (notices_->isVisible()) panels.push_back(notices_);
  for (const char* name : {"problems", "log", "inspector", "runs", "batch", "library", "history"})
    if (!docks_.at(name)->isHidden()) panels.push_back(docks_.at(name));
  const QWidget* now = QApplication::focusWidget();
  size_t at = 0;
  for (size_t i = 0; i < panels.size(); ++i)
    if (now && (panels[i] == now || panels[i]->isAncestorOf(now))) at = i;
  for (size_t tried = 0; tried < panels.size(); ++tried) {
    at = (at + panels.size() + static_cast<size_t>(by)) % panels.size();
    if (at == 0) return central_->setFocus();
    auto* dock = qobject_cast<QDockWidget*>(panels[at]);
    QWidget* first = firstOf(dock ? dock->widget() : panels[at]);
    if (!first) continue;
    if (dock) showDock(dock);
    return first->setFocus(Qt::TabFocusReason);
  }
}

// Tabs say already which panel it is; one that stands alone says it in its title bar.
void MainWindow::Implementation::updateDockTitles() {
  for (const auto& [name, dock] : docks_) {
    bool tabbed = false;
    for (const QDockWidget* other : window_.tabifiedDockWidgets(dock)) tabbed |= !other->isHidden();
    const bool bare = tabbed && !dock->isFloating();
    if (bare && !dock->titleBarWidget()) {
      dock->setTitleBarWidget(new QWidget(dock));
    } else if (!bare && dock->titleBarWidget()) {
      QWidget* empty = dock->titleBarWidget();
      dock->setTitleBarWidget(nullptr);
      delete empty;
    }
  }
  for (QTabBar* bar : window_.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly))
    bar->setDrawBase(false);
}

void MainWindow::Implementation::restoreLayout() {
  const QSettings& settings = session_.settings();
  window_.resize(QSize(1440, 900).boundedTo(window_.screen()->availableSize()));
  if (const QByteArray geometry = settings.value("window/geometry").toByteArray(); !geometry.isEmpty())
    window_.restoreGeometry(geometry);
  if (!window_.restoreState(settings.value("window/state").toByteArray(), kLayoutVersion)) placeDocks();
  updateDockTitles();
}

void MainWindow::Implementation::saveLayout() {
  session_.settings().setValue("window/geometry", window_.saveGeometry());
  session_.settings().setValue("window/state", window_.saveState(kLayoutVersion));
}

void MainWindow::Implementation::applyLooks() {
  QFont font = QApplication::font();
  if (QFontDatabase::families().contains("Inter")) font.setFamily("Inter");
  font.setPixelSize(ShellSettings::textSize(session_.settings()));
  QApplication::setFont(font);
  Theme::use(ShellSettings::dark(session_.settings()) ? Theme::darkTheme() : Theme::lightTheme());
  if (!inspector_) return;  // nothing is drawn yet
  // What was drawn in colours of its own.
  Q_EMIT session_.catalogChanged();
  Q_EMIT session_.checkedChanged();
  Q_EMIT session_.worker().stateChanged();
  Q_EMIT session_.documentChanged();
  if (!gallery_->isHidden()) gallery_->fill();
  central_->redraw();
}

void MainWindow::Implementation::openSettings(const QString& words) {
  if (auto* open = window_.findChild<SettingsDialog*>()) {
    open->raise();
    return open->search(words);
  }
  const QString folder = QFileInfo(session_.settings().fileName()).absolutePath();
  auto* dialog = new SettingsDialog(session_, *commands_, folder, &window_);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &SettingsDialog::looksChanged, this, &Implementation::applyLooks);
  connect(dialog, &SettingsDialog::snappingChanged, this,
          [this](bool on) { central_->canvas().setSnapping(on); });
  connect(dialog, &SettingsDialog::hintsAsked, commands_->action("help.hints"), &QAction::trigger);
  dialog->search(words);
  dialog->show();
}

void MainWindow::Implementation::openReference(const QString& type) {
  if (!reference_) {
    reference_ = new NodeReference(session_, &window_);
    reference_->setAttribute(Qt::WA_DeleteOnClose);
  }
  reference_->show();
  reference_->raise();
  reference_->activateWindow();
  if (!type.isEmpty()) reference_->showNode(type);
}

void MainWindow::Implementation::openAbout() {
  auto* dialog = new AboutDialog(session_, &window_);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->open();
}

}  // namespace loom::editor
