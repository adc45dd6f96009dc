#include "app/editor/shell/main_window.h"

#include <QCloseEvent>
#include <QIcon>
#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/settings_dialog.h"

namespace loom::editor {

MainWindow::Implementation::Implementation(MainWindow& window, SessionOptions options)
    : window_(window), session_(std::move(options)) {
  applyLooks();
  auto* middle = new QWidget(&window);
  auto* layout = new QVBoxLayout(middle);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  notices_ = new NoticesBar(middle);
  central_ = new CentralWidget(session_, middle);
  central_->setObjectName("canvas");
  layout->addWidget(notices_);
  layout->addWidget(central_, 1);
  window.setCentralWidget(middle);
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
  window.installEventFilter(this);
  connectNotices();
  restoreLayout();
  refresh_.setSingleShot(true);
  connect(&refresh_, &QTimer::timeout, commands_, &Commands::refresh);
  commands_->refresh();
  session_.frames().setBudget(static_cast<size_t>(ShellSettings::framesBudgetMb(session_.settings())) << 20);
}

MainWindow::Implementation::~Implementation() = default;

// The gallery lies over all but the menus.
bool MainWindow::Implementation::eventFilter(QObject* watched, QEvent* event) {
  if (watched == &window_ && event->type() == QEvent::Resize && gallery_) {
    const int top = window_.menuBar()->geometry().bottom() + 1;
    gallery_->setGeometry(0, top, window_.width(), window_.height() - top);
  }
  return QObject::eventFilter(watched, event);
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
  for (QObject* source : std::initializer_list<QObject*>{&session(), &session().worker(), &session().runs(),
                                                         &session().frames()})
    source->disconnect(implementation_.get());
  for (const auto& [name, dock] : implementation_->docks_) delete dock;
  delete implementation_->gallery_;
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
