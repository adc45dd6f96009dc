#include "engine/files/sha256.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

namespace loom {
namespace {

void mix(std::array<uint32_t, 8>& state, const std::byte* blocks, size_t count) {
  static const bool fast = detail::sha256HasFast();
  detail::sha256Blocks(state, blocks, count, fast);
}

std::mutex knownMutex;
std::map<FileIdentity, std::string>& known() {
  static std::map<FileIdentity, std::string> map;
  return map;
}

}  // namespace

Sha256& Sha256::add(std::span<const std::byte> bytes) {
  const size_t held = length_ % block_.size();
  length_ += bytes.size();
  if (held > 0) {
    const size_t taken = std::min(bytes.size(), block_.size() - held);
    std::memcpy(block_.data() + held, bytes.data(), taken);
    bytes = bytes.subspan(taken);
    if (held + taken < block_.size()) return *this;
    mix(state_, block_.data(), 1);
  }
  const size_t whole = bytes.size() / block_.size();
  mix(state_, bytes.data(), whole);
  bytes = bytes.subspan(whole * block_.size());
  std::copy(bytes.begin(), bytes.end(), block_.begin());
  return *this;
}

std::string Sha256::hex() {
  // A one bit, zeros, and the length in bits fill the last block (5.1.1).
  const uint64_t bits = __builtin_bswap64(length_ * 8);
  constexpr std::array<std::byte, 64> padding{std::byte{0x80}};
  add(std::span(padding).first(1 + (119 - length_ % 64) % 64));
  add(std::as_bytes(std::span(&bits, 1)));
  std::string text;
  for (const uint32_t word : state_)
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  return text;
}

std::string sha256(std::span<const std::byte> bytes) { return Sha256().add(bytes).hex(); }

std::string sha256OfFile(const std::filesystem::path& path, const CancelToken* cancel) {
  const auto file = MappedFile::open(path);
  {
    const std::lock_guard lock(knownMutex);
    if (const auto found = known().find(file->identity()); found != known().end()) return found->second;
  }
  constexpr size_t kPiece = size_t{8} << 20;  // between two looks at the cancel token
  Sha256 hash;
  for (auto rest = file->bytes(); !rest.empty(); rest = rest.subspan(std::min(rest.size(), kPiece))) {
    if (cancel) cancel->check();
    hash.add(rest.first(std::min(rest.size(), kPiece)));
  }
  const std::lock_guard lock(knownMutex);
  return known()[file->identity()] = hash.hex();
}

std::map<FileIdentity, std::string> knownSha256() {
  const std::lock_guard lock(knownMutex);
  return known();
}

void learnSha256(const std::map<FileIdentity, std::string>& earlier) {
  const std::lock_guard lock(knownMutex);
  known().insert(earlier.begin(), earlier.end());
}

}  // namespace loom
