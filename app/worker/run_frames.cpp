#include "app/worker/run_frames.h"

#include <algorithm>

#include "app/worker/rpc.h"
#include "engine/core/text.h"

namespace loom {
namespace {

void requireRecorded(const WorkerRun& run, const std::string& port) {
  if (run.watch().records(port)) return;
  std::string ports;
  for (const std::string& each : run.watch().recorded()) ports += (ports.empty() ? "" : ", ") + each;
  throw RpcError(RpcCode::unknown, "run " + run.id() + " does not record \"" + shortened(port) +
                                       "\"; it records: " + (ports.empty() ? "nothing" : ports));
}

// Steps before the first one of a fork are its parent's.
template <class Visit>
void ofParent(const WorkerRun& run, const std::string& port, const Visit& visit) {
  if (!run.plan().parent) return;
  const std::vector<int64_t> first = run.firstStep(port);
  if (std::any_of(first.begin(), first.end(), [](int64_t step) { return step > 0; }))
    visit(*run.plan().parent, first);
}

bool before(std::span<const int64_t> iteration, std::span<const int64_t> first) {
  return !iteration.empty() &&
         std::lexicographical_compare(iteration.begin(), iteration.end(), first.begin(), first.end());
}

std::string iterationsIn(const std::vector<RunFrame>& frames) {
  std::string text;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (i == 8 && frames.size() > 10) {
      text += ", … ";
      i = frames.size() - 1;
    }
    text += (i && text.back() != ' ' ? ", " : "") + nlohmann::json(frames[i].info.iteration).dump();
  }
  return text.empty() ? "none yet" : text;
}

}  // namespace

std::vector<RunFrame> framesOf(const WorkerRun& run, const std::string& port) {
  requireRecorded(run, port);
  std::vector<RunFrame> all;
  ofParent(run, port, [&](const WorkerRun& parent, std::span<const int64_t> first) {
    if (!parent.watch().records(port)) return;
    for (RunFrame& frame : framesOf(parent, port))
      if (before(frame.info.iteration, first)) all.push_back(std::move(frame));
  });
  for (Recorder::FrameInfo& info : run.watch().frames(port)) all.push_back({std::move(info), run.id()});
  return all;
}

Value frameOf(const WorkerRun& run, const std::string& port, std::span<const int64_t> iteration) {
  requireRecorded(run, port);
  Value value = run.watch().frame(port, iteration);
  if (value.empty())
    ofParent(run, port, [&](const WorkerRun& parent, std::span<const int64_t> first) {
      if (before(iteration, first) && parent.watch().records(port)) value = frameOf(parent, port, iteration);
    });
  if (value.empty())
    throw RpcError(RpcCode::unknown,
                   "of " + port + " iteration " +
                       nlohmann::json(std::vector(iteration.begin(), iteration.end())).dump() +
                       " is not kept in run " + run.id() +
                       "; there are: " + iterationsIn(framesOf(run, port)));
  return value;
}

Value newestFrameOf(const WorkerRun& run, const std::string& port, std::vector<int64_t>& iteration) {
  const std::vector<RunFrame> frames = framesOf(run, port);
  if (frames.empty())
    throw RpcError(RpcCode::state, "nothing of " + port + " has been recorded in run " + run.id() + " yet");
  iteration = frames.back().info.iteration;
  return frameOf(run, port, iteration);
}

std::vector<Recorder::Row> statisticsOf(const WorkerRun& run, const std::string& port) {
  if (!run.watch().counts(port))
    throw RpcError(RpcCode::unknown,
                   "run " + run.id() + " keeps no statistics of \"" + shortened(port) + "\"");
  std::vector<Recorder::Row> all;
  ofParent(run, port, [&](const WorkerRun& parent, std::span<const int64_t> first) {
    if (!parent.watch().counts(port)) return;
    for (Recorder::Row& row : statisticsOf(parent, port))
      if (before(row.iteration, first)) all.push_back(std::move(row));
  });
  for (Recorder::Row& row : run.watch().statistics(port)) all.push_back(std::move(row));
  return all;
}

}  // namespace loom
