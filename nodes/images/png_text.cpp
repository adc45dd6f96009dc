// The texts of a PNG file (PNG 1.2, 4.2.3), read by going over its chunks.
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/core/error.h"
#include "engine/files/mapped_file.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr size_t kMostKeyword = 79;

uint32_t bigEndian(const char* bytes) {
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

[[noreturn]] void tooMuch() {
  throw Error("the texts in this PNG are larger than " + std::to_string(kMostPngText >> 20) +
              " MB; no graph is, so they are not read");
}

struct Chunk {
  std::string_view type, data;
  bool intact = false;
};

// Takes the next chunk off `rest`; an empty type at the end or where the file is cut off.
Chunk nextChunk(std::string_view& rest) {
  if (rest.size() < 12) return {};
  const uint32_t length = bigEndian(rest.data());
  if (length > rest.size() - 12) return {};
  Chunk chunk{rest.substr(4, 4), rest.substr(8, length), true};
  if (chunk.type.ends_with("Xt")) {  // the others are not ours to judge here
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(rest.data() + 4), length + 4);
    chunk.intact = sum == bigEndian(rest.data() + 8 + length);
  }
  rest.remove_prefix(length + 12);
  return chunk;
}

// Up to the next zero byte, which is taken off too.
std::string_view field(std::string_view& data) {
  const size_t end = data.find('\0');
  if (end == std::string_view::npos) throw Error("a text in this PNG has no end to one of its fields");
  const std::string_view text = data.substr(0, end);
  data.remove_prefix(end + 1);
  return text;
}

std::string inflated(std::string_view data, size_t most) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw Error("zlib does not start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  std::string text;
  char block[16384];
  int status = Z_OK;
  while (status == Z_OK && text.size() <= most) {
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof block;
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(block, sizeof block - stream.avail_out);
  }
  inflateEnd(&stream);
  if (text.size() > most) tooMuch();
  if (status != Z_STREAM_END) throw Error("a compressed text in this PNG is damaged");
  return text;
}

std::string fromLatin1(std::string_view latin) {
  std::string text;
  for (const char c : latin) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::string international(std::string_view data, size_t most) {
  if (data.size() < 2) throw Error("a text in this PNG is cut off");
  const bool compressed = data[0] == 1;
  data.remove_prefix(2);
  field(data);  // language
  field(data);  // the keyword in that language
  if (compressed) return inflated(data, most);
  if (data.size() > most) tooMuch();
  return std::string(data);
}

std::string latin(std::string_view data, bool compressed, size_t most) {
  if (!compressed) {
    if (data.size() > most) tooMuch();
    return fromLatin1(data);
  }
  if (data.empty()) throw Error("a text in this PNG is cut off");
  return fromLatin1(inflated(data.substr(1), most));
}

}  // namespace

PngText decodePngText(std::span<const std::byte> bytes) {
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!rest.starts_with(kSignature)) throw Error("this is not a PNG");
  rest.remove_prefix(kSignature.size());
  PngText texts;
  size_t used = 0;
  for (Chunk chunk = nextChunk(rest); !chunk.type.empty() && chunk.type != "IEND"; chunk = nextChunk(rest)) {
    const bool itxt = chunk.type == "iTXt", ztxt = chunk.type == "zTXt";
    if (!itxt && !ztxt && chunk.type != "tEXt") continue;
    if (!chunk.intact) throw Error("a text in this PNG is damaged: its checksum does not fit");
    const std::string_view keyword = field(chunk.data);
    if (keyword.empty() || keyword.size() > kMostKeyword)
      throw Error("a text in this PNG has no proper keyword");
    const size_t most = kMostPngText - used;
    std::string text = itxt ? international(chunk.data, most) : latin(chunk.data, ztxt, most);
    used = std::min(kMostPngText, used + text.size() + keyword.size());
    texts[fromLatin1(keyword)] = std::move(text);
  }
  return texts;
}

PngText readPngText(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  try {
    return decodePngText(file->bytes());
  } catch (const Error& error) {
    throw Error(file->name() + ": " + error.what());
  }
}

}  // namespace loom
