#pragma once
// `noiseloom worker`: serves one client over JSON-RPC lines, on its own standard streams or a socket.
#include <cstdint>
#include <string>

#include "app/cli/policy.h"
#include "app/cli/result_cache.h"
#include "engine/node/node_type.h"

namespace loom {

struct WorkerRequest {
  std::string socket;  // a path; empty: standard input and output
  PolicyRequest policy;
  uint64_t memoryCacheBytes = uint64_t{2} << 30;
  uint64_t cacheBytes = kUsualCacheBytes;  // on disk, for later runs
  bool noCache = false;                    // on disk
};

/// Returns when the client has ended or asked for it; the exit code.
int workerCommand(const WorkerRequest& request, const Registry& registry);

}  // namespace loom
