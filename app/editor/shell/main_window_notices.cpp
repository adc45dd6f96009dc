// What is said over the canvas, and what leads from the panels to it.
#include <QFileDialog>
#include <QFileInfo>
#include <QOpenGLWidget>
#include <QUrl>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/recent_files.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

constexpr int kNoticeMs = 7000, kBadNoticeMs = 30'000;
constexpr int kRefreshMs = 60;  // a run tells of its steps many times a second
constexpr int kHints = 3;
constexpr const char* kHintSetting = "hints/next";

}  // namespace

void MainWindow::Implementation::connectNotices() {
  connect(&session_, &Session::noticed, this, [this](const QString& text, bool error) {
    notices_->show({.id = error ? "failure" : "said",
                    .text = text,
                    .bad = error,
                    .forMs = error ? kBadNoticeMs : kNoticeMs});
  });
  connect(notices_, &NoticesBar::left, this, [this] {
    if (gallery_->isHidden())
      central_->setFocus();
    else
      gallery_->takeFocus();
  });
  connect(central_, &CentralWidget::canvasMoved, this, &Implementation::placeOverlays, Qt::QueuedConnection);
  connect(&session_, &Session::fileChangedOutside, this, [this](const QString& file) {
    notices_->show(
        {.id = "file",
         .text = tr("%1 was changed by another program.").arg(QFileInfo(file).fileName()),
         .buttons = {{tr("Reload"), [this, file] { session_.open(file); }}, {tr("Keep mine"), [] {}}},
         .dismissable = false});
  });
  connect(&session_.worker(), &WorkerClient::stateChanged, this, &Implementation::showWorkerNotice);
  connect(&session_, &Session::documentChanged, this, &Implementation::updateTitle);
  for (auto signal : {&Session::documentChanged, &Session::selectionChanged, &Session::cursorChanged,
                      &Session::checkedChanged, &Session::catalogChanged})
    // With the next event, before a key that follows: what is selected now can be deleted now.
    connect(&session_, signal, this, [this] { refresh_.start(0); });
  connect(&session_.runs(), &Runs::changed, this, &Implementation::refreshSoon);
  connect(&session_.runs(), &Runs::listChanged, this, &Implementation::refreshSoon);
  connect(&session_.runs(), &Runs::failed, this, [this](const QString& id) {
    const auto run = session_.runs().find(id);
    if (!run || !run->error) return;
    const std::string node = run->error->node.toStdString();
    Notice notice{
        .id = "run", .text = tr("Run %1 failed: %2").arg(run->number).arg(run->error->message), .bad = true};
    if (!node.empty()) {
      notice.text = tr("Run %1 failed at %2: %3").arg(run->number).arg(run->error->node, run->error->message);
      notice.buttons = {{tr("Show the node"), [this, node] { jumpTo(node); }}};
    }
    notices_->show(notice);
  });
  connect(&session_.runs(), &Runs::changed, this, [this](const QString& id) {
    const auto run = session_.runs().find(id);
    if (!run) return;
    if (run->state == RunInfo::State::running) {
      notices_->remove("run");
      if (hint_ == 0) notices_->remove("hint");  // it was followed
    }
    if (run->state == RunInfo::State::finished && hint_ < kHints - 1) {
      hint_ = kHints - 1;
      showHint();
    }
  });
  connect(central_, &CentralWidget::dropped, this,
          [this](const QStringList& files) { askAndOpen(files.first()); });
  connect(central_, &CentralWidget::nodeDropped, this,
          [this](const QString& type, QPoint at) { addNodeOf(type, at); });
  connect(central_, &QOpenGLWidget::frameSwapped, this,
          [this] { status_->setZoom(central_->canvas().zoom()); });
  central_->canvas().openFilePicker = [this](const std::string& node, const std::string& port) {
    pickFileFor(node, port);
  };
  connect(library_, &LibraryPanel::addAsked, this, [this](const QString& type) { addNodeOf(type, {}); });
  connect(library_, &LibraryPanel::helpAsked, this, &Implementation::openReference);
  connect(inspector_, &Inspector::helpAsked, this, &Implementation::openReference);
  connect(problems_, &ProblemsPanel::jumpAsked, this, &Implementation::jumpTo);
  connect(problems_, &ProblemsPanel::countChanged, status_, &StatusLine::setProblems);
  connect(status_, &StatusLine::restartAsked, commands_->action("run.restartWorker"), &QAction::trigger);
  connect(status_, &StatusLine::problemsAsked, this, [this] { showDock(docks_.at("problems")); });
  connect(status_, &StatusLine::zoomAsked, commands_->action("view.zoomWhole"), &QAction::trigger);
  connect(gallery_, &Gallery::openAsked, this, [this](const QString& file) {
    fromGallery_ = file;
    askAndOpen(file);
  });
  connect(gallery_, &Gallery::fileAsked, this, &Implementation::chooseFile);
  connect(gallery_, &Gallery::closeAsked, this, &Implementation::hideGallery);
  connect(gallery_, &Gallery::emptyAsked, this, [this] {
    whenSaved(tr("Then an empty canvas is opened."), [this] {
      session_.newDocument();
      hideGallery();
      showHint();
    });
  });
  connect(gallery_, &Gallery::recoverAsked, this, [this](const Session::Recoverable& what) {
    if (session_.recover(what)) {
      hideGallery();
      central_->canvas().fitAll();
      session_.notice(tr("As it was at the last edit. It is not saved yet."));
    } else {
      QTimer::singleShot(0, gallery_, &Gallery::fill);
    }
  });
  connect(gallery_, &Gallery::discardAsked, this, [this](const Session::Recoverable& what) {
    session_.discard(what);
    // Not from within the button that is clicked, which goes with all else.
    QTimer::singleShot(0, gallery_, [this] {
      gallery_->fill();
      gallery_->takeFocus();
    });
  });
  connect(batch_, &BatchPanel::finished, this, [this](bool done, const QString& grid) {
    session_.notice(done ? tr("The batch is done: %1").arg(grid.isEmpty() ? QString() : grid)
                         : tr("The batch ended before all was done; see the batch panel."),
                    !done);
  });
  updateTitle();
}

