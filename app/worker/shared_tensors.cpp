#include "app/worker/shared_tensors.h"

#include "app/cli/duration.h"
#include "app/worker/rpc.h"
#include "engine/files/tensor_entry.h"

namespace loom {

nlohmann::json SharedTensors::share(const at::Tensor& tensor) {
  const uint64_t bytes = tensor.nbytes();
  {
    const std::lock_guard lock(mutex_);
    if (held_.size() >= kMost || bytes_ + bytes > mostBytes_)
      throw RpcError(RpcCode::limit, std::to_string(held_.size()) + " values (" + sizeText(bytes_) +
                                         ") are shared and this one has " + sizeText(bytes) +
                                         "; release lets go of one");
    bytes_ += bytes;  // taken before the work, so that calls at once stay within the limit together
  }
  std::unique_ptr<const SharedBlock> block;
  try {
    block = std::make_unique<const SharedBlock>(tensor);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    bytes_ -= bytes;
    throw;
  }
  nlohmann::json described{{"path", block->memory().path()},
                           {"bytes", block->bytes()},
                           {"dtype", dtypeName(block->dtype())},
                           {"shape", block->shape()}};
  const std::lock_guard lock(mutex_);
  const std::string id = numberedId("t", ++count_);
  held_[id] = std::move(block);
  described["id"] = id;
  return described;
}

bool SharedTensors::release(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(id);
  if (found == held_.end()) return false;
  bytes_ -= found->second->bytes();
  held_.erase(found);
  return true;
}

size_t SharedTensors::count() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

uint64_t SharedTensors::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace loom
