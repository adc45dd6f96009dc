#include "app/editor/session/journal.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr qint64 kLongestHead = 64 << 10;
constexpr size_t kFewAppended = 256 << 10;  // bytes; beyond it no more than the text itself is long
constexpr qint64 kMostBytes = kLongestHead + 2 * qint64{kMostGraphBytes} + qint64{kFewAppended} + (1 << 20);

// An edit: "+<where> <bytes taken out> <bytes put in> <checksum>", a line end, the bytes, a line end.
struct Change {
  size_t at = 0, removed = 0;
  QByteArray inserted;

  QByteArray text() const {
    QByteArray result = QByteArrayLiteral("+") + QByteArray::number(qulonglong{at}) + ' ' +
                        QByteArray::number(qulonglong{removed}) + ' ' + QByteArray::number(inserted.size()) +
                        ' ' + QByteArray::number(qChecksum(inserted)) + '\n';
    return result + inserted + '\n';
  }
};

Change changeOf(const std::string& before, const std::string& after) {
  const size_t shorter = std::min(before.size(), after.size());
  const auto begin = static_cast<size_t>(
      std::mismatch(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(shorter), after.begin())
          .first -
      before.begin());
  const auto end = static_cast<size_t>(
      std::mismatch(before.rbegin(), before.rbegin() + static_cast<std::ptrdiff_t>(shorter - begin),
                    after.rbegin())
          .first -
      before.rbegin());
  return {begin, before.size() - begin - end,
          QByteArray(after.data() + begin, static_cast<qsizetype>(after.size() - begin - end))};
}

// The next whole edit of those from `from` on, which moves beyond it; nothing where there is none.
std::optional<Change> nextChange(const QByteArray& bytes, qsizetype& from) {
  if (from >= bytes.size() || bytes[from] != '+') return {};
  const qsizetype line = bytes.indexOf('\n', from);
  if (line < 0 || line - from > 100) return {};
  const QList<QByteArray> parts = bytes.mid(from + 1, line - from - 1).split(' ');
  if (parts.size() != 4) return {};
  bool whole[4];
  const qulonglong at = parts[0].toULongLong(whole), removed = parts[1].toULongLong(whole + 1);
  const qlonglong size = parts[2].toLongLong(whole + 2);
  const uint sum = parts[3].toUInt(whole + 3);
  if (!(whole[0] && whole[1] && whole[2] && whole[3]) || size < 0 || size >= bytes.size() - line - 1)
    return {};
  Change change{at, removed, bytes.mid(line + 1, size)};
  if (bytes[line + 1 + size] != '\n' || qChecksum(change.inserted) != sum) return {};
  from = line + size + 2;
  return change;
}

}  // namespace

Journal::Journal(const Presence& presence)
    : presence_(presence),
      folder_(presence.dataFolder() + QStringLiteral("/journals")),
      file_(folder_ + QLatin1Char('/') + presence.name() + QStringLiteral(".journal")) {
  QDir().mkpath(folder_);
}

bool Journal::write(const std::string& text, const QString& file, const QString& title) {
  json about{{"file", file.toStdString()}, {"title", title.toStdString()}};
  const auto line = [&] {
    return QByteArray::fromStdString(about.dump(-1, ' ', false, json::error_handler_t::replace));
  };
  const QByteArray head = line();
  if (head == head_ && append(text)) return true;
  head_.clear();
  about["bytes"] = text.size();
  if (!writeAll(line(), text)) return false;
  head_ = head;
  return true;
}

bool Journal::writeAll(const QByteArray& head, const std::string& text) {
  QByteArray bytes = head + '\n';
  bytes.append(text.data(), static_cast<qsizetype>(text.size()));
  bytes += '\n';
  text_ = text;
  appended_ = 0;
  return writeWhole(file_, bytes);
}

// What was cut off, with a full disk, must not have others behind it: then all is written anew.
bool Journal::append(const std::string& text) {
  if (text == text_) return QFile::exists(file_);
  const QByteArray change = changeOf(text_, text).text();
  if (appended_ + static_cast<size_t>(change.size()) > std::max(kFewAppended, text.size())) return false;
  QFile out(file_);
  if (!out.open(QIODevice::WriteOnly | QIODevice::Append | QIODevice::ExistingOnly | QIODevice::Unbuffered))
    return false;
  if (out.write(change) != change.size()) return false;
  text_ = text;
  appended_ += static_cast<size_t>(change.size());
  return true;
}

void Journal::remove() {
  if (!head_.isEmpty()) QFile::remove(file_);
  head_.clear();
  text_.clear();
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
  const QByteArray bytes = readBounded(journal, kMostBytes);
  const qsizetype end = bytes.indexOf('\n');
  if (end < 0) return {};
  const json head = json::parse(bytes.begin(), bytes.begin() + end, nullptr, false);
  const auto size = head.is_object() ? head.find("bytes") : head.end();
  if (!head.is_object() || size == head.end() || !size->is_number_unsigned()) return {};
  const auto length = size->get<uint64_t>();
  const auto there = static_cast<uint64_t>(bytes.size() - end - 1);
  if (length >= there) return {};
  std::string text(bytes.constData() + end + 1, static_cast<size_t>(length));
  qsizetype from = end + 1 + static_cast<qsizetype>(length) + 1;
  while (const auto change = nextChange(bytes, from)) {
    if (change->at > text.size() || change->removed > text.size() - change->at) break;
    if (text.size() - change->removed + static_cast<size_t>(change->inserted.size()) > kMostGraphBytes) break;
    text.replace(change->at, change->removed, change->inserted.constData(),
                 static_cast<size_t>(change->inserted.size()));
  }
  return text;
}

bool Journal::discard(const QString& journal) const {
  const QFileInfo about(journal);
  const auto lock = presence_.takeOver(about.completeBaseName());
  return lock && QFile::remove(journal);
}

}  // namespace loom::editor
