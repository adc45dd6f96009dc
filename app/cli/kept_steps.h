#pragma once
// Steps that runs keep in their output folder, pausing at one, and beginning from one: `--keep-steps`,
// `--pause-at`, `--fork` and `--at`.
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "engine/core/cancel.h"
#include "engine/plan/plan.h"
#include "engine/run/control.h"
#include "engine/run/history.h"

namespace loom {

struct StepRequest {
  int64_t every = 0;  // keeps the state of each n-th step; 0: of none
  int64_t last = 0;   // and of the others the last m
  uint64_t mostBytes = uint64_t{4} << 30;
  int64_t inner = 0;     // of zones within others each n-th step too; 0: of none
  std::string pauseAt;   // "K", "I,K" of a zone within another, or "ZONE=..."
  std::string fork, at;  // a run's output folder; a step as above

  bool kept() const { return every > 0 || last > 0 || inner > 0 || !fork.empty(); }
  KeepRule rule() const;
  bool any() const { return kept() || !pauseAt.empty(); }
};

/// Where a run keeps its steps.
std::filesystem::path stepsFolder(const std::filesystem::path& output);

/// Of "K", "I,K" or "ZONE=I,K". Throws Error, beginning with the option's name.
Control::Place placeOf(const std::string& text, const std::string& option);
/// Throws Error, beginning with `what`, where the plan has no such zone, or has several and none is named.
void requirePlace(const Control::Place& place, const Plan& plan, const std::string& what);
/// "3,5", of steps done.
std::string joined(std::span<const int64_t> counts);

/// The states a fork at a place begins with, zone by zone. Throws Error, beginning with `what`, that says
/// which steps there are.
std::map<std::string, ForkPoint> forksAt(const std::vector<History::ZoneSteps>& zones,
                                         const Control::Place& place, const std::string& what);
/// What --fork and --at ask for; empty without --at. Throws Error that says which steps there are.
std::map<std::string, ForkPoint> forksOf(const StepRequest& request);

/// Throws Error where there are none to copy.
void copySteps(const std::filesystem::path& from, const std::filesystem::path& to);

/// What run a folder's steps are of, beside them: written before the first step, so that a fork can tell what
/// it began from.
void writeOrigin(const std::filesystem::path& steps, const std::string& graph, const nlohmann::json& made);
/// Adds to the provenance of a fork, with the first of its zones, the graph and the provenance of the run
/// whose steps it begins with. Nothing where that is not known, or forks follow each other too often to be
/// told.
void addParents(nlohmann::json& provenance, const std::filesystem::path& stepsOfParent);

/// Stops a run at a place.
class PauseAt final : public Observer {
 public:
  PauseAt(Control::Place place, CancelToken& cancel) : place_(std::move(place)), cancel_(cancel) {}
  void stepFinished(const StepEvent& event) override;
  bool hasPaused() const { return paused_; }
  const Control::Place& reached() const { return place_; }

 private:
  Control::Place place_;
  CancelToken& cancel_;
  bool paused_ = false;
};

}  // namespace loom
