#pragma once
// A folder of our own that is gone, with all that is in it, when the object is.
#include <stdlib.h>

#include <filesystem>

#include "engine/core/error.h"

namespace loom {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "noiseloom-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Error("a temporary folder can't be made: " + name);
    path_ = std::filesystem::canonical(name);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace loom
