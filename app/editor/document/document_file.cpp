#include "app/editor/document/document_file.h"

#include <QBuffer>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include "app/editor/document/png_text.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

// As the runner names the graph's text in all that it saves (kGraphKey in engine/node/result_text.h, which
// needs Torch); a test holds both together.
constexpr const char* kGraphText = "noiseloom.graph";
constexpr qint64 kMostPngBytes = qint64{1} << 30;
constexpr size_t kMostTextInPng = 16 << 20;  // that the runner reads

Error fileError(const QString& file, const QString& message) {
  return Error((file + ": " + message).toStdString());
}

void openFile(QFile& file) {
  const QFileInfo info(file.fileName());
  if (!info.exists()) throw fileError(file.fileName(), "there is no such file.");
  if (!info.isFile()) throw fileError(file.fileName(), "is no ordinary file.");
  if (!file.open(QIODevice::ReadOnly)) throw fileError(file.fileName(), file.errorString());
}

}  // namespace

Document readDocument(const QString& name) {
  QFile file(name);
  openFile(file);
  std::string text;
  if (isPng(file)) {
    if (file.size() > kMostPngBytes) throw fileError(name, "is larger than 1 GiB.");
    const std::optional<std::string> found = textInPng(file, kGraphText, kMostGraphBytes);
    if (!found) throw fileError(name, "is a picture without a graph in it.");
    text = *found;
  } else {
    if (static_cast<quint64>(file.size()) > kMostGraphBytes)
      throw fileError(name, "is larger than 64 MiB; this is no graph file.");
    // The file may grow meanwhile: no more than this is read.
    text = file.read(static_cast<qint64>(kMostGraphBytes) + 1).toStdString();
    if (file.error() != QFile::NoError) throw fileError(name, file.errorString());
  }
  try {
    return parseGraph(text);
  } catch (const Error& error) {
    throw fileError(name, QString::fromStdString(error.full()));
  }
}

std::string writeDocument(const Document& document, const QString& name, const QImage& picture) {
  std::string text = writeGraph(document);
  if (text.size() > kMostGraphBytes) throw fileError(name, "the graph is larger than 64 MiB.");
  QByteArray bytes = QByteArray::fromStdString(text);
  if (name.endsWith(".png", Qt::CaseInsensitive)) {
    if (text.size() > kMostTextInPng)
      throw fileError(name, "the graph is larger than 16 MiB, too large for a picture: save it as .loom.");
    QImage image = picture;
    if (image.isNull()) {
      image = QImage(256, 160, QImage::Format_RGB32);
      image.fill(QColor(0x1b, 0x1e, 0x26));
    }
    bytes.clear();
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, "PNG")) throw fileError(name, "the picture can't be made.");
    bytes = withTextInPng(bytes, kGraphText, text);
  }
  QSaveFile file(name);
  if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
    throw fileError(name, file.errorString());
  return text;
}

bool holdsGraph(const QString& name) {
  QFile file(name);
  try {
    openFile(file);
  } catch (const Error&) {
    return false;
  }
  if (isPng(file))
    return file.size() <= kMostPngBytes && textInPng(file, kGraphText, kMostGraphBytes).has_value();
  const QString extension = QFileInfo(name).suffix().toLower();
  if (extension != "loom" && extension != "json") return false;
  const QByteArray begin = file.peek(4096);
  return begin.trimmed().startsWith('{') && (extension == "loom" || begin.contains("\"noiseloom\""));
}

}  // namespace loom::editor
