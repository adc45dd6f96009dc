#pragma once
// Who does a job: OUT/.jobs/<name>.lock, held by one process for as long as it works on it. Any number of
// processes, on any machines that share the folder, may ask for the same job at once; one gets it.
//
// On one machine the lock itself (flock) tells: it goes with its process, however that ends. On a network
// file system flock reaches other machines (NFS 4, NFS 3 with lockd) or does not (nolock, some FUSE); so the
// file also names its owner, who touches it every few seconds while it lives. A lock file of another machine
// counts as held until it has not been touched for kSilence seconds, by the clock of the file server. Where
// there are no locks at all, owners of this machine are known by their process, and two that take over the
// same dead owner's job in the same moment may both do it; its files are then written twice, each whole.
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace loom {

/// The claims of one process; keeps them alive. Safe from any thread.
class Claims {
 public:
  struct Options {
    std::filesystem::path folder;  // made when first needed
    double touchSeconds = 10;
    double silenceSeconds = 60;
    bool locks = true;  // false: as if the file system knew none (tests)
  };
  class Claim {
   public:
    /// Gives the job free: its lock file goes.
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    friend class Claims;
    Claim(Claims& claims, std::filesystem::path path, int file);
    Claims& claims_;
    std::filesystem::path path_;
    int file_;
  };

  explicit Claims(Options options);
  ~Claims();
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  /// Null while another process has it. Throws Error where the folder can't be written.
  std::unique_ptr<Claim> claim(const std::string& name);
  /// Whether some process has it now; claims nothing.
  bool isHeld(const std::string& name) const;
  /// Removes what a dead owner left of a job that nobody needs any more.
  void tidy(const std::string& name);

 private:
  int lock(int file, bool made) const;  // errno, 0 where it is locked
  bool ownerLives(int file, bool locked) const;
  std::string ownerText() const;
  void keepTouching();

  Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::set<int> held_;
  bool ended_ = false;
  std::thread toucher_;
};

}  // namespace loom
