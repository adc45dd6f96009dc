#pragma once
// Previews of chosen ports while a run goes on, made on a thread of its own. Newest wins: a value that had no
// preview yet when the next one of its port came gets none. The run's thread never waits for a preview, nor
// makes one; it pays for handing a value over, well below a microsecond.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/live/preview.h"
#include "engine/run/observer.h"

namespace loom {

class Previewer final : public Observer {
 public:
  // Both are called on the previewer's thread; `refused` once for a port that can't be shown, until it is
  // added again.
  using Sink =
      std::function<void(const std::string& port, const std::vector<int64_t>& iteration, const Preview&)>;
  using Refused = std::function<void(const std::string& port, const std::string& why)>;
  struct Counts {
    uint64_t made = 0, dropped = 0, refused = 0;
  };

  explicit Previewer(Sink sink, Refused refused = {});
  /// Finishes the preview it is at; what waits is dropped.
  ~Previewer() override;

  // Any thread. A port added again is shown with the new options from then on.
  void add(const std::string& port, PreviewOptions options = {});
  /// No preview of it is begun any more; one that is being made still comes.
  void remove(const std::string& port);

  void probed(const ProbeEvent& event) override;
  /// Waits until every value handed over before has its preview, or was dropped.
  void settle();
  Counts counts() const;

 private:
  struct Port {
    PreviewOptions options;
    Value newest;  // that has no preview yet
    std::vector<int64_t> iteration;
    uint64_t asked = 0;  // grows each time it is added
    bool refused = false;
  };

  void make();
  void refuse(const std::string& port, uint64_t asked);
  std::map<std::string, Port>::iterator nextWaiting();

  const Sink sink_;
  const Refused refused_;
  std::atomic<size_t> asked_{0};  // ports; most runs are watched at none
  mutable std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::map<std::string, Port> ports_;
  std::string last_;  // port that was served last
  size_t waiting_ = 0;
  uint64_t asks_ = 0;
  Counts counts_;
  bool sleeping_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace loom
