#pragma once
// Pausing a run, taking it step by step, and letting it go on: from another thread, or set before it begins.
// An Observer whose stepFinished() waits. A paused run keeps all it has; stopping it works as ever.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/cancel.h"
#include "engine/run/observer.h"

namespace loom {

class Control final : public Observer {
 public:
  /// After a step of a zone: how many are done of the zones around it, outermost first, and of its own.
  /// Without those around it: in whichever of their steps. An empty zone is any that lies so deep.
  struct Place {
    std::string zone;
    std::vector<int64_t> at;
    static Place of(const StepEvent&);
    bool reachedBy(const StepEvent&) const;  // there, or beyond it
  };

  /// `cancel` (may be null) ends a pause by Cancelled. `told` (may be null) is called on the run's thread
  /// when a pause has begun, with true, and when it is over and the run would go on, with false: what it does
  /// then is done before the next step. It may throw Cancelled.
  explicit Control(const CancelToken* cancel = nullptr, std::function<void(bool paused)> told = {})
      : cancel_(cancel), told_(std::move(told)) {}

  /// Pauses after the step at hand, of whichever zone.
  void pause();
  /// Takes `steps` more steps of the zone it is paused in (of the outermost one while it runs), then pauses.
  void step(int64_t steps = 1);
  void runTo(Place place);
  void proceed();

  struct State {
    bool paused = false;
    std::string zone;  // where it is, or was last
    int64_t done = 0, count = 0;
  };
  State state() const;
  /// Waits until the run is paused, for at most so long. False: it is not.
  bool waitPaused(double seconds) const;

  void stepFinished(const StepEvent& event) override;
  void runFinished() override;

 private:
  bool arrives(const StepEvent& event);

  const CancelToken* cancel_;
  std::function<void(bool)> told_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  State state_;
  int64_t left_ = -1;     // steps to take before the next pause; -1: no pause asked for
  bool anyZone_ = false;  // those steps may be of any zone
  std::optional<Place> place_;
};

}  // namespace loom
