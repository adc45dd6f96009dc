#pragma once
// SHA-256 (FIPS 180-4), to name a weight file in a result's provenance. Our own: the standard is fixed, its
// published vectors test the whole of it, and the runner must build on a bare server without OpenSSL's
// headers.
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "engine/core/cancel.h"
#include "engine/files/mapped_file.h"

namespace loom {

class Sha256 {
 public:
  Sha256& add(std::span<const std::byte> bytes);
  /// 64 hexadecimal digits. The object is used up.
  std::string hex();

 private:
  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> block_{};
  uint64_t length_ = 0;  // bytes added
};

std::string sha256(std::span<const std::byte> bytes);

/// Of a file's content. Remembered for the life of the process as long as the file's identity (device, inode,
/// size, modification time) stays; safe to call from any thread. Throws Error, Cancelled.
std::string sha256OfFile(const std::filesystem::path& path, const CancelToken* cancel = nullptr);

/// What sha256OfFile() has learnt, and a way to tell it what an earlier process learnt. What the process
/// knows itself goes first.
std::map<FileIdentity, std::string> knownSha256();
void learnSha256(const std::map<FileIdentity, std::string>& known);

namespace detail {
/// Mixes whole 64-byte blocks into the state; `fast` says whether the processor's own instructions may be
/// used.
void sha256Blocks(std::array<uint32_t, 8>& state, const std::byte* blocks, size_t count, bool fast);
bool sha256HasFast();
}  // namespace detail

}  // namespace loom
