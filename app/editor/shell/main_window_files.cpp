// Opening, saving, leaving: everything that asks before something would be lost.
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QImageReader>
#include <QMessageBox>
#include <QPushButton>
#include <QStandardPaths>
#include <cmath>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/save_dialog.h"
#include "app/editor/gl/theme.h"
#include "app/editor/shell/command_line_text.h"
#include "app/editor/shell/graph_sketch.h"
#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/recent_files.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr QSize kSketch(480, 320);
// Pixels of a picture that is read again, and of one that is written with a graph: it is what one sees of the
// file, and the window waits for both.
constexpr qint64 kMostRead = qint64{12} << 20, kMostWritten = qint64{1} << 20;

qint64 areaOf(QSize size) { return qint64{size.width()} * size.height(); }

QString filters() { return QObject::tr("Graphs, and pictures that hold one (*.loom *.png);;All files (*)"); }

}  // namespace

void MainWindow::Implementation::begin() { showGallery(); }

void MainWindow::Implementation::showGallery() {
  gallery_->fill();
  gallery_->show();
  gallery_->raise();
  notices_->raise();  // what went wrong is said there too
  placeOverlays();
  gallery_->takeFocus();
}

void MainWindow::Implementation::hideGallery() {
  if (gallery_->isHidden()) return;
  gallery_->hide();
  placeOverlays();
  central_->setFocus();
}

bool MainWindow::Implementation::openNow(const QString& file) {
  if (!session_.open(file)) {
    removeRecentFile(session_.settings(), file);
    return false;
  }
  hideGallery();
  notices_->remove("file");
  const bool shipped = QFileInfo(file).absoluteFilePath().startsWith(graphsFolder() + "/");
  if (!shipped) addRecentFile(session_.settings(), file);
  if (const QString who = session_.openElsewhere(); !who.isEmpty())
    notices_->show({.id = "elsewhere",
                    .text = tr("This file is open elsewhere too (%1). Who saves last wins.").arg(who),
                    .buttons = {{tr("Save a copy…"), [this] { saveAs(false); }}}});
  else
    notices_->remove("elsewhere");
  central_->canvas().fitAll();
  central_->setFocus();
  showHint();
  return true;
}

void MainWindow::Implementation::whenSaved(const QString& why, std::function<void()> then) {
  if (!session_.modified()) return then();
  auto* box = new QMessageBox(&window_);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setObjectName("saveQuestion");
  box->setIcon(QMessageBox::NoIcon);
  const QString name = session_.file().isEmpty() ? tr("this graph") : QFileInfo(session_.file()).fileName();
  box->setText(tr("Save the changes to %1?").arg(name));
  box->setInformativeText(why);
  QPushButton* save = box->addButton(tr("Save"), QMessageBox::AcceptRole);
  QPushButton* discard = box->addButton(tr("Don't save"), QMessageBox::DestructiveRole);
  QPushButton* cancel = box->addButton(tr("Cancel"), QMessageBox::RejectRole);
  save->setObjectName("saveQuestion.save");
  discard->setObjectName("saveQuestion.discard");
  cancel->setObjectName("saveQuestion.cancel");
  save->setProperty("primary", true);
  box->setDefaultButton(save);
  box->setEscapeButton(cancel);
  connect(save, &QPushButton::clicked, this, [this, then] { this->save(then); });
  connect(discard, &QPushButton::clicked, this, then);
  box->open();
}

void MainWindow::Implementation::askAndOpen(const QString& file) {
  if (!holdsGraph(file))
    return session_.notice(tr("%1 holds no graph: a .loom file or a PNG that Noiseloom made is wanted.")
                               .arg(QFileInfo(file).fileName()),
                           true);
  whenSaved(tr("Then %1 is opened.").arg(QFileInfo(file).fileName()), [this, file] { openNow(file); });
}

void MainWindow::Implementation::chooseFile() {
  auto* dialog = new QFileDialog(&window_, tr("Open"), session_.folder(), filters());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setObjectName("openDialog");
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
    fromGallery_.clear();
    askAndOpen(file);
  });
  dialog->open();
}

void MainWindow::Implementation::save(std::function<void()> then) {
  if (session_.file().isEmpty() || example()) return saveAs(false, std::move(then));
  if (saveTo(session_.file(), false) && then) then();
}

// The graphs that come with the program, where nobody opened one as a file: a changed one is somebody's own.
bool MainWindow::Implementation::example() const {
  const QFileInfo file(session_.file());
  return session_.file().startsWith(graphsFolder() + "/") &&
         (session_.file() == fromGallery_ || !file.isWritable());
}

