#pragma once
// The directory of a zip archive (PKWARE APPNOTE 6.3), with its 64-bit form: where each stored entry lies.
// Compressed entries are refused: torch writes none, and none can then expand beyond the file.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace loom {

struct ZipEntry {
  uint64_t begin = 0, end = 0;  // bytes of the file
};

bool looksLikeZip(std::span<const std::byte> bytes);

/// Every entry by its path. Throws Error, whose message goes on after the file's name.
std::map<std::string, ZipEntry> readZipDirectory(std::span<const std::byte> bytes);

}  // namespace loom
