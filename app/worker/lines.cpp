#include "app/worker/lines.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace loom {
namespace {

constexpr size_t kPiece = size_t{64} << 10;
constexpr size_t kKept = size_t{1} << 20;  // a buffer larger than this goes back after its line

}  // namespace

LineReader::LineReader(int file, size_t mostBytes)
    : file_(file), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), mostBytes_(mostBytes) {}

LineReader::~LineReader() {
  close(wake_);
  if (process_ >= 0) close(process_);
}

void LineReader::wake() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t told = ::write(wake_, &one, sizeof one);
}

bool LineReader::watchProcess(int id) {
  const int opened = static_cast<int>(syscall(SYS_pidfd_open, id, 0));
  if (opened < 0) return errno == ENOSYS;  // a kernel without it: the end of the stream tells, too
  if (process_ >= 0) close(process_);
  process_ = opened;
  return true;
}

bool LineReader::hungUp() const {
  pollfd file{file_, POLLIN, 0};
  return poll(&file, 1, 0) > 0 && (file.revents & (POLLHUP | POLLERR)) != 0;
}

// The next whole line of the buffer.
bool LineReader::take(std::string_view& line) {
  const size_t end = buffer_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = buffer_.size();
    return false;
  }
  line = std::string_view(buffer_).substr(begin_, end - begin_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  begin_ = searched_ = end + 1;
  return true;
}

bool LineReader::fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched_ = buffer_.size();
    if (buffer_.capacity() > kKept && buffer_.size() < kKept) buffer_.shrink_to_fit();
  }
  const size_t size = buffer_.size();
  buffer_.resize(size + kPiece);
  ssize_t count;
  do count = read(file_, buffer_.data() + size, kPiece);
  while (count < 0 && errno == EINTR);
  buffer_.resize(size + (count > 0 ? static_cast<size_t>(count) : 0));
  if (count < 0 && errno == EAGAIN) return true;
  return count > 0;
}

LineReader::Event LineReader::next(std::string_view& line) {
  while (true) {
    if (take(line)) {
      if (!skipping_) {
        if (line.size() <= mostBytes_) return Event::line;
        return Event::tooLong;
      }
      skipping_ = false;
      return Event::tooLong;
    }
    if (buffer_.size() - begin_ > mostBytes_) {
      skipping_ = true;
      buffer_ = {};
      begin_ = searched_ = 0;
    } else if (skipping_) {
      buffer_.clear();
      begin_ = searched_ = 0;
    }
    if (ended_) return Event::end;
    pollfd files[3] = {{file_, POLLIN, 0}, {wake_, POLLIN, 0}, {process_, POLLIN, 0}};
    if (poll(files, process_ >= 0 ? 3 : 2, -1) < 0 && errno != EINTR) return Event::end;
    if (files[1].revents) {
      uint64_t count;
      [[maybe_unused]] const ssize_t told = read(wake_, &count, sizeof count);
      return Event::woken;
    }
    if (process_ >= 0 && files[2].revents) return Event::peerGone;
    // What stands before the end without a newline is no line.
    if (files[0].revents && !fill()) ended_ = true;
  }
}

}  // namespace loom
