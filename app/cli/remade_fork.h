#pragma once
// The states that a forked run began with, made again: each by running the graph of the run it was forked
// from, up to that step. Provenance holds these graphs ("forked", ZONE, "parent").
#include "app/cli/remade.h"
#include "engine/plan/step_keys.h"
#include "engine/run/run.h"

namespace loom {

class RemadeForks final : public CheckpointStore {
 public:
  /// `made` is the provenance of the forked run. Runs its parents. Throws Error where one of them is not told
  /// of or can't be run here; Cancelled.
  static std::unique_ptr<RemadeForks> make(const GraphSource& source, const nlohmann::json& made,
                                           const RemakeOptions& options, const Registry& registry,
                                           int depth = 0);

  /// By zone, for compiling the fork.
  const std::map<std::string, ForkPoint>& points() const { return points_; }

  State find(const Loop& loop) override;
  void offer(const Loop&, int64_t, const std::function<State()>&) override {}

 private:
  std::map<std::string, ForkPoint> points_;
  std::map<std::string, State> states_;
};

}  // namespace loom
