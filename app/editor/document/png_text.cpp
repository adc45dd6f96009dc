// Chunks as in the PNG specification (ISO/IEC 15948:2004), 5.3 and 11.3.4. Qt hands texts on through libpng's
// own bounds, which are narrower than a graph may be.
#include "app/editor/document/png_text.h"

#include <zlib.h>

#include <QtEndian>
#include <string_view>

#include "engine/core/error.h"

namespace loom::editor {
namespace {

const QByteArray kMagic("\x89PNG\r\n\x1a\n", 8);
constexpr int kMostChunks = 1'000'000;
constexpr size_t kLongestKeyword = 79;

// zlib's stream to text; empty where it is damaged or too long.
std::optional<std::string> inflated(std::string_view bytes, size_t most) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  std::string block(1 << 16, '\0');
  int state = Z_OK;
  while (state == Z_OK && text.size() <= most) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END || text.size() > most) return {};
  return text;
}

std::string utf8(std::string_view latin1) {
  return QString::fromLatin1(latin1.data(), static_cast<qsizetype>(latin1.size())).toStdString();
}

// What comes before the first zero byte; it is taken off.
std::optional<std::string_view> field(std::string_view& rest) {
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos) return {};
  const std::string_view found = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return found;
}

std::optional<std::string> textOf(std::string_view type, std::string_view rest, size_t most) {
  if (!field(rest)) return {};
  if (type == "tEXt") return utf8(rest);
  if (type == "zTXt") {
    if (rest.empty() || rest[0] != 0) return {};
    const std::optional<std::string> text = inflated(rest.substr(1), most);
    return text ? std::optional<std::string>(utf8(*text)) : std::nullopt;
  }
  if (rest.size() < 2) return {};
  const bool compressed = rest[0] != 0;
  rest.remove_prefix(2);
  if (!field(rest) || !field(rest)) return {};  // language, translated keyword
  return compressed ? inflated(rest, most) : std::optional<std::string>(rest);
}

}  // namespace

bool isPng(QIODevice& file) { return file.peek(kMagic.size()) == kMagic; }

std::optional<std::string> textInPng(QIODevice& file, const std::string& keyword, size_t most) {
  std::optional<std::string> found;
  if (file.read(kMagic.size()) != kMagic) return {};
  for (int chunk = 0; chunk < kMostChunks; ++chunk) {
    const QByteArray head = file.read(8);
    if (head.size() != 8) break;
    const qint64 length = qFromBigEndian<quint32>(head.constData());
    const std::string type = head.mid(4).toStdString();
    const qint64 next = file.pos() + length + 4;
    const bool isText = type == "tEXt" || type == "zTXt" || type == "iTXt";
    const QByteArray wanted = QByteArray::fromStdString(keyword) + '\0';
    if (type == "IEND") break;
    // No compressed form of a text is longer than this.
    const bool fits = length <= static_cast<qint64>(most) + (static_cast<qint64>(most) >> 8) + 1024;
    if (isText && fits && length >= wanted.size() && file.peek(wanted.size()) == wanted) {
      const QByteArray data = file.read(length);
      if (data.size() != length) break;
      std::optional<std::string> text =
          textOf(type, {data.constData(), static_cast<size_t>(data.size())}, most);
      if (text && text->size() <= most) found = std::move(text);
    }
    if (!file.seek(next) || file.atEnd()) break;
  }
  return found;
}

QByteArray withTextInPng(const QByteArray& png, const std::string& keyword, const std::string& text) {
  constexpr qsizetype kAfterHeader = 8 + 8 + 13 + 4;  // magic and IHDR
  if (!png.startsWith(kMagic) || png.size() < kAfterHeader || keyword.size() > kLongestKeyword)
    throw Error("The picture can't be written as PNG.");
  const std::string_view compressed("\0\1\0\0\0", 5);  // end of the keyword; zlib; no language
  QByteArray data = "iTXt" + QByteArray::fromStdString(keyword);
  data.append(compressed.data(), static_cast<qsizetype>(compressed.size()));
  // qCompress puts the length before zlib's stream.
  data += qCompress(reinterpret_cast<const uchar*>(text.data()), static_cast<qsizetype>(text.size())).mid(4);
  const auto big = [](quint32 number) {
    QByteArray bytes(4, '\0');
    qToBigEndian(number, bytes.data());
    return bytes;
  };
  const uLong sum =
      crc32(0, reinterpret_cast<const Bytef*>(data.constData()), static_cast<uInt>(data.size()));
  return png.left(kAfterHeader) + big(static_cast<quint32>(data.size() - 4)) + data +
         big(static_cast<quint32>(sum)) + png.mid(kAfterHeader);
}

}  // namespace loom::editor
