#pragma once
// SHA-256 of weight files, remembered from one call of the program to the next: a file of some gigabytes is
// read for its hash once, not at every run. One small text file, a line a hash: device, inode, size, time of
// change in nanoseconds, hash. What does not look like that is passed over; a lost update costs one reading.
#include <filesystem>

namespace loom {

inline constexpr size_t kMostHashes = 4096;  // the file keeps those that were last learnt

/// Tells sha256OfFile() what `file` holds. Never throws: a file that can't be used is as good as none.
void recallHashes(const std::filesystem::path& file) noexcept;

/// Adds to `file` what sha256OfFile() has learnt since, in one step, and keeps what other processes put
/// there. Never throws. Files that changed within the last two seconds are left out: they might change again
/// within one tick of the clock.
void keepHashes(const std::filesystem::path& file) noexcept;

}  // namespace loom
