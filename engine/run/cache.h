#pragma once
// Results by content key, bounded in bytes, least recently used out first. Shared by the runs of one
// process; may be used from several threads.
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/core/key.h"
#include "engine/values/value.h"

namespace loom {

/// Where results are kept beyond this process, larger and slower than memory. See disk_cache.h. Safe to call
/// from several threads; neither function throws.
class ResultStore {
 public:
  virtual ~ResultStore() = default;
  virtual std::optional<std::vector<Value>> find(const Key& key) = 0;
  /// `seconds`: what computing it took. The store decides what is worth keeping.
  virtual void put(const Key& key, const std::vector<Value>& outputs, double seconds) = 0;
};

class Cache {
 public:
  /// `below` is asked for what memory does not hold, and outlives the cache. With no memory of its own a
  /// Cache is a way to the store alone.
  explicit Cache(size_t mostBytes = size_t{2} << 30, ResultStore* below = nullptr)
      : mostBytes_(mostBytes), below_(below) {}

  /// The outputs kept under `key`; null if there are none. The pointer holds them alive.
  std::shared_ptr<const std::vector<Value>> find(const Key& key);
  /// Values larger than the whole budget are not kept in memory.
  void put(const Key& key, std::vector<Value> outputs, double seconds = 0);
  void clear();
  size_t bytes() const;

 private:
  struct Entry {
    Key key;
    std::shared_ptr<const std::vector<Value>> outputs;
    size_t bytes;
  };
  void keep(const Key& key, std::shared_ptr<const std::vector<Value>> outputs);

  mutable std::mutex mutex_;
  size_t mostBytes_;
  ResultStore* below_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<Key, std::list<Entry>::iterator> byKey_;
};

}  // namespace loom
