#pragma once
// Results in a folder, for later runs and other processes: one safetensors file a content key, bounded in
// bytes, least recently used out first. Any number of processes may use one folder at once: a file gets its
// name in one step, so a reader sees all of it or none; a damaged file is removed and as good as none; what a
// killed process left half-written is removed by the next writer. Nothing here throws: a cache that can't be
// used is an empty one. Used on one thread at a time.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "engine/node/node_type.h"
#include "engine/run/cache.h"

namespace loom {

class DiskCache final : public ResultStore {
 public:
  struct Options {
    std::filesystem::path folder;  // made when first needed
    uint64_t mostBytes = uint64_t{4} << 30;
    // Not kept is what took less to compute, or would take longer to read back: mapping, hashing and copying,
    // from a disk that is not the fastest.
    double leastSeconds = 0.05;
    double readBytesPerSecond = 400e6;
    /// Whose results these are: program version and whatever else may change what a key stands for. Part of
    /// every entry's name.
    std::string program;
    c10::Device device{c10::kCPU};  // where values of an accelerator go when read
    const Registry* registry = nullptr;
    std::function<void(const std::string& message)> say;  // may be null
  };
  struct Contents {
    uint64_t bytes = 0;
    size_t entries = 0;
  };

  explicit DiskCache(Options options);

  std::optional<std::vector<Value>> find(const Key& key) override;
  /// Not kept: what was computed quicker than it would be read, what has no form in a file, what is larger
  /// than the whole budget.
  void put(const Key& key, const std::vector<Value>& outputs, double seconds) override;

  std::filesystem::path fileOf(const Key& key) const;

  /// Of all programs. Removes what killed writers left.
  static Contents contentsOf(const std::filesystem::path& folder);
  /// Removes all entries, and nothing else; gives what there was.
  static Contents clear(const std::filesystem::path& folder);

 private:
  std::vector<Value> read(const std::filesystem::path& file, const Key& key) const;
  void write(const std::filesystem::path& file, const Key& key, Archive archive, double seconds);
  bool worthKeeping(double seconds, uint64_t bytes) const;

  Options options_;
  bool refused_ = false;  // writing failed once: said, and not tried again
};

}  // namespace loom