void MainWindow::Implementation::refreshSoon() {
  if (!refresh_.isActive()) refresh_.start(kRefreshMs);
}

void MainWindow::Implementation::showWorkerNotice() {
  const WorkerClient::State state = session_.worker().state();
  refreshSoon();
  if (state == WorkerClient::State::ready) {
    const bool again = workerWasReady_ && notices_->shows("worker");
    workerWasReady_ = true;
    notices_->remove("worker");
    if (again) session_.notice(tr("The worker runs again."));
    return;
  }
  if (state == WorkerClient::State::starting) return;
  const QString what = session_.worker().stateText();
  QString text;
  if (state == WorkerClient::State::hung)
    text = tr("The worker does not answer (%1). Your graph and the frames you have seen are safe.").arg(what);
  else if (state == WorkerClient::State::failed)
    text = tr("The worker can't be started: %1. Your graph is safe; nothing runs until it can.").arg(what);
  else
    text = tr("The worker is %1. Your graph and the frames you have seen are safe.").arg(what);
  notices_->show({.id = "worker", .text = text, .bad = true, .buttons = {{tr("Restart"), [this] {
                                                                            session_.worker().restart();
                                                                          }}}});
}

// One at a time, each when it is of use; those that were dismissed do not come back.
void MainWindow::Implementation::showHint() {
  QSettings& settings = session_.settings();
  const int next = settings.value(kHintSetting, 0).toInt();
  if (hint_ < next) hint_ = next;
  if (hint_ >= kHints) return;
  const auto keys = [this](const char* id) {
    const auto list = commands_->keys(id);
    return list.isEmpty() ? QString() : list.first().toString(QKeySequence::NativeText);
  };
  const QString texts[kHints] = {
      tr("Press %1 to run this graph, and watch every step below.")
          .arg(keys("run.start").replace("Return", "Enter")),
      tr("%1 finds every command; %2 adds a node where the mouse is.")
          .arg(keys("help.palette"), keys("graph.add")),
      tr("Click a picture on the timeline to look at that step. Change a parameter, then %1: the run goes on "
         "from there.")
          .arg(keys("run.fork"))};
  const auto seen = [this, shown = hint_] {
    session_.settings().setValue(kHintSetting, shown + 1);
    hint_ = shown + 1;
    if (hint_ < kHints) showHint();
  };
  notices_->show({.id = "hint",
                  .text = texts[hint_],
                  .buttons = {{hint_ + 1 < kHints ? tr("Next hint") : tr("Got it"), seen},
                              {tr("No hints"),
                               [this] {
                                 session_.settings().setValue(kHintSetting, kHints);
                                 hint_ = kHints;
                               }}},
                  .dismissable = false});
}

