#include "engine/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/core/error.h"

namespace loom {
namespace {

std::string quoted(const std::filesystem::path& path) {
  std::string text = path.string();
  text.insert(text.begin(), '"');
  return text += '"';
}

FileIdentity identityOf(const struct stat& status, const std::filesystem::path& path) {
  if (S_ISDIR(status.st_mode)) throw Error(quoted(path) + " is a folder; name a file in it");
  if (!S_ISREG(status.st_mode)) throw Error(quoted(path) + " is not a regular file");
  return {status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size),
          status.st_mtim.tv_sec * int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

[[noreturn]] void cannotRead(const std::filesystem::path& path, int error) {
  if (error == ENOENT) throw Error("there is no file " + quoted(path));
  throw Error("cannot read " + quoted(path) + ": " + std::strerror(error));
}

}  // namespace

FileIdentity identify(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) cannotRead(path, errno);
  return identityOf(status, path);
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // Non-blocking, so that a pipe in the file's place can't hold us up.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) cannotRead(path, errno);
  struct Closer {
    int file;
    ~Closer() { ::close(file); }
  } closer{file};
  struct stat status {};
  if (::fstat(file, &status) != 0) cannotRead(path, errno);

  std::shared_ptr<MappedFile> mapped(new MappedFile);
  mapped->path_ = path;
  mapped->identity_ = identityOf(status, path);
  if (status.st_size > 0) {
    // Writable and private, because torch has no read-only tensors: an in-place operation then copies a page
    // instead of ending the process. Without reserve, because next to no page will ever be copied.
    void* data = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_NORESERVE, file, 0);
    if (data == MAP_FAILED) cannotRead(path, errno);
    mapped->data_ = static_cast<std::byte*>(data);
  }
  return mapped;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(data_, static_cast<size_t>(identity_.size));
}

std::string MappedFile::name() const { return quoted(path_.filename()); }

}  // namespace loom
