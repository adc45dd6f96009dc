#pragma once
// A graph as an editor needs to see it while it is being drawn: everything that is wrong with it, not the
// first alone, and what the rest would give all the same. Nothing is executed; files' headers may be read.
#include <memory>
#include <vector>

#include "engine/plan/flatten.h"
#include "engine/plan/plan.h"

namespace loom {

struct GraphReport {
  bool runnable = false;              // what effects and exposed outputs need is right
  std::vector<Error> errors;          // in the order they were found; also those that stop no run
  std::shared_ptr<const Plan> sound;  // of what is left without the nodes that have errors; null: nothing
  std::vector<LostNode> lost;         // what does not run because of muted nodes
};

GraphReport checkGraph(const std::shared_ptr<const Document>& document, const Registry& registry,
                       const CompileOptions& options);

/// The document without these nodes and all that depends on them. A zone stays where only what it gives on
/// from step to step is gone.
Document without(const Document& document, const std::vector<std::string>& nodes);

/// {"ok", "errors", "ports", "nodes", "zones", "muted"}, as app/worker/PROTOCOL.md has it.
nlohmann::json describeReport(const GraphReport& report);
nlohmann::json describeError(const Error& error);

}  // namespace loom
