#pragma once
// A thread that does calls in the order they came, so that the reading of further requests never waits for
// one.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace loom {

class Lane {
 public:
  explicit Lane(size_t most) : most_(most), thread_([this] { work(); }) {}
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// False: too many calls are waiting. A call must not throw.
  bool add(std::function<void()> call);
  /// Waits until all that were added are done. False: they are not.
  bool drain(double seconds);

 private:
  void work();

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  bool working_ = false, end_ = false;
  std::thread thread_;
};

}  // namespace loom
