#pragma once
// Values handed to the client without copying them through the protocol: each a SharedBlock, which the client
// opens by its path in /proc and maps. Held until they are released, and bounded. May be used from any
// thread.
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/live/shared_frames.h"

namespace loom {

class SharedTensors {
 public:
  static constexpr size_t kMost = 1024;
  explicit SharedTensors(uint64_t mostBytes) : mostBytes_(mostBytes) {}

  /// {"id", "path", "bytes", "dtype", "shape"}: row major, little endian, from the file's first byte. The
  /// tensor may be on any device. Throws RpcError where too much is held, Error where there is no memory.
  nlohmann::json share(const at::Tensor& tensor);
  /// False: there is none of this id.
  bool release(const std::string& id);

  size_t count() const;
  uint64_t bytes() const;

 private:
  const uint64_t mostBytes_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<const SharedBlock>> held_;
  uint64_t bytes_ = 0;
  int64_t count_ = 0;
};

}  // namespace loom
