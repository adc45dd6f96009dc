#include "app/worker/turns.h"

#include <algorithm>

namespace loom {

void Turns::queue(int64_t run, Place place) {
  const std::lock_guard lock(mutex_);
  if (place == Place::first)
    waiting_.push_front(run);
  else
    waiting_.push_back(run);
}

void Turns::wait(int64_t run, const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return cancel.requested() || (turn_ < 0 && !waiting_.empty() && waiting_.front() == run);
  });
  const bool cancelled = cancel.requested();
  std::erase(waiting_, run);
  if (!cancelled) turn_ = run;
  lock.unlock();
  changed_.notify_all();
  if (cancelled) throw Cancelled{};
}

void Turns::done(int64_t run) {
  {
    const std::lock_guard lock(mutex_);
    if (turn_ == run) turn_ = -1;
  }
  changed_.notify_all();
}

void Turns::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool Turns::move(int64_t run, size_t place) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(waiting_.begin(), waiting_.end(), run);
    if (found == waiting_.end()) return false;
    waiting_.erase(found);
    waiting_.insert(waiting_.begin() + static_cast<int64_t>(std::min(place, waiting_.size())), run);
  }
  changed_.notify_all();
  return true;
}

std::vector<int64_t> Turns::waiting() const {
  const std::lock_guard lock(mutex_);
  return {waiting_.begin(), waiting_.end()};
}

}  // namespace loom
