#pragma once
// What is looked at in one run: ports whose frames or statistics are kept, and live previews. Fixed ones are
// named before the run and computed whatever the caches hold; others come and go while it runs. Any thread.
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "app/cli/composite_observer.h"
#include "app/worker/live_previews.h"
#include "app/worker/params.h"
#include "app/worker/run_events.h"
#include "engine/run/live_probes.h"
#include "engine/run/recorder.h"

namespace loom {

struct ProbeRequest {
  enum class Kind { record, statistics, preview };
  std::string port;
  Kind kind = Kind::record;
  RecordRule rule;  // of a recording
  PreviewOptions preview;
};

struct WatchOptions {
  std::vector<ProbeRequest> fixed;
  size_t mostBytes = size_t{512} << 20;         // of frames in memory
  uint64_t mostDiskBytes = uint64_t{16} << 30;  // beyond it every second one goes
  std::filesystem::path folder;                 // for frames that do not fit
};

class RunWatch {
 public:
  static constexpr size_t kMost = 256;

  /// Throws RpcError, as add() does.
  RunWatch(WatchOptions options, std::shared_ptr<const Plan> plan, RunEvents& events,
           LivePreviews::Told told);

  /// Throws RpcError that says which ports there are.
  void add(const ProbeRequest& request);
  /// False: it was not looked at so. What was kept of it goes.
  bool remove(const std::string& port, ProbeRequest::Kind kind);
  /// [{"port", "kind"}], of previews with the path of their "slot".
  nlohmann::json describe() const;

  const LiveProbes& live() const { return live_; }
  std::vector<std::string> fixedPorts() const;
  Observer& observer() { return observer_; }
  /// Waits until all that has happened has been told.
  void settle() { previews_.settle(); }

  bool records(const std::string& port) const { return has(port, ProbeRequest::Kind::record); }
  bool counts(const std::string& port) const { return has(port, ProbeRequest::Kind::statistics); }
  std::vector<std::string> recorded() const;
  std::vector<Recorder::FrameInfo> frames(const std::string& port) const { return recorder_.frames(port); }
  Value frame(const std::string& port, std::span<const int64_t> iteration) const {
    return recorder_.frame(port, iteration);
  }
  std::vector<Recorder::Row> statistics(const std::string& port) const { return recorder_.statistics(port); }
  int64_t every(const std::string& port) const { return recorder_.every(port); }
  size_t bytes() const { return recorder_.bytes(); }
  uint64_t diskBytes() const { return recorder_.diskBytes(); }

 private:
  using Probe = std::pair<std::string, ProbeRequest::Kind>;
  Recorder::Options recorderOptions(const WatchOptions& options, RunEvents& events) const;
  bool has(const std::string& port, ProbeRequest::Kind kind) const;
  void check(const std::string& port) const;
  void begin(const ProbeRequest& request);

  std::shared_ptr<const Plan> plan_;
  Recorder recorder_;
  LivePreviews previews_;
  CompositeObserver observer_;
  LiveProbes live_;
  mutable std::mutex mutex_;
  std::map<Probe, RecordRule> probes_;
  std::set<std::string> fixed_;
};

const char* nameOf(ProbeRequest::Kind kind);

/// "as", "side", "samples", "low", "high".
PreviewOptions previewFrom(Params& params);
/// The fields of a probe but for "kind": "port", and those that go with the kind.
ProbeRequest probeFrom(Params& params, ProbeRequest::Kind kind);
/// "node.port" or an object of these fields.
ProbeRequest probeFrom(const nlohmann::json& value, ProbeRequest::Kind kind, const std::string& where);

}  // namespace loom
