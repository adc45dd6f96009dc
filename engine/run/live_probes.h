#pragma once
// Ports that a run tells of while somebody looks at them: added and removed at any time, from any thread.
// Looking changes nothing: what the run does not compute, or finds in its cache, is not computed for it.
#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace loom {

class LiveProbes {
 public:
  /// "path.port", or "path:name" for a node's inside. The run tells of it from its next step on; what lies
  /// outside of zones and is still held, at once. A port that the plan does not have is told of never.
  void add(const std::string& port) {
    const std::lock_guard lock(mutex_);
    if (ports_.insert(port).second) version_.fetch_add(1, std::memory_order_release);
  }
  void remove(const std::string& port) {
    const std::lock_guard lock(mutex_);
    if (ports_.erase(port) > 0) version_.fetch_add(1, std::memory_order_release);
  }
  std::vector<std::string> ports() const {
    const std::lock_guard lock(mutex_);
    return {ports_.begin(), ports_.end()};
  }
  /// Grows with every change.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> ports_;
  std::atomic<uint64_t> version_{1};
};

}  // namespace loom
