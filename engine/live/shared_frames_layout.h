#pragma once
// The bytes that shared_frames_reader.h describes, for the two that know them: the ring's writer and its
// reader.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/live/shared_frames_reader.h"

namespace loom::frames {

inline constexpr char kMagic[8] = {'N', 'L', 'F', 'R', 'A', 'M', 'E', 'S'};
inline constexpr uint32_t kVersion = 1;
inline constexpr uint64_t kPage = 4096, kHead = 256;
inline constexpr uint64_t kMostBytes = uint64_t{1} << 40;
inline constexpr uint32_t kMostBuffers = 64;
inline constexpr size_t kMostZones = 8;

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
inline constexpr size_t kPlain = offsetof(BufferHead, generation);

/// Bytes of one number; 0 for a dtype the layout does not have.
inline uint64_t bytesOf(FrameDtype dtype) {
  switch (dtype) {
    case FrameDtype::uint8:
    case FrameDtype::boolean:
      return 1;
    case FrameDtype::float16:
    case FrameDtype::bfloat16:
      return 2;
    case FrameDtype::float32:
    case FrameDtype::int32:
      return 4;
    case FrameDtype::float64:
    case FrameDtype::int64:
      return 8;
  }
  return 0;
}

/// Payload bytes that a header asks for; 0 where they are out of any range.
inline uint64_t payloadBytes(uint64_t width, uint64_t height, uint64_t channels, FrameDtype dtype) {
  uint64_t bytes = bytesOf(dtype);
  for (const uint64_t side : {width, height, channels})
    if (__builtin_mul_overflow(bytes, side, &bytes) || bytes > kMostBytes) return 0;
  return bytes;
}

}  // namespace loom::frames
