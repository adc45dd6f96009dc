#include "engine/run/control.h"

namespace loom {
namespace {

// A CancelToken may be set by a signal handler, which can wake nobody: it is asked this often.
constexpr std::chrono::milliseconds kAsk{20};

}  // namespace

Control::Place Control::Place::of(const StepEvent& event) {
  Place place{event.zone, {event.iteration.begin(), event.iteration.end()}};
  place.at.back() = event.done;
  return place;
}

bool Control::Place::reachedBy(const StepEvent& event) const {
  const bool alone = at.size() == 1 && !zone.empty();
  if (zone.empty() ? static_cast<size_t>(event.depth) != at.size() : zone != event.zone) return false;
  return alone ? event.done >= at.back() : of(event).at >= at;
}

void Control::pause() {
  const std::lock_guard lock(mutex_);
  if (!state_.paused) left_ = 1, anyZone_ = true;
}

void Control::step(int64_t steps) {
  const std::lock_guard lock(mutex_);
  left_ = std::max<int64_t>(steps, 1);
  anyZone_ = false;
  state_.paused = false;
  changed_.notify_all();
}

void Control::runTo(Place place) {
  const std::lock_guard lock(mutex_);
  place_ = std::move(place);
  left_ = -1;
  state_.paused = false;
  changed_.notify_all();
}

void Control::proceed() {
  const std::lock_guard lock(mutex_);
  place_.reset();
  left_ = -1;
  state_.paused = false;
  changed_.notify_all();
}

Control::State Control::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Control::waitPaused(double seconds) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return state_.paused; });
}

bool Control::arrives(const StepEvent& event) {
  if (place_ && place_->reachedBy(event)) {
    place_.reset();
    return true;
  }
  // Single steps are those of the zone one looks at; what runs within it passes by.
  const bool counted = anyZone_ || event.depth == 1 || state_.zone == event.zone;
  return left_ > 0 && counted && --left_ == 0;
}

void Control::stepFinished(const StepEvent& event) {
  std::unique_lock lock(mutex_);
  if (!arrives(event)) return;
  left_ = -1;
  anyZone_ = false;
  state_ = {true, event.zone, event.done, event.count};
  changed_.notify_all();
  if (told_) {
    lock.unlock();
    told_(true);
    lock.lock();
  }
  while (state_.paused) {
    changed_.wait_for(lock, kAsk);
    if (cancel_ && cancel_->requested()) {
      state_.paused = false;
      throw Cancelled{};
    }
  }
  lock.unlock();
  if (told_) told_(false);
}

void Control::runFinished() {
  const std::lock_guard lock(mutex_);
  state_.paused = false;
  state_.zone.clear();
}

}  // namespace loom
