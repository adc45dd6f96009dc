#pragma once
// What a node's fingerprint says of a file it reads: a changed file makes the node run again.
#include "engine/core/key.h"
#include "engine/files/mapped_file.h"

namespace loom {

inline void addFile(KeyBuilder& key, const std::filesystem::path& path) {
  const FileIdentity file = identify(path);
  key.add(file.device).add(file.inode).add(file.size).add(file.modified);
}

}  // namespace loom
