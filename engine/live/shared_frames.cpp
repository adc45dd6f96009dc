#include "engine/live/shared_frames.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "engine/core/error.h"
#include "engine/files/file_tensor.h"
#include "engine/live/shared_frames_layout.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace loom {

using namespace frames;

namespace {

[[noreturn]] void fail(const std::string& what) { throw Error(what + ": " + std::strerror(errno)); }

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

SharedMemory::SharedMemory(const std::string& name, uint64_t bytes) {
  fd_ = ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd_ < 0) fail("there is no shared memory");
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) == 0) return;
  const int error = errno;
  ::close(std::exchange(fd_, -1));
  errno = error;
  fail("there are no " + std::to_string(bytes) + " bytes of shared memory");
}

SharedMemory::~SharedMemory() {
  if (fd_ >= 0) ::close(fd_);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::string SharedMemory::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_);
}

SharedFrames::SharedFrames(uint64_t mostBytes, uint32_t buffers)
    : mostBytes_(mostBytes), stride_(0), size_(0), buffers_(buffers) {
  if (mostBytes < 1 || mostBytes > kMostBytes || buffers < 2 || buffers > kMostBuffers)
    throw Error("shared frames have 2 to " + std::to_string(kMostBuffers) + " buffers of 1 to " +
                std::to_string(kMostBytes) + " bytes");
  stride_ = (kHead + mostBytes + kPage - 1) / kPage * kPage;
  size_ = kPage + buffers * stride_;
  memory_ = SharedMemory("noiseloom frames", size_);
  void* data = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.fd(), 0);
  if (data == MAP_FAILED) fail("there are no " + std::to_string(size_) + " bytes of shared memory");
  data_ = static_cast<std::byte*>(data);
  // After the mapping, which the last seal would forbid. Systems before Linux 5.1 don't know that one.
  constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW;
  if (::fcntl(memory_.fd(), F_ADD_SEALS, seals | F_SEAL_FUTURE_WRITE) != 0 &&
      ::fcntl(memory_.fd(), F_ADD_SEALS, seals) != 0)
    fail("shared memory can't be sealed");
  ::fcntl(memory_.fd(), F_ADD_SEALS, F_SEAL_SEAL);
  RingHead* head = new (data_) RingHead{};
  std::memcpy(head->magic, kMagic, sizeof kMagic);
  head->version = kVersion;
  head->buffers = buffers_;
  head->stride = stride_;
  head->mostBytes = mostBytes_;
}

SharedFrames::~SharedFrames() {
  if (data_) ::munmap(data_, size_);
}

uint64_t SharedFrames::write(const SharedFrame& frame, std::span<const std::byte> payload) {
  if (bytesOf(frame.dtype) == 0)
    throw Error("shared frames have no dtype " + std::to_string(static_cast<uint32_t>(frame.dtype)));
  if (frame.iteration.size() > kMostZones)
    throw Error("shared frames lie in at most " + std::to_string(kMostZones) + " zones");
  if (payload.size() > mostBytes_ ||
      payload.size() != payloadBytes(frame.width, frame.height, frame.channels, frame.dtype))
    throw Error("a frame of " + std::to_string(frame.width) + " x " + std::to_string(frame.height) + " x " +
                std::to_string(frame.channels) + " does not go with " + std::to_string(payload.size()) +
                " bytes, of which there is room for " + std::to_string(mostBytes_));

  const uint64_t generation = ++generation_;
  std::byte* buffer = data_ + kPage + (generation - 1) % buffers_ * stride_;
  BufferHead* head = reinterpret_cast<BufferHead*>(buffer);
  // Odd first, and seen to be so by whoever sees anything of the new frame (Boehm, "Can seqlocks get along
  // with programming language memory models?", 2012).
  head->stamp.store(2 * generation - 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  BufferHead plain{};
  plain.generation = generation;
  std::copy(frame.iteration.begin(), frame.iteration.end(), plain.iteration);
  plain.depth = static_cast<uint32_t>(frame.iteration.size());
  plain.width = frame.width;
  plain.height = frame.height;
  plain.channels = frame.channels;
  plain.dtype = static_cast<uint32_t>(frame.dtype);
  plain.bytes = payload.size();
  plain.written = now();
  plain.stepSeconds = frame.stepSeconds;
  std::memcpy(buffer + kPlain, reinterpret_cast<const std::byte*>(&plain) + kPlain, sizeof plain - kPlain);
  std::memcpy(buffer + kHead, payload.data(), payload.size());
  head->stamp.store(2 * generation, std::memory_order_release);
  reinterpret_cast<RingHead*>(data_)->newest.store(generation, std::memory_order_release);
  return generation;
}

SharedBlock::SharedBlock(const at::Tensor& tensor)
    : dtype_(tensor.scalar_type()), shape_(tensor.sizes().vec()), bytes_(tensor.nbytes()) {
  const at::Tensor flat = plainBytes(tensor);
  memory_ = SharedMemory("noiseloom block", bytes_);
  std::span rest(static_cast<const std::byte*>(flat.const_data_ptr()), bytes_);
  // Not through a mapping: that would have to go before the memory can be sealed.
  while (!rest.empty()) {
    const ssize_t count = ::write(memory_.fd(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("there are no " + std::to_string(bytes_) + " bytes of shared memory");
    rest = rest.subspan(static_cast<size_t>(count));
  }
  if (::fcntl(memory_.fd(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail("shared memory can't be sealed");
}

}  // namespace loom
