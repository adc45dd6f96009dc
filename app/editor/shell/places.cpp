#include "app/editor/shell/places.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

namespace loom::editor {
namespace {

QString folderOf(const char* name, const char* inSource) {
  const QString own = QCoreApplication::applicationDirPath();
  for (const QString& place : {own + "/../share/noiseloom/" + name, own + "/" + name})
    if (QFileInfo(place).isDir()) return QDir::cleanPath(place);
  return QString::fromUtf8(inSource);
}

}  // namespace

QString graphsFolder() { return folderOf("graphs", NOISELOOM_SOURCE_FOLDER "/graphs"); }

QString resourcesFolder() {
  if (const QString named = qEnvironmentVariable("NOISELOOM_RESOURCES"); !named.isEmpty())
    return QDir(named).absolutePath();
  return folderOf("resources", NOISELOOM_SOURCE_FOLDER "/resources");
}

QString galleryPicture(const QString& graphFile) {
  const QFileInfo info(graphFile);
  const QString name = (info.dir().dirName() == "train" ? "train_" : "") + info.completeBaseName();
  const QString picture = resourcesFolder() + "/gallery/" + name + ".png";
  return QFileInfo::exists(picture) ? picture : QString();
}

}  // namespace loom::editor
