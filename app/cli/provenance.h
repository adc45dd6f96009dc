#pragma once
// What a result was made with, beside its graph: programs, machine, seeds, and the content of every file
// read.
#include <nlohmann/json.hpp>

#include "app/cli/prepared_graph.h"
#include "engine/core/cancel.h"

namespace loom {

/// "0.1.0".
std::string programVersion();
/// "2.11.0".
std::string torchVersion();

/// The same for the same graph, files and machine: no times, no host names. Reads every named file once, for
/// its SHA-256. Throws Error, Cancelled.
nlohmann::json provenanceOf(const PreparedGraph& graph, const Registry& registry, const CancelToken* cancel);

}  // namespace loom
