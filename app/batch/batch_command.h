#pragma once
// `noiseloom batch`: many jobs of one graph or several, each once, whatever happens in between.
#include "app/cli/prepared_graph.h"
#include "app/cli/result_cache.h"

namespace loom {

struct BatchRequest {
  GraphRequest graph;  // its file may be a file of jobs
  std::string jobs;    // a file of jobs
  std::string jobsGraph;
  std::vector<std::string> sweeps;
  int workers = 1;
  std::string together = "auto", shard = "1/1";
  bool redo = false, keepFailed = false, dryRun = false, noGrid = false;
  uint64_t cacheBytes = kUsualCacheBytes;
  uint64_t memoryBytes = 0;  // of results kept in this process; 0: a quarter of the machine's
  bool noCache = false, json = false, quiet = false;
  std::string asWorker;                // of another process: see workers.h
  std::vector<std::string> arguments;  // as this process was called, for workers
};

/// Returns the exit code; what went wrong has been said.
int batchCommand(const BatchRequest& request, const Registry& registry);

}  // namespace loom
