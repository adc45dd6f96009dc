#pragma once
// All runs of a worker: made, executed in turn, steered, forgotten. start() is called on the thread of the
// calls that deal with graphs; the rest from any thread.
#include <map>
#include <memory>
#include <mutex>

#include "app/worker/graphs.h"
#include "app/worker/worker_run.h"
#include "engine/run/disk_cache.h"

namespace loom {

/// Where a run pauses: "zone", if it is there, and "done", a step from 1 up or a list: steps done of the
/// zones around it and, last, its own. Takes all that the parameters have, and refuses others.
Control::Place pausePlace(Params& params);
/// Refuses what is no place in the plan.
void requirePause(const Control::Place& place, const Plan& plan, const std::string& where);

class RunShop {
 public:
  static constexpr size_t kMost = 64;

  struct Options {
    const Registry& registry;
    Outbox& outbox;
    std::filesystem::path folder;  // of the session
    PolicyRequest policy;          // where a run does not say
    size_t cacheBytes = size_t{2} << 30;
    uint64_t diskCacheBytes = 0;  // 0: none
    std::function<void()> changed;
  };
  explicit RunShop(Options options);
  ~RunShop();

  /// run.start
  nlohmann::json start(const HeldGraph& graph, Params& params);
  /// Throws RpcError for an unknown id.
  std::shared_ptr<WorkerRun> find(const std::string& id) const;
  /// Of a run that is not over: stops it first. Does not wait for it.
  void forget(const std::string& id);
  void move(const std::string& id, int64_t place);
  nlohmann::json list() const;

  void stopAll();
  /// False: some still run after so long.
  bool waitAll(double seconds);

  /// Lets go of forgotten runs that are over. Called now and then.
  void sweep();

  bool computing() const;
  /// In memory; on disk too where asked for. Runs that go on put their results anew.
  void clearCache(bool disk);
  size_t cachedBytes() const;
  uint64_t recordedBytes() const;
  uint64_t recordedDiskBytes() const;

 private:
  // Shared by runs of one policy: another one's may differ in the last digits under the same key.
  struct Results {
    Results(size_t bytes, std::optional<DiskCache::Options> disk) : cache(bytes, open(std::move(disk))) {}
    DiskCache* open(std::optional<DiskCache::Options> disk) {
      if (disk) store = std::make_unique<DiskCache>(std::move(*disk));
      return store.get();
    }
    std::unique_ptr<DiskCache> store;
    Cache cache;
  };
  std::shared_ptr<Cache> cacheFor(const PreparedGraph& graph);
  RunPlan planFor(const HeldGraph& graph, Params& params, const std::string& id);
  void forkFrom(Params& fork, RunPlan& plan, GraphRequest& request);
  WatchOptions watchFrom(Params& params, const RunPlan& plan) const;

  Options options_;
  Turns turns_;
  std::shared_ptr<Results> results_;
  std::string owner_;  // whose they are
  mutable std::mutex mutex_;
  std::map<int64_t, std::shared_ptr<WorkerRun>> runs_;
  std::vector<std::shared_ptr<WorkerRun>> forgotten_;  // until their threads are done
  int64_t count_ = 0;
};

}  // namespace loom
