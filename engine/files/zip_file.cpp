#include "engine/files/zip_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/core/error.h"

namespace loom {
namespace {

using Bytes = std::span<const std::byte>;

// Signatures and lengths of the records, APPNOTE 4.3.
constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20;

[[noreturn]] void damaged(const std::string& what) {
  throw Error("is a damaged zip archive: " + what + ". Get the file again");
}

Bytes part(Bytes bytes, uint64_t at, uint64_t count) {
  if (at > bytes.size() || count > bytes.size() - at) damaged("a record lies outside the file");
  return bytes.subspan(at, count);
}

template <class T>
T field(Bytes record, size_t at) {
  T value;
  std::memcpy(&value, record.data() + at, sizeof value);
  return value;
}

struct Directory {
  uint64_t begin = 0, bytes = 0, entries = 0;
};

Directory locate(Bytes bytes) {
  if (bytes.size() < kEndBytes) damaged("it is too short");
  // The end record is followed by a comment of at most 65535 bytes.
  const uint64_t last = bytes.size() - kEndBytes;
  const uint64_t first = last > 65535 ? last - 65535 : 0;
  for (uint64_t at = last + 1; at-- > first;) {
    if (field<uint32_t>(bytes.subspan(at), 0) != kEnd) continue;
    const Bytes end = bytes.subspan(at, kEndBytes);
    Directory found{field<uint32_t>(end, 16), field<uint32_t>(end, 12), field<uint16_t>(end, 10)};
    if (at < kLocatorBytes) return found;
    const Bytes locator = bytes.subspan(at - kLocatorBytes, kLocatorBytes);
    if (field<uint32_t>(locator, 0) != kLocator64) return found;
    const Bytes end64 = part(bytes, field<uint64_t>(locator, 8), kEnd64Bytes);
    if (field<uint32_t>(end64, 0) != kEnd64) damaged("its end record is missing");
    return {field<uint64_t>(end64, 48), field<uint64_t>(end64, 40), field<uint64_t>(end64, 32)};
  }
  damaged("its end is missing, as after a download that broke off");
}

struct Central {
  uint16_t flags, method;
  uint64_t packed, size, local;
  std::string name;
};

/// Sizes that do not fit 32 bits stand in an extra field of id 1, in this order.
void readExtra64(Bytes extra, Central& entry) {
  while (extra.size() >= 4) {
    const auto id = field<uint16_t>(extra, 0), length = field<uint16_t>(extra, 2);
    Bytes data = part(extra, 4, length);
    extra = extra.subspan(4 + length);
    if (id != 1) continue;
    for (uint64_t* value : {&entry.size, &entry.packed, &entry.local}) {
      if (*value != 0xFFFFFFFF) continue;
      if (data.size() < 8) damaged("the size of " + entry.name + " is missing");
      *value = field<uint64_t>(data, 0);
      data = data.subspan(8);
    }
    return;
  }
}

/// Reads the entry at the start of `directory` and moves past it.
Central nextEntry(Bytes& directory) {
  const Bytes record = part(directory, 0, kCentralBytes);
  if (field<uint32_t>(record, 0) != kCentral) damaged("its directory is broken");
  const auto nameBytes = field<uint16_t>(record, 28), extraBytes = field<uint16_t>(record, 30);
  const Bytes name = part(directory, kCentralBytes, nameBytes);
  Central entry{
      field<uint16_t>(record, 8),  field<uint16_t>(record, 10),
      field<uint32_t>(record, 20), field<uint32_t>(record, 24),
      field<uint32_t>(record, 42), std::string(reinterpret_cast<const char*>(name.data()), name.size())};
  readExtra64(part(directory, kCentralBytes + nameBytes, extraBytes), entry);
  const uint64_t whole = kCentralBytes + nameBytes + extraBytes + field<uint16_t>(record, 32);
  part(directory, 0, whole);
  directory = directory.subspan(whole);
  return entry;
}

ZipEntry dataOf(Bytes bytes, const Central& entry) {
  if (entry.flags & 1) throw Error("is an encrypted zip archive; save it again with torch.save");
  if (entry.method != 0 || entry.packed != entry.size)
    throw Error("has been compressed (" + entry.name + "); unpack it and save it again with torch.save");
  const Bytes local = part(bytes, entry.local, kLocalBytes);
  if (field<uint32_t>(local, 0) != kLocal) damaged("the place of " + entry.name + " is wrong");
  const uint64_t begin = entry.local + kLocalBytes + field<uint16_t>(local, 26) + field<uint16_t>(local, 28);
  if (begin > bytes.size() || entry.size > bytes.size() - begin)
    damaged(entry.name + " would have " + std::to_string(entry.size) + " bytes, more than the file");
  return {begin, begin + entry.size};
}

}  // namespace

bool looksLikeZip(Bytes bytes) { return bytes.size() >= 4 && field<uint32_t>(bytes, 0) == kLocal; }

std::map<std::string, ZipEntry> readZipDirectory(Bytes bytes) {
  const Directory where = locate(bytes);
  Bytes directory = part(bytes, where.begin, where.bytes);
  std::map<std::string, ZipEntry> entries;
  for (uint64_t i = 0; i < where.entries; ++i) {
    const Central entry = nextEntry(directory);
    if (!entries.emplace(entry.name, dataOf(bytes, entry)).second) damaged("it has " + entry.name + " twice");
  }
  return entries;
}

}  // namespace loom
