#include "engine/files/cache_folder.h"

#include <cstdlib>

#include "engine/core/error.h"

namespace loom {
namespace fs = std::filesystem;

fs::path cacheFolder() {
  // freedesktop.org's base directories: a relative path is to be ignored.
  if (const char* named = std::getenv("XDG_CACHE_HOME"); named && *named == '/')
    return fs::path(named) / "noiseloom";
  if (const char* home = std::getenv("HOME"); home && *home == '/')
    return fs::path(home) / ".cache" / "noiseloom";
  return {};
}

void makeCacheFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::create_directories(folder, error) && !error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) throw Error("the folder " + folder.string() + " can't be made: " + error.message());
}

}  // namespace loom
