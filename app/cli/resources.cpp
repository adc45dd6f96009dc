#include "app/cli/resources.h"

#include <cstdlib>

namespace loom {
namespace fs = std::filesystem;

fs::path resourcesFolder() {
  if (const char* named = std::getenv("NOISELOOM_RESOURCES"); named && *named) return fs::absolute(named);
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (!program.empty())
    for (const char* place : {"resources", "../share/noiseloom/resources"})
      if (const fs::path folder = (program.parent_path() / place).lexically_normal();
          fs::is_directory(folder, ignored))
        return folder;
  return fs::path(NOISELOOM_RESOURCES_FOLDER);
}

}  // namespace loom
