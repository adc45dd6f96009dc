#pragma once
// A worker's folder for what outgrows memory and ends with it: kept steps, recordings, files of runs that
// were given no folder. Below the user's cache folder (the temporary one where there is none), for its owner
// alone. A lock tells a living worker's folder from one that a killed worker left; the next one removes
// those.
#include <filesystem>

namespace loom {

class SessionFolder {
 public:
  /// Removes what killed workers left, and makes one. Throws Error.
  SessionFolder();
  ~SessionFolder() { remove(); }
  SessionFolder(const SessionFolder&) = delete;
  SessionFolder& operator=(const SessionFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// May be called more than once.
  void remove() noexcept;

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace loom