void MainWindow::Implementation::saveAs(bool copy, std::function<void()> then) {
  const QString base = session_.file().isEmpty() ? session_.folder() + "/graph.loom"
                       : example() ? QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation) +
                                         "/" + QFileInfo(session_.file()).fileName()
                                   : session_.file();
  auto* dialog = new QFileDialog(&window_, copy ? tr("Save a copy") : tr("Save as"), base,
                                 tr("Graph (*.loom);;Picture that holds the graph (*.png)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setObjectName("saveDialog");
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  if (base.endsWith(".png", Qt::CaseInsensitive))
    dialog->selectNameFilter(tr("Picture that holds the graph (*.png)"));
  dialog->setDefaultSuffix(base.endsWith(".png", Qt::CaseInsensitive) ? "png" : "loom");
  connect(dialog, &QFileDialog::filterSelected, dialog, [dialog](const QString& filter) {
    dialog->setDefaultSuffix(filter.contains("*.png") ? "png" : "loom");
  });
  connect(dialog, &QFileDialog::fileSelected, this,
          [this, copy, then = std::move(then)](const QString& file) {
            if (saveTo(file, copy) && then) then();
          });
  dialog->open();
}

bool MainWindow::Implementation::saveTo(const QString& file, bool copy) {
  const bool picture = file.endsWith(".png", Qt::CaseInsensitive);
  if (copy) {
    try {
      writeDocument(session_.document(), file, picture ? newestPicture() : QImage());
    } catch (const std::exception& error) {
      session_.notice(QString::fromUtf8(error.what()), true);
      return false;
    }
    session_.notice(tr("Wrote %1").arg(file));
    return true;
  }
  if (!session_.save(file, picture ? newestPicture() : QImage())) return false;
  addRecentFile(session_.settings(), file);
  notices_->remove("file");
  updateTitle();
  return true;
}

void MainWindow::Implementation::revert() {
  const QString file = session_.file();
  if (file.isEmpty()) return;
  auto* box = new QMessageBox(QMessageBox::NoIcon, tr("Revert"),
                              tr("Go back to %1 as it was saved?").arg(QFileInfo(file).fileName()),
                              QMessageBox::Cancel, &window_);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setObjectName("revertQuestion");
  box->setInformativeText(tr("Undo does not bring back what was changed since."));
  QPushButton* go = box->addButton(tr("Revert"), QMessageBox::DestructiveRole);
  go->setObjectName("revertQuestion.revert");
  connect(go, &QPushButton::clicked, this, [this, file] { session_.open(file); });
  box->open();
}

void MainWindow::Implementation::copyCommandLine() {
  if (session_.file().isEmpty()) {
    notices_->show({.id = "command",
                    .text = tr("This graph was never saved: a command line needs a file to name."),
                    .bad = true,
                    .buttons = {{tr("Save as…"), [this] { saveAs(false, [this] { copyCommandLine(); }); }}}});
    return;
  }
  Document saved;
  try {
    saved = readDocument(session_.file());
  } catch (const std::exception& error) {
    return session_.notice(QString::fromUtf8(error.what()), true);
  }
  const QString line =
      commandLineText(session_.file(), saved, session_.document(), session_.device(), session_.dtype());
  QGuiApplication::clipboard()->setText(line);
  notices_->show({.id = "command", .text = tr("Copied: %1").arg(line), .buttons = {}, .forMs = 12000});
}

QString MainWindow::Implementation::newestFile() const {
  if (const auto run = session_.shownRun())
    for (auto file = run->files.rbegin(); file != run->files.rend(); ++file)
      if (QImageReader(*file).size().isValid()) return *file;
  return {};
}

QImage MainWindow::Implementation::newestPicture() const {
  if (const auto run = session_.shownRun()) {
    QImageReader reader(newestFile());
    if (const QSize size = reader.size(); size.isValid() && areaOf(size) <= kMostRead) {
      if (const double share = double(kMostWritten) / static_cast<double>(areaOf(size)); share < 1)
        reader.setScaledSize(size * std::sqrt(share));
      if (QImage image = reader.read(); !image.isNull()) return image;
    }
    if (const QImage image = central_->viewer().image(); !image.isNull()) return image;
    if (run->thumbnail) return imageOf(*run->thumbnail);
  }
  return graphSketch(session_.document(), kSketch, 2, Theme::current());
}

void MainWindow::Implementation::exportPicture() {
  askAndSave(session_, &window_, {tr("Newest picture"), "picture.png", tr("Picture (*.png)")},
             [this](const QString& file) -> FileWriter {
               // As it was written, where it was: with the graph and all that it says of its origin.
               const QString newest = newestFile();
               if (!newest.endsWith(".png", Qt::CaseInsensitive))
                 return [file, picture = newestPicture()] { return picture.save(file, "PNG"); };
               return [file, newest] {
                 if (QFileInfo(newest) == QFileInfo(file)) return true;
                 QFile::remove(file);
                 return QFile::copy(newest, file);
               };
             });
}

void MainWindow::Implementation::fillRecent() {
  recent_->clear();
  for (const QString& file : recentFiles(session_.settings())) {
    QAction* action = recent_->addAction(QFileInfo(file).fileName().replace("&", "&&"));
    action->setToolTip(file);
    connect(action, &QAction::triggered, this, [this, file] { askAndOpen(file); });
  }
  if (recent_->isEmpty()) recent_->addAction(tr("None yet"))->setEnabled(false);
}

bool MainWindow::Implementation::closing() {
  if (closeAgreed_ || !session_.modified()) return true;
  if (window_.findChild<QMessageBox*>("saveQuestion")) return false;  // it is being asked
  whenSaved(tr("Then the window is closed. What runs is stopped."), [this] {
    closeAgreed_ = true;
    // Not from within the question, which the closing window would take along.
    QTimer::singleShot(0, &window_, &QWidget::close);
  });
  return false;
}

}  // namespace loom::editor
