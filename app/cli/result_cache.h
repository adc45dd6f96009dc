#pragma once
// Results of earlier runs, in the user's cache folder: `run` uses them, `noiseloom cache` shows and clears
// them.
#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/node/exec.h"

namespace loom {

inline constexpr uint64_t kUsualCacheBytes = uint64_t{4} << 30;

/// Empty where the user has no cache folder.
std::filesystem::path resultFolder();

/// All that may change a result without its content key knowing: the program itself (version and build),
/// LibTorch, the processor, threads. Results are shared between runs of which this is the same.
std::string resultOwner(const Policy& policy);

struct CacheRequest {
  bool clear = false, json = false;
};
int cacheCommand(const CacheRequest& request);

}  // namespace loom
