#pragma once
// Names of files that are written once an iteration.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>

namespace loom {

/// "x.png", 12, 4 digits -> "x-0012.png".
inline std::filesystem::path withNumber(const std::filesystem::path& file, int64_t number, int digits) {
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, "-%0*lld", digits, static_cast<long long>(number));
  return file.parent_path() / (file.stem().string() + suffix + file.extension().string());
}

/// In zones: a number for each, outermost first, from 000001; outside, the name as it is.
inline std::filesystem::path withIteration(std::filesystem::path file, std::span<const int64_t> iteration) {
  for (const int64_t index : iteration) file = withNumber(file, index + 1, 6);
  return file;
}

}  // namespace loom
