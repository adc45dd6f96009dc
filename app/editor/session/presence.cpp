#include "app/editor/session/presence.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QUuid>
#include <cstdio>

namespace loom::editor {

Presence::Presence(const QString& dataFolder) : dataFolder_(dataFolder) {
  QDir().mkpath(dataFolder_ + QStringLiteral("/editors"));
  name_ = QStringLiteral("%1-%2")
              .arg(QCoreApplication::applicationPid())
              .arg(QUuid::createUuid().toString(QUuid::Id128).left(8));
  lock_ = std::make_unique<QLockFile>(fileOf(name_));
  lock_->setStaleLockTime(0);  // by the process alone, however long it lives
  lock_->tryLock(0);
}

Presence::~Presence() = default;

QString Presence::fileOf(const QString& name) const {
  return dataFolder_ + QStringLiteral("/editors/") + name + QStringLiteral(".lock");
}

bool Presence::alive(const QString& name) const { return name == name_ || !takeOver(name); }

std::unique_ptr<QLockFile> Presence::takeOver(const QString& name) const {
  if (name == name_ || name.isEmpty() || name.contains(QLatin1Char('/'))) return {};
  auto lock = std::make_unique<QLockFile>(fileOf(name));
  lock->setStaleLockTime(0);
  if (!lock->tryLock(0)) return {};
  return lock;
}

bool writeWhole(const QString& file, const QByteArray& bytes) {
  const QString beside = file + QStringLiteral(".new");
  QFile out(beside);
  if (!out.open(QIODevice::WriteOnly | QIODevice::Truncate)) return false;
  const bool written = out.write(bytes) == bytes.size() && out.flush();
  out.close();
  // QFile::rename refuses to replace.
  if (written && std::rename(QFile::encodeName(beside).constData(), QFile::encodeName(file).constData()) == 0)
    return true;
  QFile::remove(beside);
  return false;
}

QByteArray readBounded(const QString& file, qint64 most) {
  QFile in(file);
  if (!in.open(QIODevice::ReadOnly) || in.size() > most) return {};
  return in.read(most);
}

}  // namespace loom::editor
