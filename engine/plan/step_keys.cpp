#include "engine/plan/step_keys.h"

namespace loom {

StepKeys::StepKeys(Key base, std::vector<Key> items, std::optional<ForkPoint> fork)
    : base_(base), fork_(fork) {
  if (!base_ || items.empty()) return;
  const int64_t first = fork_ ? fork_->done : 0;
  prefixes_.assign(items.size() + 1, Key{});
  if (first > static_cast<int64_t>(items.size())) return;
  prefixes_[static_cast<size_t>(first)] = fork_ ? chain(fork_->state, base_) : base_;
  for (size_t step = static_cast<size_t>(first); step < items.size(); ++step)
    prefixes_[step + 1] = chain(prefixes_[step], items[step]);
}

Key StepKeys::after(int64_t done) const {
  if (!base_ || done < 0) return {};
  if (fork_ && done <= fork_->done) return done == fork_->done ? fork_->state : Key{};
  const KeyBuilder key = KeyBuilder("after").add(done);
  if (!prefixes_.empty())
    return done < static_cast<int64_t>(prefixes_.size())
               ? KeyBuilder(key).add(prefixes_[static_cast<size_t>(done)]).key()
               : Key{};
  return KeyBuilder(key).add(fork_ ? chain(fork_->state, base_) : base_).key();
}

}  // namespace loom
