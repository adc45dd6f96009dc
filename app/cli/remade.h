#pragma once
// A picture made again from the graph it holds, under the policy it was made with.
#include <ATen/core/Tensor.h>

#include <filesystem>

#include "app/cli/prepared_graph.h"
#include "engine/core/cancel.h"
#include "engine/run/cache.h"
#include "engine/run/observer.h"

namespace loom {

struct Remade {
  at::Tensor pixels;          // as readPng() gives them
  nlohmann::json provenance;  // of this run
};

struct RemakeOptions {
  std::vector<std::string> allow;  // further folders that the graph may read
  std::filesystem::path folder;    // all that the graph writes goes here
  Observer* observer = nullptr;
  Cache* cache = nullptr;  // what this process has computed; of pictures made with the same threads
  const CancelToken* cancel = nullptr;
};

/// `made` is the provenance that the picture holds; of a fork, its parents run first, up to the step. Throws
/// Error where its graph can't be run here, or does not save the picture; Cancelled.
Remade remake(const GraphSource& source, const nlohmann::json& made, const RemakeOptions& options,
              const Registry& registry);

/// The graph of a result as it is run to make it again: with the policy of `made`, all that it writes in
/// options.folder, zones beginning at `forks`.
PreparedGraph preparedAgain(const GraphSource& source, const nlohmann::json& made,
                            const RemakeOptions& options, const std::map<std::string, ForkPoint>& forks,
                            const Registry& registry);

/// Files that the provenance names and that this graph can't read here: "weights.pt: there is no file ...".
std::vector<std::string> missingFiles(const GraphSource& source, const nlohmann::json& made,
                                      const RemakeOptions& options);

}  // namespace loom
