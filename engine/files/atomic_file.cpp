#include "engine/files/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "engine/core/error.h"

namespace loom {
namespace {

namespace fs = std::filesystem;

constexpr int kMostPartials = 64;  // writers of one target at a time

fs::path folderOf(const fs::path& target) {
  return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

fs::path partialName(const fs::path& target, int number) {
  // A name may have 255 bytes; ours adds some to the target's.
  const std::string name = target.filename().string().substr(0, 200);
  return folderOf(target) /
         ("." + name + ".partial-" + std::to_string(number) + target.extension().string().substr(0, 20));
}

/// Locks the open file and makes sure that its name still leads to it: another writer may have renamed or
/// removed it between our opening and our locking.
enum class Claim { mine, busy, gone };
Claim claim(int file, const fs::path& path) {
  // Some network file systems know no locks; there the partial file is taken to be ours.
  if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return Claim::busy;
  struct stat opened {
  }, named{};
  if (::fstat(file, &opened) != 0 || ::lstat(path.c_str(), &named) != 0) return Claim::gone;
  return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev ? Claim::mine : Claim::gone;
}

/// Removes partial files of writers that are no more, from this number up.
void removeAbandoned(const fs::path& target, int number) {
  for (; number < kMostPartials; ++number) {
    const fs::path path = partialName(target, number);
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return;
    if (claim(file, path) == Claim::mine) ::unlink(path.c_str());
    ::close(file);
  }
}

std::string freeSpace(const fs::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return "";
  return ", and " + std::to_string(uint64_t{disk.f_bavail} * disk.f_frsize) + " are free there";
}

std::string reason(int error, const fs::path& target, uint64_t needed) {
  const fs::path folder = folderOf(target);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return std::string(error == ENOSPC ? "the disk is full" : "the disk quota is used up") + ". It needs " +
             std::to_string(needed) + " bytes" + freeSpace(folder) + ". Free some space or write elsewhere";
    case EFBIG:
      return "its " + std::to_string(needed) +
             " bytes are more than a file may have here. Write elsewhere, or raise the limit (ulimit -f)";
    case ENOENT:
      return "there is no folder \"" + folder.string() + "\". Make it, or write elsewhere";
    case ENOTDIR:
      return "\"" + folder.string() + "\" is no folder";
    case EISDIR:
      return "a folder of that name is there. Choose another name";
    case EACCES:
    case EPERM:
    case EROFS:
      return "no permission to write in \"" + folder.string() + "\" (" + std::strerror(error) + ")";
    default:
      return std::strerror(error);
  }
}

}  // namespace

AtomicFile::AtomicFile(fs::path target, Options options) : target_(std::move(target)), options_(options) {
  if (!target_.has_filename()) throw Error("cannot write \"" + target_.string() + "\": it names no file");
  openPartial();
  reserve();
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::openPartial() {
  for (int number = 0; number < kMostPartials;) {
    partial_ = partialName(target_, number);
    file_ = ::open(partial_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (file_ < 0) fail(errno);
    const Claim claimed = claim(file_, partial_);
    if (claimed == Claim::mine) {
      removeAbandoned(target_, number + 1);
      if (::ftruncate(file_, 0) != 0) fail(errno);
      // A file that is replaced keeps its permissions.
      struct stat old {};
      if (::lstat(target_.c_str(), &old) == 0 && S_ISREG(old.st_mode) &&
          ::fchmod(file_, old.st_mode & 0777) != 0)
        fail(errno);
      return;
    }
    ::close(file_);
    file_ = -1;
    if (claimed == Claim::busy) ++number;
  }
  throw Error("cannot write \"" + target_.string() + "\": " + std::to_string(kMostPartials) +
              " others are writing it");
}

void AtomicFile::reserve() {
  if (options_.bytes == 0) return;
  // Not posix_fallocate: where the file system can't, that writes every block.
  int result = 0;
  do {
    result = ::fallocate(file_, 0, 0, static_cast<off_t>(options_.bytes));
  } while (result != 0 && errno == EINTR);
  if (result == 0)
    reserved_ = true;
  else if (errno != EOPNOTSUPP && errno != ENOSYS)
    fail(errno);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      options_.bytes = std::max<uint64_t>(options_.bytes, written_ + bytes.size());
      fail(errno);
    }
    written_ += static_cast<uint64_t>(count);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
}

void AtomicFile::flush() {
  if (reserved_ && ::ftruncate(file_, static_cast<off_t>(written_)) != 0) fail(errno);
  struct stat opened {
  }, named{};
  if (::fstat(file_, &opened) != 0 || ::lstat(partial_.c_str(), &named) != 0) fail(errno);
  if (opened.st_ino != named.st_ino) {  // a library wrote by name and made the file anew
    const int file = ::open(partial_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) fail(errno);
    ::close(file_);
    file_ = file;
  }
  options_.bytes = std::max<uint64_t>({options_.bytes, written_, static_cast<uint64_t>(named.st_size)});
  // What a late failure (delayed allocation, a network disk) would tell at close, it tells here.
  if (options_.durability == Durability::power_cut && ::fsync(file_) != 0) fail(errno);
}

void AtomicFile::commit() {
  flush();
  if (::rename(partial_.c_str(), target_.c_str()) != 0) fail(errno);
  partial_.clear();
  discard();
  if (options_.durability == Durability::kill) return;
  // The new name itself must survive a power cut; a folder that can't be flushed is no failure.
  const int folder = ::open(folderOf(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

void AtomicFile::fail(int error) {
  const std::string why = reason(error, target_, std::max(options_.bytes, written_));
  discard();
  throw Error("cannot write \"" + target_.string() + "\": " + why);
}

void AtomicFile::discard() noexcept {
  if (file_ < 0) return;
  if (!partial_.empty()) ::unlink(partial_.c_str());
  ::close(file_);  // and with it the lock
  file_ = -1;
}

void writeAtomically(const fs::path& target, std::span<const std::byte> bytes) {
  AtomicFile file(target, {.bytes = bytes.size()});
  file.write(bytes);
  file.commit();
}

void writeAtomically(const fs::path& target, std::string_view text) {
  writeAtomically(target, std::as_bytes(std::span(text)));
}

}  // namespace loom
