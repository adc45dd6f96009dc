#pragma once
// `noiseloom run`: compiles a graph, runs it, shows it, records what was asked for, can go on where it
// stopped.
#include "app/cli/kept_steps.h"
#include "app/cli/prepared_graph.h"
#include "app/cli/result_cache.h"
#include "engine/run/recorder.h"

namespace loom {

struct RunRequest {
  GraphRequest graph;
  std::vector<std::string> record, statistics;  // ports
  RecordRule recordRule;
  uint64_t recordBytes = uint64_t{512} << 20;     // in memory
  uint64_t recordDiskBytes = uint64_t{16} << 30;  // beyond those, until the run ends; 0: none
  bool resume = false;
  StepRequest steps;
  double checkpointEvery = 30;             // seconds
  uint64_t cacheBytes = kUsualCacheBytes;  // of results kept for later runs
  bool noCache = false;
  bool json = false, quiet = false;
};

/// Returns the exit code; what went wrong has been said.
int runCommand(const RunRequest& request, const Registry& registry);

}  // namespace loom
