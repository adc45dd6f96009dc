#include "engine/live/shared_frames.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <utility>

#include "engine/core/error.h"
#include "engine/files/file_tensor.h"
#include "engine/files/tensor_entry.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace loom {
namespace {

constexpr char kMagic[8] = {'N', 'L', 'F', 'R', 'A', 'M', 'E', 'S'};
constexpr uint32_t kVersion = 1;
constexpr uint64_t kPage = 4096, kHead = 256;
constexpr uint64_t kMostBytes = uint64_t{1} << 40;
constexpr uint32_t kMostBuffers = 64;
constexpr size_t kMostZones = 8;
constexpr int kTries = 1000;

// In the order of their numbers in the layout.
constexpr std::array kDtypes = {at::kByte,   at::kFloat, at::kHalf, at::kBFloat16,
                                at::kDouble, at::kLong,  at::kInt,  at::kBool};

struct RingHead {
  char magic[8];
  uint32_t version, buffers;
  uint64_t stride, mostBytes;
  std::atomic<uint64_t> newest;
};
static_assert(offsetof(RingHead, newest) == 32);

struct BufferHead {
  std::atomic<uint64_t> stamp;
  uint64_t generation;
  int64_t iteration[kMostZones];
  uint32_t depth, width, height, channels, dtype, zero;
  uint64_t bytes;
  double written, stepSeconds;
};
static_assert(offsetof(BufferHead, depth) == 80 && offsetof(BufferHead, bytes) == 104 &&
              offsetof(BufferHead, stepSeconds) == 120 && sizeof(BufferHead) <= kHead);
static_assert(std::atomic<uint64_t>::is_always_lock_free, "processes share these");

// What follows the stamp; the stamp alone is atomic.
constexpr size_t kPlain = offsetof(BufferHead, generation);

[[noreturn]] void fail(const std::string& what) { throw Error(what + ": " + std::strerror(errno)); }

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Payload bytes that a header asks for; 0 where they are out of any range.
uint64_t bytesFor(uint64_t width, uint64_t height, uint64_t channels, at::ScalarType dtype) {
  uint64_t bytes = c10::elementSize(dtype);
  for (const uint64_t side : {width, height, channels})
    if (__builtin_mul_overflow(bytes, side, &bytes) || bytes > kMostBytes) return 0;
  return bytes;
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
  const auto dtype = std::find(kDtypes.begin(), kDtypes.end(), frame.dtype);
  if (dtype == kDtypes.end()) throw Error("shared frames have no " + dtypeName(frame.dtype));
  if (frame.iteration.size() > kMostZones)
    throw Error("shared frames lie in at most " + std::to_string(kMostZones) + " zones");
  if (payload.size() > mostBytes_ ||
      payload.size() != bytesFor(frame.width, frame.height, frame.channels, frame.dtype))
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
  plain.dtype = static_cast<uint32_t>(dtype - kDtypes.begin());
  plain.bytes = payload.size();
  plain.written = now();
  plain.stepSeconds = frame.stepSeconds;
  std::memcpy(buffer + kPlain, reinterpret_cast<const std::byte*>(&plain) + kPlain, sizeof plain - kPlain);
  std::memcpy(buffer + kHead, payload.data(), payload.size());
  head->stamp.store(2 * generation, std::memory_order_release);
  reinterpret_cast<RingHead*>(data_)->newest.store(generation, std::memory_order_release);
  return generation;
}

SharedFramesReader::SharedFramesReader(const std::filesystem::path& path) {
  std::string name = "\"";
  name += path.string() + "\"";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) fail("cannot read " + name);
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
  if (plain.generation != generation || plain.depth > kMostZones || plain.dtype >= kDtypes.size() ||
      plain.bytes > mostBytes_ ||
      plain.bytes != bytesFor(plain.width, plain.height, plain.channels, kDtypes[plain.dtype]))
    throw Error("a shared frame is not what its header says");
  read.frame = {.generation = generation,
                .iteration = {plain.iteration, plain.iteration + plain.depth},
                .width = plain.width,
                .height = plain.height,
                .channels = plain.channels,
                .dtype = kDtypes[plain.dtype],
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
