#include "app/editor/watch/playback.h"

#include <algorithm>
#include <cmath>

namespace loom::editor {

constexpr int kShortestTick = 16;  // ms: a screen shows no more

Playback::Playback(std::function<bool(int)> advance, std::function<void()> rewind)
    : advance_(std::move(advance)), rewind_(std::move(rewind)) {
  timer_.setTimerType(Qt::PreciseTimer);
  connect(&timer_, &QTimer::timeout, this, &Playback::tick);
  setSpeed(speed_);
}

void Playback::start() {
  if (playing()) return;
  owed_ = 0;
  clock_.start();
  timer_.start();
  Q_EMIT changed();
}

void Playback::stop() {
  if (!playing()) return;
  timer_.stop();
  Q_EMIT changed();
}

void Playback::setSpeed(double stepsPerSecond) {
  speed_ = std::isfinite(stepsPerSecond) ? std::clamp(stepsPerSecond, 0.1, 1000.0) : 10;
  timer_.setInterval(std::max(kShortestTick, static_cast<int>(1000 / speed_)));
}

// By the clock and not by the tick: a slow machine skips steps and keeps the time. Half a second at the most,
// so that nobody misses what was asleep.
void Playback::tick() {
  owed_ += std::min(static_cast<double>(clock_.restart()), 500.0) * speed_ / 1000 + 1e-3;
  const int steps = std::max(static_cast<int>(owed_), timer_.interval() > kShortestTick ? 1 : 0);
  owed_ = std::max(owed_ - steps, 0.0);
  if (steps == 0 || advance_(steps)) return;
  loop_ ? rewind_() : stop();
}

}  // namespace loom::editor
