#include "app/batch/claim.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

#include "engine/core/error.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int kTries = 20;      // for a lock file that goes while it is opened
constexpr double kUnnamed = 2;  // seconds in which a living owner has written its name
// How long a file's maker waits for who looks at it, which on a busy machine takes its time. Less than the
// above, after which the file is another's to take; who gives up leaves it to nobody until then.
constexpr std::chrono::milliseconds kMakerWaits(1000);

std::string hostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && *name ? name : "unknown";
}

// When it began, in clock ticks since the machine did: a process number alone is given again.
std::string startOf(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t name = text.rfind(')');
  if (name == std::string::npos) return "";
  std::istringstream fields(text.substr(name + 1));
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field;
  return field;
}

bool sameFile(int file, const fs::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(file, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

// By the clock that stamps its files: a new one's time is the present.
double secondsSilent(int file, const fs::path& folder) {
  struct stat then {
  }, now{};
  std::string probe = (folder / ".clock-XXXXXX").string();
  const int made = ::mkostemp(probe.data(), O_CLOEXEC);
  if (made < 0) return 0;
  const bool told = ::fstat(made, &now) == 0 && ::fstat(file, &then) == 0;
  ::unlink(probe.c_str());
  ::close(made);
  if (!told) return 0;
  return static_cast<double>(now.st_mtim.tv_sec - then.st_mtim.tv_sec) +
         1e-9 * static_cast<double>(now.st_mtim.tv_nsec - then.st_mtim.tv_nsec);
}

}  // namespace

Claims::Claims(Options options) : options_(std::move(options)) {
  toucher_ = std::thread([this] { keepTouching(); });
}

Claims::~Claims() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  toucher_.join();
}

void Claims::keepTouching() {
  std::unique_lock lock(mutex_);
  const auto every = std::chrono::duration<double>(options_.touchSeconds);
  while (!wake_.wait_for(lock, every, [this] { return ended_; }))
    for (const int file : held_) ::futimens(file, nullptr);
}

std::string Claims::ownerText() const {
  return hostName() + " " + std::to_string(::getpid()) + " " + startOf(::getpid()) + "\n";
}

bool Claims::ownerLives(int file, bool locked) const {
  char text[512] = {};
  if (::pread(file, text, sizeof text - 1, 0) <= 0) {
    // Made a moment ago by one that is about to lock it, or to write its name, or died between the two.
    return secondsSilent(file, options_.folder) < (locked ? kUnnamed : options_.silenceSeconds);
  }
  std::istringstream fields(text);
  std::string host, start;
  pid_t process = 0;
  fields >> host >> process >> start;
  if (host != hostName()) return secondsSilent(file, options_.folder) < options_.silenceSeconds;
  if (locked) return false;  // it would hold the lock
  return process > 0 && (::kill(process, 0) == 0 || errno == EPERM) && startOf(process) == start;
}

// Who only looks holds the lock for a moment; the file's maker waits for that.
int Claims::lock(int file, bool made) const {
  if (!options_.locks) return ENOLCK;
  const auto until = std::chrono::steady_clock::now() + kMakerWaits;
  for (;;) {
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno != EWOULDBLOCK || !made || std::chrono::steady_clock::now() > until) return errno;
    ::usleep(1000);
  }
}

std::unique_ptr<Claims::Claim> Claims::claim(const std::string& name) {
  const fs::path path = options_.folder / (name + ".lock");
  std::error_code error;
  fs::create_directories(options_.folder, error);
  for (int i = 0; i < kTries; ++i) {
    int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    const bool mine = file >= 0;
    if (!mine && errno == EEXIST) {
      file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
      if (file < 0 && errno == ENOENT) continue;
    }
    if (file < 0)
      throw Error("the job " + name + " can't be claimed: " + path.string() + ": " + std::strerror(errno));
    const int result = lock(file, mine);
    const bool busy = result == EWOULDBLOCK, locked = result == 0;
    const bool gone = !busy && !sameFile(file, path);
    if (busy || gone || (!mine && ownerLives(file, locked))) {
      ::close(file);
      if (!gone) return nullptr;
      continue;
    }
    if (!mine && !locked) {  // nothing but its making tells who has it: made anew
      ::unlink(path.c_str());
      ::close(file);
      continue;
    }
    const std::string owner = ownerText();
    if (::ftruncate(file, 0) != 0 ||
        ::pwrite(file, owner.data(), owner.size(), 0) != static_cast<ssize_t>(owner.size())) {
      const std::string why = std::strerror(errno);
      ::unlink(path.c_str());
      ::close(file);
      throw Error("the job " + name + " can't be claimed: " + path.string() + ": " + why);
    }
    return std::unique_ptr<Claim>(new Claim(*this, path, file));
  }
  return nullptr;
}

bool Claims::isHeld(const std::string& name) const {
  const fs::path path = options_.folder / (name + ".lock");
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;
  const int result = lock(file, false);
  const bool held = result == EWOULDBLOCK || ownerLives(file, result == 0);
  ::close(file);
  return held;
}

void Claims::tidy(const std::string& name) {
  std::error_code ignored;
  if (fs::exists(options_.folder / (name + ".lock"), ignored)) claim(name);
}

Claims::Claim::Claim(Claims& claims, fs::path path, int file)
    : claims_(claims), path_(std::move(path)), file_(file) {
  const std::lock_guard lock(claims_.mutex_);
  claims_.held_.insert(file_);
}

Claims::Claim::~Claim() {
  {
    const std::lock_guard lock(claims_.mutex_);
    claims_.held_.erase(file_);
  }
  ::unlink(path_.c_str());
  ::close(file_);
}

}  // namespace loom
