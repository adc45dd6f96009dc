#pragma once
// The two descriptors by which a worker speaks with its client.
#include <string>

namespace loom {

/// Standard input and output, out of reach of everything else: whatever prints to standard output from then
/// on comes to standard error.
class StandardChannel {
 public:
  StandardChannel();
  ~StandardChannel();
  int in() const { return in_; }
  int out() const { return out_; }

 private:
  int in_, out_;
};

/// A Unix socket that one client of the same user connects to. The path goes when the object does.
class SocketChannel {
 public:
  /// Throws Error: a path that is taken, too long, can't be made. A socket that nobody serves is replaced.
  explicit SocketChannel(std::string path);
  ~SocketChannel();
  SocketChannel(const SocketChannel&) = delete;
  SocketChannel& operator=(const SocketChannel&) = delete;

  /// Waits for a client of this user; others are turned away. False: `wake` became readable first.
  bool accept(int wake);
  int file() const { return client_; }

 private:
  std::string path_;
  int listening_ = -1, client_ = -1;
};

}  // namespace loom