void MainWindow::Implementation::updateTitle() {
  const QString name = session_.file().isEmpty() ? QString::fromStdString(session_.document().title.empty()
                                                                              ? std::string("Untitled")
                                                                              : session_.document().title)
                                                 : QFileInfo(session_.file()).fileName();
  window_.setWindowTitle(QString("%1[*] — Noiseloom").arg(name));
  window_.setWindowModified(session_.modified());
  window_.setWindowFilePath({});
}

// "group/node": the nodes that stand for groups lead to where it is.
void MainWindow::Implementation::jumpTo(const std::string& node) {
  hideGallery();
  std::string place, path, id = node;
  for (size_t slash; (slash = id.find('/')) != std::string::npos; id = id.substr(slash + 1)) {
    const Node* group = findNode(graphAt(session_.document(), place), id.substr(0, slash));
    if (!group || !group->type.starts_with(kGroupPrefix)) break;
    place = group->type.substr(kGroupPrefix.size());
    path += group->id + "/";
  }
  if (!session_.document().groups.count(place)) place.clear();
  session_.enter(place, path);
  if (!findNode(graphAt(session_.document(), place), id)) return;
  central_->canvas().centreOn(id);
  central_->setFocus();
}

void MainWindow::Implementation::addNodeOf(const QString& type, std::optional<QPoint> at) {
  hideGallery();
  Canvas& canvas = central_->canvas();
  const QPoint where = at.value_or(QPoint(central_->width() / 3, central_->height() / 4));
  const Point point = canvas.toCanvas({static_cast<float>(where.x()), static_cast<float>(where.y())});
  // Dropped into a zone's region it becomes a member: the innermost that it lies in.
  std::string zone;
  float smallest = INFINITY;
  const std::function<void(const std::vector<NodePtr>&)> look = [&](const std::vector<NodePtr>& nodes) {
    for (const NodePtr& node : nodes) {
      if (!node->zone) continue;
      if (const auto rect = canvas.rectOf(node->id); at && rect) {
        const bool inside = where.x() >= rect->x && where.x() <= rect->x + rect->width &&
                            where.y() >= rect->y && where.y() <= rect->y + rect->height;
        if (inside && rect->width * rect->height < smallest) {
          smallest = rect->width * rect->height;
          zone = node->id;
        }
      }
      look(node->zone->nodes);
    }
  };
  look(graphAt(session_.document(), session_.place()).nodes);
  const NodeType* known = session_.catalog().node(type.toStdString());
  const QString title = known ? QString::fromStdString(known->title) : type;
  session_.editAndSelect(tr("Add %1").arg(title), [&](const Document& document) {
    return addNode(document, session_.place(), session_.catalog(), type.toStdString(), point, zone);
  });
  central_->setFocus();
}

void MainWindow::Implementation::pickFileFor(const std::string& node, const std::string& port) {
  const Node* found = findNode(graphAt(session_.document(), session_.place()), node);
  const NodeType* type = found ? session_.catalog().node(found->type) : nullptr;
  const PortType* input = type ? type->input(port) : nullptr;
  auto* dialog = new QFileDialog(&window_, tr("File"), session_.folder());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setObjectName("fileDialog");
  if (input && input->writes)
    dialog->setAcceptMode(QFileDialog::AcceptSave);
  else
    dialog->setFileMode(QFileDialog::ExistingFile);
  const bool reads = !(input && input->writes);
  connect(dialog, &QFileDialog::fileSelected, this, [this, node, port, reads](const QString& file) {
    const QString relative = QDir(session_.folder()).relativeFilePath(file);
    const QString name = relative.startsWith("..") ? file : relative;
    session_.edit(tr("Set %1").arg(QString::fromStdString(port)), [&](const Document& document) {
      return setParam(document, session_.place(), session_.catalog(), node, port, name.toStdString());
    });
    if (reads) session_.allowFile(file);
  });
  dialog->open();
}

}  // namespace loom::editor
