#include "engine/live/shared_frames_reader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "engine/core/error.h"
#include "engine/live/shared_frames_layout.h"

namespace loom {

using namespace frames;

namespace {

constexpr int kTries = 1000;

}  // namespace

SharedFramesReader::SharedFramesReader(const std::filesystem::path& path) {
  std::string name = "\"";
  name += path.string() + "\"";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw Error("cannot read " + name + ": " + std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  // One that can be shortened could end this process at any touch.
  const int seals = ::fcntl(file, F_GET_SEALS);
  const bool sealed = seals >= 0 && (seals & F_SEAL_SHRINK);
  void* data = MAP_FAILED;
  if (known && sealed && static_cast<uint64_t>(status.st_size) >= kPage)
    data = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (data == MAP_FAILED) throw Error(name + " holds no shared frames");
  data_ = static_cast<const std::byte*>(data);
  size_ = static_cast<uint64_t>(status.st_size);
  const RingHead* head = reinterpret_cast<const RingHead*>(data_);
  buffers_ = head->buffers;
  stride_ = head->stride;
  mostBytes_ = head->mostBytes;
  const bool sound = std::memcmp(head->magic, kMagic, sizeof kMagic) == 0 && head->version == kVersion &&
                     buffers_ >= 2 && buffers_ <= kMostBuffers && mostBytes_ <= kMostBytes &&
                     stride_ % kPage == 0 && stride_ >= kHead + mostBytes_ && stride_ <= 2 * kMostBytes &&
                     kPage + buffers_ * stride_ <= size_;
  if (sound) return;
  ::munmap(data, size_);
  throw Error(name + " holds no shared frames of layout " + std::to_string(kVersion));
}

SharedFramesReader::~SharedFramesReader() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

bool SharedFramesReader::copy(uint64_t generation, Read& read) const {
  const std::byte* buffer = data_ + kPage + (generation - 1) % buffers_ * stride_;
  const BufferHead* head = reinterpret_cast<const BufferHead*>(buffer);
  if (head->stamp.load(std::memory_order_acquire) != 2 * generation) return false;
  BufferHead plain{};
  std::memcpy(reinterpret_cast<std::byte*>(&plain) + kPlain, buffer + kPlain, sizeof plain - kPlain);
  // The bytes copied may be torn, and so may their count, until the stamp has been looked at again.
  const uint64_t bytes = std::min(plain.bytes, mostBytes_);
  read.payload.resize(bytes);
  std::memcpy(read.payload.data(), buffer + kHead, bytes);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (head->stamp.load(std::memory_order_relaxed) != 2 * generation) return false;
  const auto dtype = static_cast<FrameDtype>(plain.dtype);
  if (plain.generation != generation || plain.depth > kMostZones || bytesOf(dtype) == 0 ||
      plain.bytes > mostBytes_ ||
      plain.bytes != payloadBytes(plain.width, plain.height, plain.channels, dtype))
    throw Error("a shared frame is not what its header says");
  read.frame = {.generation = generation,
                .iteration = {plain.iteration, plain.iteration + plain.depth},
                .width = plain.width,
                .height = plain.height,
                .channels = plain.channels,
                .dtype = dtype,
                .written = plain.written,
                .stepSeconds = plain.stepSeconds};
  return true;
}

std::optional<SharedFramesReader::Read> SharedFramesReader::newest(uint64_t after) {
  const RingHead* head = reinterpret_cast<const RingHead*>(data_);
  Read read;
  for (int i = 0; i < kTries; ++i) {
    const uint64_t generation = head->newest.load(std::memory_order_acquire);
    if (generation <= after) return {};
    if (copy(generation, read)) return read;
  }
  return {};
}

}  // namespace loom
