#pragma once
// Frames in memory that processes of one machine share, and how to read them. Links no Torch: whoever looks
// at a run (an editor, say) is another process than the one that computes. Who writes them:
// engine/live/shared_frames.h.
//
// A ring of buffers, written by one thread and read by any number of processes. The newest frame wins; a slow
// reader slows nobody.
//
// Bytes, little endian; a reader in Python needs struct and mmap alone:
//
//   offset  type     what
//        0  8 bytes  "NLFRAMES"
//        8  u32      version of this layout, 1
//       12  u32      buffers, n
//       16  u64      bytes from one buffer to the next, a multiple of 4096
//       24  u64      most bytes of a payload
//       32  u64      generation of the newest frame: 1, 2, ...; 0: there is none yet
//     4096           buffer 0, then buffer 1, ...; the frame of generation G lies in buffer (G - 1) % n
//
// A buffer:
//        0  u64      stamp: 2 G while it holds the whole frame of generation G, odd while it is being written
//        8  u64      generation
//       16  i64 x 8  iteration, outermost zone first
//       80  u32      how many of these count
//       84  u32      width
//       88  u32      height
//       92  u32      channels
//       96  u32      dtype: 0 uint8, 1 float32, 2 float16, 3 bfloat16, 4 float64, 5 int64, 6 int32, 7 bool
//      100  u32      0
//      104  u64      bytes of the payload
//      112  f64      when it was written: seconds since 1970
//      120  f64      seconds that the step took; 0 where that is not known
//      128           zeroes
//      256           payload: rows from the top, channels innermost
//
// How to read: G = newest; stop if it is 0. Read the stamp of buffer (G - 1) % n; if it is not 2 G, begin
// again. Copy header and payload; read the stamp again; if it is no longer 2 G, begin again. The stamp, not
// the copy, tells that the frame is whole: sizes are to be believed only after the second look.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace loom {

/// What a payload's numbers are; these are the layout's numbers.
enum class FrameDtype : uint32_t { uint8, float32, float16, bfloat16, float64, int64, int32, boolean };

struct SharedFrame {
  uint64_t generation = 0;              // set by the writer
  std::vector<int64_t> iteration = {};  // at most 8
  uint32_t width = 0, height = 0, channels = 4;
  FrameDtype dtype = FrameDtype::uint8;
  double written = 0;      // seconds since 1970; set by the writer
  double stepSeconds = 0;  // 0: not known
};

/// A reader as any other process may be one. Checks all that it reads; a writer's memory is a stranger's.
class SharedFramesReader {
 public:
  /// Throws Error where there is none.
  explicit SharedFramesReader(const std::filesystem::path& path);
  ~SharedFramesReader();
  SharedFramesReader(const SharedFramesReader&) = delete;
  SharedFramesReader& operator=(const SharedFramesReader&) = delete;

  struct Read {
    SharedFrame frame;
    std::vector<std::byte> payload;
  };
  /// The newest frame, where it is newer than that generation. Empty too where the writer overtook it again
  /// and again while it was being copied.
  std::optional<Read> newest(uint64_t after = 0);

 private:
  bool copy(uint64_t generation, Read& read) const;

  const std::byte* data_ = nullptr;
  uint64_t size_ = 0, mostBytes_ = 0, stride_ = 0;
  uint32_t buffers_ = 0;
};

}  // namespace loom
