#pragma once
// A request to stop. Whoever starts a run owns one and may set it from any thread (or a signal
// handler); long work asks it often, at least once a step.
#include <atomic>

#include "engine/core/error.h"

namespace loom {

class CancelToken {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  void reset() noexcept { requested_.store(false, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  void check() const {
    if (requested()) throw Cancelled{};
  }

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace loom
