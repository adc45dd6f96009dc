#pragma once
// Results by content key, bounded in bytes, least recently used out first. Shared by the runs of one
// process; may be used from several threads.
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/core/key.h"
#include "engine/values/value.h"

namespace loom {

class Cache {
 public:
  explicit Cache(size_t mostBytes = size_t{2} << 30) : mostBytes_(mostBytes) {}

  /// The outputs kept under `key`; null if there are none. The pointer holds them alive.
  std::shared_ptr<const std::vector<Value>> find(const Key& key);
  /// Values larger than the whole budget are not kept.
  void put(const Key& key, std::vector<Value> outputs);
  void clear();
  size_t bytes() const;

 private:
  struct Entry {
    Key key;
    std::shared_ptr<const std::vector<Value>> outputs;
    size_t bytes;
  };
  mutable std::mutex mutex_;
  size_t mostBytes_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<Key, std::list<Entry>::iterator> byKey_;
};

}  // namespace loom
