#pragma once
// Where the noise of a zone's steps is written down: the schedule that its nodes are given and the timesteps
// that it goes over. With both, noise level and signal-to-noise of x_t are known exactly at each step.
#include <string>
#include <vector>

#include "app/editor/catalog/catalog.h"
#include "engine/graph/document.h"

namespace loom::editor {

/// As the worker calls them; of the outermost zones, those in groups too.
struct SchedulePorts {
  std::string zone, schedule, timesteps;
  bool operator==(const SchedulePorts&) const = default;
};

/// Of zones where the graph tells: what makes a state's next value comes before other nodes that get the
/// zone's timestep and a schedule. Zones without any are left out.
std::vector<SchedulePorts> schedulePorts(const Document& document, const Catalog& catalog);

/// The outputs that hold these numbers, each once; none where the worker can't hand them out.
std::vector<std::string> measuredPorts(const Document& document, const Catalog& catalog);

}  // namespace loom::editor
