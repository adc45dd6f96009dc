#pragma once
// What a run and, for the steps before it began, the runs it was forked from have recorded. Any thread.
#include <span>
#include <vector>

#include "app/worker/worker_run.h"

namespace loom {

struct RunFrame {
  Recorder::FrameInfo info;
  std::string run;  // in which it was recorded
};

/// First to last. Throws RpcError where the run does not record the port.
std::vector<RunFrame> framesOf(const WorkerRun& run, const std::string& port);
/// Throws RpcError that says which iterations there are.
Value frameOf(const WorkerRun& run, const std::string& port, std::span<const int64_t> iteration);
Value newestFrameOf(const WorkerRun& run, const std::string& port, std::vector<int64_t>& iteration);
std::vector<Recorder::Row> statisticsOf(const WorkerRun& run, const std::string& port);

}  // namespace loom
