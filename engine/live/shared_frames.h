#pragma once
// Frames for other processes on this machine, without copying through a socket: memory without a name (memfd)
// that they map read-only through /proc/<pid>/fd/<n>. It goes when the last process lets it go. The layout,
// and who reads it: engine/live/shared_frames_reader.h.
//
// The memory can't be shrunk, so no reader can be made to fault, and it can't be written through another
// descriptor where the system knows that seal (Linux 5.1).
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/live/shared_frames_reader.h"

namespace loom {

/// Anonymous memory behind a file descriptor, which this owns.
class SharedMemory {
 public:
  SharedMemory() = default;
  /// `name` is seen in /proc only. Throws Error where there is not as much.
  SharedMemory(const std::string& name, uint64_t bytes);
  ~SharedMemory();
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;

  int fd() const { return fd_; }
  /// "/proc/<pid>/fd/<n>": for processes of the same user, while this one lives.
  std::string path() const;

 private:
  int fd_ = -1;
};

/// The ring, as its writer has it.
class SharedFrames {
 public:
  /// Room for payloads of at most so many bytes. Throws Error where there is not as much memory; it is taken
  /// when it is written for the first time.
  explicit SharedFrames(uint64_t mostBytes, uint32_t buffers = 3);
  ~SharedFrames();
  SharedFrames(const SharedFrames&) = delete;
  SharedFrames& operator=(const SharedFrames&) = delete;

  /// One thread at a time. Gives the generation. Throws Error where the payload is larger than what there is
  /// room for, is not what width, height, channels and dtype make up, or the dtype is not one of the layout.
  uint64_t write(const SharedFrame& frame, std::span<const std::byte> payload);
  const SharedMemory& memory() const { return memory_; }
  uint64_t mostBytes() const { return mostBytes_; }

 private:
  uint64_t mostBytes_, stride_, size_;
  uint32_t buffers_;
  uint64_t generation_ = 0;
  SharedMemory memory_;
  std::byte* data_ = nullptr;
};

/// One tensor's bytes in row order, for a single fetch of any size. Sealed: nobody can change them any more,
/// this process included. A tensor on an accelerator is copied to the host first.
class SharedBlock {
 public:
  /// Throws Error where there is not as much memory.
  explicit SharedBlock(const at::Tensor& tensor);

  const SharedMemory& memory() const { return memory_; }
  uint64_t bytes() const { return bytes_; }
  at::ScalarType dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return shape_; }

 private:
  at::ScalarType dtype_;
  std::vector<int64_t> shape_;
  uint64_t bytes_;
  SharedMemory memory_;
};

}  // namespace loom
