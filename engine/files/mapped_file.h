#pragma once
// A whole file as memory, read page by page when touched. Whoever holds the pointer keeps the mapping; it
// stays valid when the file is renamed over or deleted, but not when another program shortens it in place.
// Pages are private: writing into them changes neither the file nor other mappings.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace loom {

/// Tells a changed file from an unchanged one without reading it.
struct FileIdentity {
  uint64_t device = 0, inode = 0, size = 0;
  int64_t modified = 0;  // nanoseconds since 1970
  auto operator<=>(const FileIdentity&) const = default;
};

/// Of a regular file; throws Error where there is none.
FileIdentity identify(const std::filesystem::path& path);

class MappedFile {
 public:
  /// Throws Error: missing, no permission, a folder, a pipe or device.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, static_cast<size_t>(identity_.size)}; }
  const std::filesystem::path& path() const { return path_; }
  const FileIdentity& identity() const { return identity_; }
  /// "weights.pt", in quotes, to begin a message with.
  std::string name() const;

 private:
  MappedFile() = default;
  std::filesystem::path path_;
  FileIdentity identity_;
  std::byte* data_ = nullptr;
};

}  // namespace loom
