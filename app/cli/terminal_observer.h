#pragma once
// Progress for a person: one line at the bottom of the terminal, redrawn a few times a second by a thread of
// its own, so that long steps show too and short ones cost nothing. Without a bar only messages are written.
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "app/cli/progress_line.h"
#include "engine/run/observer.h"

namespace loom {

class TerminalObserver final : public Observer {
 public:
  struct Options {
    std::FILE* stream = stderr;
    bool bar = false;           // the stream is a terminal
    bool messages = true;       // what nodes have to say
    std::string unit = "step";  // what the outermost zone counts
  };
  explicit TerminalObserver(Options options);
  ~TerminalObserver() override;

  void nodeStarted(const std::string& path) override;
  void nodeFinished(const std::string& path, double seconds, bool fromCache) override;
  void zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) override;
  void stepFinished(const StepEvent& event) override;
  void zoneFinished(const std::string& path, int depth) override;
  void progress(const std::string& node, int64_t done, int64_t total) override;
  void log(const std::string& node, const std::string& message) override;

  /// Takes the line away for good. Called by the destructor too.
  void finish();

 private:
  double now() const;
  void draw();   // with the lock held
  void erase();  // with the lock held
  void keepDrawing();

  Options options_;
  std::mutex mutex_;
  std::vector<ZoneProgress> zones_;
  NodeProgress node_;
  std::string drawn_;
  bool ended_ = false;
  std::condition_variable wake_;
  std::thread drawer_;
};

}  // namespace loom
