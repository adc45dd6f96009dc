#include "app/editor/shell/main_window.h"

#include <QCloseEvent>
#include <QIcon>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/settings_dialog.h"

namespace loom::editor {

MainWindow::Implementation::Implementation(MainWindow& window, SessionOptions options)
    : window_(window), session_(std::move(options)) {
  applyLooks();
  central_ = new CentralWidget(session_, &window);
  central_->setObjectName("canvas");
  window.setCentralWidget(central_);
  commands_ = new Commands(&window, session_.settings(), central_);
  makeDocks();
  addCommands();
  makeMenus();
  toolbar_ = new RunToolbar(session_, *commands_, &window);
  window.addToolBar(toolbar_);
  status_ = new StatusLine(session_, &window);
  window.setStatusBar(status_);
  palette_ = new CommandPalette(*commands_, &window);
  links_ = new LinkPicker(session_, &window);
  gallery_ = new Gallery(session_, &window);
  gallery_->hide();
  notices_ = new NoticesBar(&window);
  window.installEventFilter(this);
  central_->installEventFilter(this);
  connectNotices();
  restoreLayout();
  refresh_.setSingleShot(true);
  connect(&refresh_, &QTimer::timeout, commands_, &Commands::refresh);
  commands_->refresh();
  session_.frames().setBudget(static_cast<size_t>(ShellSettings::framesBudgetMb(session_.settings())) << 20);
}

MainWindow::Implementation::~Implementation() = default;

bool MainWindow::Implementation::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize || event->type() == QEvent::Move) placeOverlays();
  if (watched == central_ && event->type() == QEvent::ZOrderChange) {  // with the docks it is put on top
    gallery_->raise();
    notices_->raise();
    for (QWidget* list : {static_cast<QWidget*>(palette_), static_cast<QWidget*>(links_)}) list->raise();
  }
  return QObject::eventFilter(watched, event);
}

// The gallery lies over all but the menus; notices over the top of the canvas, or the gallery's foot.
void MainWindow::Implementation::placeOverlays() {
  const int top = window_.menuBar()->geometry().bottom() + 1;
  const QRect below(0, top, window_.width(), window_.height() - top);
  gallery_->setGeometry(below);
  if (!gallery_->isHidden()) return notices_->stayIn(below, Qt::AlignBottom);
  const QRect canvas = central_->canvasArea();
  notices_->stayIn({central_->mapTo(&window_, canvas.topLeft()), canvas.size()}, Qt::AlignTop);
}

MainWindow::MainWindow(SessionOptions options) {
  setObjectName("mainWindow");
  setWindowIcon(QIcon(resourcesFolder() + "/desktop/noiseloom.png"));
  setAcceptDrops(true);
  implementation_ = std::make_unique<Implementation>(*this, std::move(options));
}

// The panels read the session: they go first.
MainWindow::~MainWindow() {
  implementation_->disconnect();
  removeEventFilter(implementation_.get());
  central().removeEventFilter(implementation_.get());
  for (QObject* source : std::initializer_list<QObject*>{&session(), &session().worker(), &session().runs(),
                                                         &session().frames()})
    source->disconnect(implementation_.get());
  for (const auto& [name, dock] : implementation_->docks_) delete dock;
  delete implementation_->gallery_;
  delete implementation_->notices_;
  delete implementation_->palette_;
  delete implementation_->links_;
  delete implementation_->toolbar_;
  delete implementation_->status_;
  delete implementation_->reference_;
  // Those of dialogs go with them.
  for (QDialog* dialog : findChildren<QDialog*>(QString(), Qt::FindDirectChildrenOnly)) delete dialog;
  delete takeCentralWidget();
  delete implementation_->commands_;
}

Session& MainWindow::session() { return implementation_->session_; }
CentralWidget& MainWindow::central() { return *implementation_->central_; }
Commands& MainWindow::commands() { return *implementation_->commands_; }
void MainWindow::begin() { implementation_->begin(); }
bool MainWindow::openFile(const QString& file) { return implementation_->openNow(file); }

void MainWindow::closeEvent(QCloseEvent* event) {
  if (!implementation_->closing()) return event->ignore();
  implementation_->saveLayout();
  event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

// Panels and the gallery take files too: the whole window does.
void MainWindow::dropEvent(QDropEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) {
      event->acceptProposedAction();
      return implementation_->askAndOpen(url.toLocalFile());
    }
}

}  // namespace loom::editor
