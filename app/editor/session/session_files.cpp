#include <QDir>
#include <QFileInfo>

#include "app/editor/document/document_file.h"
#include "app/editor/session/session_implementation.h"
#include "app/editor/worker/background.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

const QString kAllowed = QStringLiteral("files/allowed");
constexpr qint64 kReadAtOnce = 256 << 10;  // bytes; larger files are read on another thread

template <class Work>
auto readWith(const Work& work, const QString& file) {
  return QFileInfo(file).size() <= kReadAtOnce ? work() : whilePainting(work);
}

}  // namespace

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
    struct Read {
      Document document;
      std::string text;
    };
    Read opened = readWith(
        [file] {
          Read read{readDocument(file), {}};
          read.text = writeGraph(read.document);
          return read;
        },
        file);
    const QString path = QFileInfo(file).absoluteFilePath();
    inside.savedText_ = opened.text;
    inside.guard_.hold(path);
    inside.reset(std::move(opened.document), path, tr("Opened"), std::move(opened.text));
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
      inside.savedText_ = readWith([file] { return writeGraph(readDocument(file)); }, file);
    } catch (const std::exception&) {  // not there, or not readable: then nothing of it is saved
    }
  }
  inside.guard_.hold(file);
  inside.reset(std::move(document), file, name);
}

bool Session::save(const QString& file, const QImage& picture) {
  Implementation& inside = *implementation_;
  const int version = inside.version_;
  try {
    // It waits for the disk.
    inside.savedText_ = whilePainting(
        [document = document(), file, picture] { return writeDocument(document, file, picture); });
  } catch (const std::exception& error) {
    notice(QString::fromUtf8(error.what()), true);
    return false;
  }
  const QString path = QFileInfo(file).absoluteFilePath();
  const bool moved = path != inside.file_;
  inside.file_ = path;
  inside.guard_.hold(path);
  if (version == inside.version_) {
    inside.text_ = inside.savedText_;
    inside.textVersion_ = version;
  }
  inside.refreshModified();
  if (!inside.modified_) inside.journal_.remove();
  // Files it names are looked up elsewhere now.
  if (moved) {
    inside.checkedVersion_ = -1;
    inside.keep(inside.text_, inside.version_);
    if (const QString who = openElsewhere(); !who.isEmpty())
      notice(tr("Saved, but %1: who saves last wins.").arg(who), true);
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
    Document document = whilePainting([&] { return parseGraph(Journal::textOf(what.journal)); });
    openDocument(std::move(document), what.file, tr("Recovered"));
    Implementation& inside = *implementation_;
    if (what.file.isEmpty()) inside.savedText_.clear();
    inside.refreshModified();
    // Its own journal first, then the old one goes.
    if (inside.modified_) inside.journal_.write(inside.text_, inside.file_, inside.title());
    inside.journal_.discard(what.journal);
    Q_EMIT documentChanged();
    if (const QString who = openElsewhere(); !who.isEmpty())
      notice(tr("Recovered, but %1: who saves last wins.").arg(who), true);
    return true;
  } catch (const std::exception& error) {
    notice(tr("%1 can't be recovered: %2").arg(what.title, QString::fromUtf8(error.what())), true);
    return false;
  }
}

void Session::discard(const Recoverable& what) { implementation_->journal_.discard(what.journal); }

void Session::allowFile(const QString& file) {
  const QFileInfo about(file);
  if (!about.isAbsolute() || !about.isFile()) return;
  const QString chosen = about.canonicalPath();
  const auto below = [&](const QString& folder) {
    const QString real = QFileInfo(folder).canonicalFilePath();
    return !real.isEmpty() && (chosen == real || chosen.startsWith(real + QLatin1Char('/')));
  };
  QStringList allowed = settings().value(kAllowed).toStringList();
  if (below(folder()) || std::any_of(allowed.begin(), allowed.end(), below)) return;
  allowed << chosen;
  settings().setValue(kAllowed, allowed);
  implementation_->checkedVersion_ = -1;
  implementation_->writeText();
  notice(tr("Graphs may read files in %1 from now on; the settings have the list.").arg(chosen));
}

void Session::allowTyped(const PortType& port, const nlohmann::json& value) {
  if (port.type == "path" && !port.writes && value.is_string())
    allowFile(QString::fromStdString(value.get<std::string>()));
}

std::vector<QString> Session::allowedFolders() const {
  const QStringList folders = implementation_->settings_.value(kAllowed).toStringList();
  return {folders.begin(), folders.end()};
}

QString Session::openElsewhere() const { return implementation_->guard_.elsewhere(); }

}  // namespace loom::editor
