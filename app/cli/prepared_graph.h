#pragma once
// A graph as a command line names it, read, set and compiled: what `run`, `check` and `plan` have in common.
#include <cstdint>
#include <memory>
#include <optional>

#include "app/cli/graph_source.h"
#include "app/cli/policy.h"
#include "app/cli/settings.h"
#include "engine/plan/plan.h"

namespace loom {

struct GraphRequest {
  std::string file;
  std::vector<std::string> set;    // "name=value"
  std::optional<uint64_t> seed;    // the exposed name "seed"
  std::optional<int64_t> batch;    // the exposed name "batch"
  std::vector<Setting> job;        // after those: what one job of a batch sets
  std::vector<std::string> allow;  // further folders that the graph may read
  std::string out = "out";
  std::map<std::string, ForkPoint> forks;  // zones that begin from another run's state
  PolicyRequest policy;
  std::optional<Policy> decided;  // instead of `policy`, by a program that prepares many graphs
};

struct PreparedGraph {
  GraphSource source;
  std::shared_ptr<const Document> document;   // with the settings applied
  std::map<std::string, nlohmann::json> set;  // what was set, by name
  Policy policy;
  Files files;
  std::shared_ptr<const Plan> plan;
};

/// All that the request sets, in the order in which it counts. Throws Error.
std::vector<Setting> settingsOf(const GraphRequest& request, const Document& document);

/// Throws Error where anything is wrong with the graph or the request; nothing of it has then been run.
PreparedGraph prepareGraph(const GraphRequest& request, const Registry& registry);
/// The same for a graph that has been read; request.file is not looked at.
PreparedGraph prepareGraph(GraphSource source, const GraphRequest& request, const Registry& registry);
/// The same up to the plan, which is left out: of a graph that may not be fit to run.
PreparedGraph settledGraph(GraphSource source, const GraphRequest& request, const Registry& registry);

}  // namespace loom
