#include "app/editor/session/file_guard.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>

#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

constexpr int kLookAfter = 150;          // milliseconds: whoever writes has come to an end
constexpr qint64 kAskAgainAfter = 2000;  // whether the other editor is still there
constexpr qint64 kReadAtOnce = 1 << 20;  // bytes; larger files are read on another thread

QByteArray hashOf(const QString& file) {
  QFile in(file);
  if (!in.open(QIODevice::ReadOnly)) return {};
  QCryptographicHash hash(QCryptographicHash::Sha256);
  return hash.addData(&in) ? hash.result() : QByteArray();
}

}  // namespace

FileGuard::FileGuard(const QString& dataFolder, QObject* parent)
    : QObject(parent), locks_(dataFolder + QStringLiteral("/locks")) {
  QDir().mkpath(locks_);
  later_.setSingleShot(true);
  connect(&later_, &QTimer::timeout, this, &FileGuard::look);
  // Most programs write beside and rename: the folder tells of that, the file of others.
  connect(&watcher_, &QFileSystemWatcher::fileChanged, this, [this] { later_.start(kLookAfter); });
  connect(&watcher_, &QFileSystemWatcher::directoryChanged, this, [this] {
    if (!later_.isActive()) later_.start(kLookAfter);
  });
}

FileGuard::~FileGuard() = default;

void FileGuard::hold(const QString& file) {
  const QString path = QFileInfo(file).canonicalFilePath();
  if (path.isEmpty() || path != file_) {
    lock_.reset();
    held_ = false;
    elsewhere_.clear();
    lookedAt_ = 0;
  }
  file_ = path;
  noteTouched();
  known_.reset();
  ++holding_;
  if (path.isEmpty() || size_ <= kReadAtOnce)
    known_ = path.isEmpty() ? QByteArray() : hashOf(path);
  else
    inBackground(
        this, [path] { return hashOf(path); },
        [this, holding = holding_](const QByteArray& hash) {
          if (holding == holding_) heldHashCame(hash);
        });
  watch();
  if (!path.isEmpty() && !lock_) {
    const QByteArray name = QCryptographicHash::hash(path.toUtf8(), QCryptographicHash::Sha1).toHex();
    lock_ = std::make_unique<QLockFile>(locks_ + QLatin1Char('/') + QString::fromLatin1(name) +
                                        QStringLiteral(".lock"));
    lock_->setStaleLockTime(0);
  }
  elsewhere();
}

QString FileGuard::elsewhere() {
  const qint64 now = QDateTime::currentMSecsSinceEpoch();
  if (!lock_ || held_ || now - lookedAt_ < kAskAgainAfter) return elsewhere_;
  lookedAt_ = now;
  elsewhere_.clear();
  held_ = lock_->tryLock(0);
  qint64 pid = 0;
  QString host, program;
  if (!held_ && lock_->error() == QLockFile::LockFailedError && lock_->getLockInfo(&pid, &host, &program))
    elsewhere_ = tr("another editor (process %1 on %2) has this file open").arg(pid).arg(host);
  return elsewhere_;
}

void FileGuard::watch() {
  if (const QStringList files = watcher_.files(); !files.isEmpty()) watcher_.removePaths(files);
  if (const QStringList folders = watcher_.directories(); !folders.isEmpty()) watcher_.removePaths(folders);
  if (file_.isEmpty()) return;
  watcher_.addPath(file_);
  watcher_.addPath(QFileInfo(file_).absolutePath());
}

void FileGuard::noteTouched() {
  const QFileInfo about(file_);
  changed_ = about.lastModified();
  size_ = about.size();
}

// A file that was put in another one's place is not watched yet.
void FileGuard::keepWatching() {
  if (!watcher_.files().contains(file_)) watcher_.addPath(file_);
}

bool FileGuard::untouched() const {
  const QFileInfo about(file_);
  return about.exists() && about.lastModified() == changed_ && about.size() == size_;
}

// Whoever wrote while it was read did so after we had it: what was in it then nobody can tell any more.
void FileGuard::heldHashCame(const QByteArray& hash) {
  known_ = hash;
  if (untouched()) return;
  if (!hash.isEmpty()) keepWatching();
  noteTouched();
  Q_EMIT changedOutside();
}

void FileGuard::look() {
  if (file_.isEmpty() || !known_) return;  // looked at when it is known
  // Mostly it was another file of the folder.
  if (untouched()) return keepWatching();
  noteTouched();
  inBackground(
      this, [file = file_] { return hashOf(file); },
      [this, holding = holding_](const QByteArray& hash) {
        if (holding != holding_) return;  // saved meanwhile
        if (!hash.isEmpty()) keepWatching();
        if (hash == known_) return;
        known_ = hash;
        Q_EMIT changedOutside();
      });
}

}  // namespace loom::editor
