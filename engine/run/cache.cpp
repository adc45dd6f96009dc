#include "engine/run/cache.h"

namespace loom {

std::shared_ptr<const std::vector<Value>> Cache::find(const Key& key) {
  {
    std::lock_guard lock(mutex_);
    if (const auto found = byKey_.find(key); found != byKey_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->outputs;
    }
  }
  if (!below_) return nullptr;
  std::optional<std::vector<Value>> stored = below_->find(key);
  if (!stored) return nullptr;
  auto outputs = std::make_shared<const std::vector<Value>>(std::move(*stored));
  keep(key, outputs);
  return outputs;
}

void Cache::put(const Key& key, std::vector<Value> outputs, double seconds) {
  if (below_) below_->put(key, outputs, seconds);
  keep(key, std::make_shared<const std::vector<Value>>(std::move(outputs)));
}

void Cache::keep(const Key& key, std::shared_ptr<const std::vector<Value>> outputs) {
  size_t bytes = 256;
  for (const Value& value : *outputs) bytes += value.bytes();
  std::lock_guard lock(mutex_);
  if (bytes > mostBytes_ || byKey_.contains(key)) return;
  entries_.push_front({key, std::move(outputs), bytes});
  byKey_[key] = entries_.begin();
  bytes_ += bytes;
  while (bytes_ > mostBytes_) {
    bytes_ -= entries_.back().bytes;
    byKey_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void Cache::clear() {
  std::lock_guard lock(mutex_);
  byKey_.clear();
  entries_.clear();
  bytes_ = 0;
}

size_t Cache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace loom
