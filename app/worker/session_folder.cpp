#include "app/worker/session_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include <cstdlib>

#include "engine/core/error.h"
#include "engine/files/cache_folder.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLock = "lock";
constexpr const char* kPrefix = "worker-";

fs::path sessionsFolder() {
  const fs::path cache = cacheFolder();
  if (!cache.empty()) return cache / "sessions";
  return fs::temp_directory_path() / ("noiseloom-" + std::to_string(geteuid()));
}

// One without a lock is just being made, or was left in the moment that takes.
bool isOldWithoutLock(const fs::path& folder) {
  std::error_code error;
  const fs::file_time_type changed = fs::last_write_time(folder, error);
  return !error && fs::file_time_type::clock::now() - changed > std::chrono::hours(1);
}

void requireOwn(const fs::path& folder) {
  struct stat status {};
  if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
    throw Error("the folder " + folder.string() + " belongs to another user");
}

// A lock that nobody holds belongs to a worker that is gone.
void removeStale(const fs::path& sessions) {
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(sessions, ignored)) {
    if (!each.path().filename().string().starts_with(kPrefix) || each.is_symlink(ignored)) continue;
    const int lock = open((each.path() / kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0) {
      if (errno == ENOENT && isOldWithoutLock(each.path())) fs::remove_all(each.path(), ignored);
      continue;
    }
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) fs::remove_all(each.path(), ignored);
    close(lock);
  }
}

}  // namespace

SessionFolder::SessionFolder() {
  const fs::path sessions = sessionsFolder();
  makeCacheFolder(sessions);
  requireOwn(sessions);
  removeStale(sessions);
  std::string name = (sessions / (std::string(kPrefix) + std::to_string(getpid()) + "-XXXXXX")).string();
  if (!mkdtemp(name.data())) throw Error("a folder for this session can't be made: " + name);
  path_ = fs::canonical(name);
  // Locked before it has its name, so that no other worker takes it for a stale one.
  const fs::path making = path_ / "lock.new";
  lock_ = open(making.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) throw Error("the session's folder can't be locked");
  fs::rename(making, path_ / kLock);
}

void SessionFolder::remove() noexcept {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  path_.clear();
  if (lock_ >= 0) close(lock_);
  lock_ = -1;
}

}  // namespace loom
