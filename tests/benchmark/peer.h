#pragma once
// The other program of the benchmark: a child process that answers a line with a line.
#include <cstdio>
#include <string>

namespace loom::bench {

class Peer {
 public:
  /// Starts `python peer.py`; throws std::runtime_error when it does not answer.
  Peer(const std::string& python, const std::string& script);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  std::string ask(const std::string& line);

 private:
  int process_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

}  // namespace loom::bench
