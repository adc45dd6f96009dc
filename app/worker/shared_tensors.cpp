#include "app/worker/shared_tensors.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "app/cli/duration.h"
#include "app/worker/rpc.h"
#include "engine/files/tensor_entry.h"

namespace loom {
namespace {

// Closes the file where it is not handed on.
class MemoryFile {
 public:
  explicit MemoryFile(uint64_t bytes) : file_(memfd_create("noiseloom", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    if (file_ < 0) fail();
    if (ftruncate(file_, static_cast<off_t>(bytes)) == 0) return;
    const int why = errno;
    close(file_);
    errno = why;
    fail();
  }
  ~MemoryFile() {
    if (file_ >= 0) close(file_);
  }
  void write(const void* data, uint64_t bytes) {
    const char* from = static_cast<const char*>(data);
    while (bytes > 0) {
      // By write() and not through a mapping: no memory is then an error and not a signal.
      const ssize_t count = ::write(file_, from, std::min<uint64_t>(bytes, 1u << 30));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail();
      from += count;
      bytes -= static_cast<uint64_t>(count);
    }
  }
  int sealed() {
    if (fcntl(file_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) fail();
    return std::exchange(file_, -1);
  }

 private:
  [[noreturn]] void fail() {
    throw Error(std::string("shared memory can't be had: ") + std::strerror(errno));
  }
  int file_;
};

}  // namespace

SharedTensors::~SharedTensors() { releaseAll(); }

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
  int file = -1;
  try {
    MemoryFile memory(bytes);
    const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
    memory.write(plain.const_data_ptr(), bytes);
    file = memory.sealed();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    bytes_ -= bytes;
    throw;
  }
  const std::lock_guard lock(mutex_);
  const std::string id = "t" + std::to_string(++count_);
  held_[id] = {file, bytes};
  return {{"id", id},
          {"path", "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file)},
          {"bytes", bytes},
          {"dtype", dtypeName(tensor.scalar_type())},
          {"shape", tensor.sizes().vec()}};
}

bool SharedTensors::release(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(id);
  if (found == held_.end()) return false;
  close(found->second.file);
  bytes_ -= found->second.bytes;
  held_.erase(found);
  return true;
}

void SharedTensors::releaseAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, held] : held_) close(held.file);
  held_.clear();
  bytes_ = 0;
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
