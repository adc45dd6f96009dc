#pragma once
// Live previews of a run, in shared memory: for each port a slot (engine/live/shared_frames.h) of which a
// client reads the newest picture whenever it likes. Used from any thread.
#include <map>
#include <memory>
#include <mutex>

#include "engine/live/previewer.h"
#include "engine/live/shared_frames.h"

namespace loom {

class LivePreviews {
 public:
  struct Frame {
    const std::string& port;
    const std::vector<int64_t>& iteration;
    uint64_t generation;  // in its slot
    std::string slot;
    const Preview& preview;
  };
  /// Of each one that has been written; on the previewer's thread.
  using Told = std::function<void(const Frame&)>;

  LivePreviews(Told told, Previewer::Refused refused);

  /// A port added again has the new options, and a new slot where it needs a larger one. Throws Error.
  void add(const std::string& port, const PreviewOptions& options);
  /// Its slot goes; what a client has mapped stays there for it.
  void remove(const std::string& port);
  /// The path by which other processes open it; empty where there is none.
  std::string slotOf(const std::string& port) const;

  Observer& observer() { return previewer_; }
  void settle() { previewer_.settle(); }

 private:
  void write(const std::string& port, const std::vector<int64_t>& iteration, const Preview& preview);

  const Told told_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<SharedFrames>> slots_;
  Previewer previewer_;  // last: its thread ends first
};

}  // namespace loom
