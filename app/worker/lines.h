#pragma once
// Lines from a descriptor, none longer than a bound: what is beyond it is read and thrown away, so that a
// client that writes without end takes no memory. One thread reads; wake() may come from any, and from a
// signal handler.
#include <cstddef>
#include <string>
#include <string_view>

namespace loom {

class LineReader {
 public:
  enum class Event { line, tooLong, end, woken, peerGone };

  /// `file` is not owned.
  LineReader(int file, size_t mostBytes);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Waits for the next; `line` holds until the next call. peerGone: the process of watchProcess() has ended.
  Event next(std::string_view& line);
  /// next() gives `woken` once.
  void wake() const;
  /// A process by whose end the reading ends too. False: there is none of this id.
  bool watchProcess(int id);
  /// The other end has been closed, whatever has not been read yet.
  bool hungUp() const;

 private:
  bool take(std::string_view& line);
  bool fill();

  int file_, wake_, process_ = -1;
  size_t mostBytes_;
  std::string buffer_;
  size_t begin_ = 0, searched_ = 0;
  bool skipping_ = false, ended_ = false;
};

}  // namespace loom
