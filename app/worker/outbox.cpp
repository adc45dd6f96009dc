#include "app/worker/outbox.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "app/worker/rpc.h"

namespace loom {

Outbox::Outbox(Options options)
    : options_(std::move(options)), wake_(eventfd(0, EFD_CLOEXEC)), thread_([this] { write(); }) {}

Outbox::~Outbox() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  changed_.notify_all();
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t told = ::write(wake_, &one, sizeof one);
  thread_.join();
  close(wake_);
}

void Outbox::send(const nlohmann::json& message) { add(Kind::sure, "", lineOf(message) + "\n"); }
void Outbox::newest(const std::string& key, const nlohmann::json& message) {
  add(Kind::newest, key, lineOf(message) + "\n");
}
void Outbox::news(const nlohmann::json& message) { add(Kind::news, "", lineOf(message) + "\n"); }

void Outbox::add(Kind kind, std::string key, std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (broken_ || end_) return;
    // The newer one goes to the end: what is told never lies before what happened earlier.
    if (const auto found = byKey_.find(key); kind == Kind::newest && found != byKey_.end())
      erase(found->second);
    if (kind == Kind::sure) sureBytes_ += line.size();
    entries_.push_back({kind, key, std::move(line)});
    if (kind == Kind::newest) byKey_[key] = std::prev(entries_.end());
    if (kind == Kind::news && ++news_ > options_.mostNews)
      for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
        if (entry->kind == Kind::news) {
          erase(entry);
          ++dropped_;
          break;
        }
  }
  changed_.notify_all();
}

void Outbox::erase(Entries::iterator entry) {
  if (entry->kind == Kind::newest) byKey_.erase(entry->key);
  if (entry->kind == Kind::news) --news_;
  if (entry->kind == Kind::sure) sureBytes_ -= entry->line.size();
  entries_.erase(entry);
}

bool Outbox::waitForRoom(double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                           [&] { return sureBytes_ <= options_.mostBytes || broken_ || end_; });
}

bool Outbox::flush(double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                           [&] { return (entries_.empty() && !writing_) || broken_; });
}

uint64_t Outbox::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

void Outbox::write() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return end_ || !entries_.empty(); });
    if (end_) return;
    std::string line;
    if (dropped_ > 0) {
      line = lineOf(rpcNotification("dropped", {{"count", dropped_}})) + "\n";
      dropped_ = 0;
    }
    line += entries_.front().line;
    erase(entries_.begin());
    writing_ = true;
    lock.unlock();
    changed_.notify_all();
    const bool written = writeAll(line);
    lock.lock();
    writing_ = false;
    if (written) {
      changed_.notify_all();
      continue;
    }
    const bool told = end_;
    broken_ = true;
    entries_.clear();
    byKey_.clear();
    sureBytes_ = news_ = 0;
    lock.unlock();
    changed_.notify_all();
    if (!told && options_.broken) options_.broken();
    return;
  }
}

// Waits in poll(), so that the object can end while the client does not read.
bool Outbox::writeAll(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd files[2] = {{options_.file, POLLOUT, 0}, {wake_, POLLIN, 0}};
    if (poll(files, 2, -1) < 0 && errno != EINTR) return false;
    if (files[1].revents) return false;
    if (files[0].revents & (POLLERR | POLLNVAL)) return false;
    if (!(files[0].revents & (POLLOUT | POLLHUP))) continue;
    // A pipe that is ready has room for PIPE_BUF bytes; more might wait in write() itself.
    const ssize_t count = ::write(options_.file, bytes.data(), std::min<size_t>(bytes.size(), 4096));
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count <= 0) continue;
    bytes.remove_prefix(static_cast<size_t>(count));
    const std::lock_guard lock(mutex_);
    written_ += static_cast<uint64_t>(count);
  }
  return true;
}

}  // namespace loom
