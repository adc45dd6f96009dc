#pragma once
// How much memory this machine lets the program have, and refusing what can't fit before it begins.
#include <cstdint>

#include "app/cli/prepared_graph.h"
#include "engine/plan/forecast.h"

namespace loom {

struct MemoryFigures {
  uint64_t total =
      0;  // the least of the machine's memory and swap, the control group's and the process's limit
  uint64_t available = 0;  // of it, what can still be taken without putting others out; 0: not known
  uint64_t resident = 0;   // this process's own
};
MemoryFigures memoryFigures();

/// Throws Error where the forecast is of more than there is in all. On the CPU alone: an accelerator's memory
/// is its own matter.
void requireMemory(const PreparedGraph& graph, const Forecast& forecast);

/// What asks for more than there is shall be told so, and not be killed: an allocation beyond the total
/// fails.
void limitMemory(const Policy& policy);

/// {"peak_bytes", "peak_at", "holders": [{"what", "bytes"}], "unknown"}.
nlohmann::json forecastJson(const Forecast& forecast);

}  // namespace loom
