#include "app/worker/lane.h"

#include <chrono>

namespace loom {

Lane::~Lane() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Lane::add(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    if (calls_.size() >= most_) return false;
    calls_.push_back(std::move(call));
  }
  changed_.notify_all();
  return true;
}

bool Lane::drain(double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                           [&] { return calls_.empty() && !working_; });
}

void Lane::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return end_ || !calls_.empty(); });
    if (end_) return;
    std::function<void()> call = std::move(calls_.front());
    calls_.pop_front();
    working_ = true;
    lock.unlock();
    call();
    call = nullptr;
    lock.lock();
    working_ = false;
    changed_.notify_all();
  }
}

}  // namespace loom
