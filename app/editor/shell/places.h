#pragma once
// Where the files lie that come with the program: below the source for a build, in ../share/noiseloom for an
// installed one.
#include <QString>

namespace loom::editor {

QString graphsFolder();
QString resourcesFolder();
/// The picture that the gallery shows for a graph file: resources/gallery/NAME.png, train_NAME.png for those
/// of the folder train; empty where there is none.
QString galleryPicture(const QString& graphFile);

}  // namespace loom::editor
