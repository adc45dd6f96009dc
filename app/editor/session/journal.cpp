#include "app/editor/session/journal.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <nlohmann/json.hpp>

#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr qint64 kLongestHead = 64 << 10;

}  // namespace

Journal::Journal(const Presence& presence)
    : presence_(presence),
      folder_(presence.dataFolder() + QStringLiteral("/journals")),
      file_(folder_ + QLatin1Char('/') + presence.name() + QStringLiteral(".journal")) {
  QDir().mkpath(folder_);
}

bool Journal::write(const std::string& text, const QString& file, const QString& title) {
  const json head{{"file", file.toStdString()},
                  {"title", title.toStdString()},
                  {"time", QDateTime::currentDateTime().toString(Qt::ISODateWithMs).toStdString()}};
  QByteArray bytes = QByteArray::fromStdString(head.dump(-1, ' ', false, json::error_handler_t::replace));
  bytes += '\n';
  bytes.append(text.data(), static_cast<qsizetype>(text.size()));
  written_ = true;
  return writeWhole(file_, bytes);
}

void Journal::remove() {
  if (std::exchange(written_, false)) QFile::remove(file_);
}

std::vector<Journal::Left> Journal::left() const {
  std::vector<Left> result;
  for (const QFileInfo& about :
       QDir(folder_).entryInfoList({QStringLiteral("*.journal")}, QDir::Files, QDir::Time)) {
    if (presence_.alive(about.completeBaseName())) continue;
    QFile in(about.filePath());
    if (!in.open(QIODevice::ReadOnly)) continue;
    const QByteArray line = in.readLine(kLongestHead);
    const json head = json::parse(line.begin(), line.end(), nullptr, false);
    if (!head.is_object()) continue;
    const auto text = [&](const char* name) {
      const auto found = head.find(name);
      return found != head.end() && found->is_string() ? QString::fromStdString(found->get<std::string>())
                                                       : QString();
    };
    result.push_back({about.filePath(), text("file"), text("title"), about.lastModified()});
  }
  return result;
}

std::string Journal::textOf(const QString& journal) {
  const QByteArray bytes = readBounded(journal, qint64{kMostGraphBytes} + kLongestHead);
  const qsizetype end = bytes.indexOf('\n');
  return end < 0 ? std::string() : bytes.mid(end + 1).toStdString();
}

bool Journal::discard(const QString& journal) const {
  const QFileInfo about(journal);
  const auto lock = presence_.takeOver(about.completeBaseName());
  return lock && QFile::remove(journal);
}

}  // namespace loom::editor
