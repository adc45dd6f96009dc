#pragma once
// Content keys of a loop's states, step by step: equal keys mean equal states, whichever run they are of. A
// run takes up where the keys of an earlier one begin to differ from its own.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/core/key.h"

namespace loom {

/// A state of another loop that this one begins from, by choice: what led there is not looked at.
struct ForkPoint {
  int64_t done = 0;  // steps finished
  Key state;         // that loop's key after them
};

class StepKeys {
 public:
  StepKeys() = default;
  /// `base`: key of all that is the same for every step, the first state included; zero where it is not
  /// known. `items`: for each step, a key of what comes with it; empty where nothing does.
  explicit StepKeys(Key base, std::vector<Key> items = {}, std::optional<ForkPoint> fork = {});

  explicit operator bool() const { return static_cast<bool>(base_); }
  Key base() const { return base_; }
  /// Of the state with `done` steps finished; zero where there is none: before a fork, or past the items.
  Key after(int64_t done) const;

 private:
  Key base_;
  std::optional<ForkPoint> fork_;
  std::vector<Key> prefixes_;  // [done] where steps have items
};

}  // namespace loom
