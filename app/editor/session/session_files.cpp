#include <QDir>
#include <QFileInfo>

#include "app/editor/document/document_file.h"
#include "app/editor/session/session_implementation.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {

QString Session::Implementation::title() const {
  const QString own = QString::fromStdString(document().title);
  if (!own.isEmpty()) return own;
  return file_.isEmpty() ? tr("Untitled") : QFileInfo(file_).completeBaseName();
}

// A new document's files are looked up where its owner keeps theirs.
QString Session::Implementation::folder() const {
  return file_.isEmpty() ? QDir::homePath() : QFileInfo(file_).absolutePath();
}

void Session::newDocument() {
  Document document;
  document.title = "Untitled";
  Implementation& inside = *implementation_;
  inside.savedText_ = writeGraph(document);
  inside.guard_.hold({});
  inside.reset(std::move(document), {}, tr("New"));
}

bool Session::open(const QString& file) {
  Implementation& inside = *implementation_;
  try {
    Document document = readDocument(file);
    const QString path = QFileInfo(file).absoluteFilePath();
    inside.savedText_ = writeGraph(document);
    inside.guard_.hold(path);
    inside.reset(std::move(document), path, tr("Opened"));
    return true;
  } catch (const std::exception& error) {
    notice(QString::fromUtf8(error.what()), true);
    return false;
  }
}

// What it is of is not on disk as it is: it counts as modified where it has a file.
void Session::openDocument(Document document, const QString& file, const QString& name) {
  Implementation& inside = *implementation_;
  inside.savedText_.clear();
  if (file.isEmpty()) {
    inside.savedText_ = writeGraph(document);
  } else {
    try {
      inside.savedText_ = writeGraph(readDocument(file));
    } catch (const std::exception&) {  // not there, or not readable: then nothing of it is saved
    }
  }
  inside.guard_.hold(file);
  inside.reset(std::move(document), file, name);
}

bool Session::save(const QString& file, const QImage& picture) {
  Implementation& inside = *implementation_;
  try {
    writeDocument(document(), file, picture);
  } catch (const std::exception& error) {
    notice(QString::fromUtf8(error.what()), true);
    return false;
  }
  const QString path = QFileInfo(file).absoluteFilePath();
  const bool moved = path != inside.file_;
  inside.file_ = path;
  inside.guard_.hold(path);
  if (inside.textVersion_ != inside.version_) {
    inside.text_ = writeGraph(document());
    inside.textVersion_ = inside.version_;
  }
  inside.savedText_ = inside.text_;
  inside.refreshModified();
  inside.journal_.remove();
  // Files it names are looked up elsewhere now.
  if (moved) {
    inside.checkedVersion_ = -1;
    inside.keep(inside.text_, inside.version_);
  }
  Q_EMIT documentChanged();
  inside.redraw();
  return true;
}

std::vector<Session::Recoverable> Session::recoverable() const {
  std::vector<Recoverable> result;
  for (const Journal::Left& left : implementation_->journal_.left())
    result.push_back({left.journal, left.file, left.title, left.when});
  return result;
}

bool Session::recover(const Recoverable& what) {
  try {
    Document document = parseGraph(Journal::textOf(what.journal));
    openDocument(std::move(document), what.file, tr("Recovered"));
    Implementation& inside = *implementation_;
    if (what.file.isEmpty()) inside.savedText_.clear();
    inside.refreshModified();
    // Its own journal first, then the old one goes.
    if (inside.modified_) inside.journal_.write(inside.text_, inside.file_, inside.title());
    inside.journal_.discard(what.journal);
    Q_EMIT documentChanged();
    return true;
  } catch (const std::exception& error) {
    notice(tr("%1 can't be recovered: %2").arg(what.title, QString::fromUtf8(error.what())), true);
    return false;
  }
}

void Session::discard(const Recoverable& what) { implementation_->journal_.discard(what.journal); }

QString Session::openElsewhere() const { return implementation_->guard_.elsewhere(); }

}  // namespace loom::editor
