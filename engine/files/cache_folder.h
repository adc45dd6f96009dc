#pragma once
// The user's own folder for what can be made again: hashes of weight files, results of runs.
#include <filesystem>

namespace loom {

/// $XDG_CACHE_HOME/noiseloom, else ~/.cache/noiseloom; empty where there is neither. Need not exist.
std::filesystem::path cacheFolder();

/// Makes it, for its owner alone. Throws Error.
void makeCacheFolder(const std::filesystem::path& folder);

}  // namespace loom
