#pragma once
// Values handed to the client without copying them through the protocol: each a sealed memfd that the client
// opens by its path in /proc and maps. Held until they are released. May be used from any thread.
#include <ATen/core/Tensor.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

namespace loom {

class SharedTensors {
 public:
  static constexpr size_t kMost = 1024;
  explicit SharedTensors(uint64_t mostBytes) : mostBytes_(mostBytes) {}
  ~SharedTensors();
  SharedTensors(const SharedTensors&) = delete;
  SharedTensors& operator=(const SharedTensors&) = delete;

  /// {"id", "path", "bytes", "dtype", "shape"}: row major, little endian, from the file's first byte. The
  /// tensor may be on any device. Throws RpcError where too much is held, Error where there is no memory.
  nlohmann::json share(const at::Tensor& tensor);
  /// False: there is none of this id.
  bool release(const std::string& id);
  void releaseAll();

  size_t count() const;
  uint64_t bytes() const;

 private:
  struct Held {
    int file = -1;
    uint64_t bytes = 0;
  };
  const uint64_t mostBytes_;
  mutable std::mutex mutex_;
  std::map<std::string, Held> held_;
  uint64_t bytes_ = 0;
  int64_t count_ = 0;
};

}  // namespace loom
