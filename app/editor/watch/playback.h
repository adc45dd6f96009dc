#pragma once
// Plays the steps of a run like a film: a timer that asks for the next ones. Nothing ticks while it rests.
#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <functional>

namespace loom::editor {

class Playback : public QObject {
  Q_OBJECT
 public:
  /// `advance`: goes so many steps on; false at the end. `rewind`: to the first one; for loops.
  Playback(std::function<bool(int)> advance, std::function<void()> rewind);

  void start();
  void stop();
  bool playing() const { return timer_.isActive(); }
  void setLoop(bool on) { loop_ = on; }
  bool loop() const { return loop_; }
  void setSpeed(double stepsPerSecond);  // 0.1 to 1000
  double speed() const { return speed_; }

 Q_SIGNALS:
  void changed();

 private:
  void tick();

  std::function<bool(int)> advance_;
  std::function<void()> rewind_;
  QTimer timer_;
  QElapsedTimer clock_;
  double speed_ = 10, owed_ = 0;
  bool loop_ = false;
};

}  // namespace loom::editor
