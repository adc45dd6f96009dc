#pragma once
// Writing a file so that its name never shows anything half-written: bytes go to ".NAME.partial-N.EXT" in
// the same folder, reach the disk, and then take the name in one step. Where that fails the partial file is
// removed and an Error says which file, how much room it needs and what to do. A partial file that a killed
// process left behind is taken over or removed by the next write of the same target.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace loom {

/// What a file's content survives: a kill of this process, or a power cut too, which costs some
/// milliseconds a file.
enum class Durability { power_cut, kill };

/// One file being written, by one thread. Gone without commit(), it leaves nothing.
class AtomicFile {
 public:
  struct Options {
    uint64_t bytes = 0;  // final size where known: a full disk is then told before the work
    Durability durability = Durability::power_cut;
  };
  explicit AtomicFile(std::filesystem::path target) : AtomicFile(std::move(target), Options{}) {}
  AtomicFile(std::filesystem::path target, Options options);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Flushes to the disk and takes the target's name, replacing what was there.
  void commit();

  /// Where the bytes are until commit(), for libraries that write by name; keeps the target's extension.
  const std::filesystem::path& partial() const { return partial_; }
  const std::filesystem::path& target() const { return target_; }

 private:
  void openPartial();
  void reserve();
  void flush();
  [[noreturn]] void fail(int error);
  void discard() noexcept;

  std::filesystem::path target_, partial_;
  Options options_;
  uint64_t written_ = 0;
  bool reserved_ = false;
  int file_ = -1;
};

/// The whole content at once.
void writeAtomically(const std::filesystem::path& target, std::span<const std::byte> bytes);
void writeAtomically(const std::filesystem::path& target, std::string_view text);

}  // namespace loom
