#pragma once
// A client's session with the worker: reads requests, has each done where it may take its time, answers. See
// app/worker/PROTOCOL.md. Methods are in session_graphs.cpp, session_runs.cpp, session_values.cpp and
// session_device.cpp.
#include <atomic>
#include <optional>

#include "app/worker/lane.h"
#include "app/worker/lines.h"
#include "app/worker/rpc.h"
#include "app/worker/run_shop.h"
#include "app/worker/session_folder.h"
#include "app/worker/shared_tensors.h"

namespace loom {

inline constexpr int kProtocol = 1;

class Session {
 public:
  struct Options {
    int in = 0, out = 1;  // descriptors of the client, not owned
    PolicyRequest policy;
    size_t cacheBytes = size_t{2} << 30;
    uint64_t diskCacheBytes = uint64_t{4} << 30;
  };
  Session(const Registry& registry, Options options);
  ~Session();

  /// Until the client ends or asks to. False: a node still runs, and the process is to be left as it is.
  bool run();
  /// Ends run(); from a signal handler too.
  void end() noexcept;
  /// What lies on disk goes; for a process that is left without destructors.
  void removeFolder() noexcept { folder_.remove(); }

 private:
  enum class Where { here, graphs, values };
  struct Method {
    Where where;
    nlohmann::json (Session::*call)(Params&);
  };
  static const std::map<std::string, Method>& methods();

  bool roomForMore();
  void take(std::string_view line);
  void dispatch(const RpcRequest& request);
  void answer(const RpcRequest& request, const Method& method);
  void send(const RpcRequest& request, const nlohmann::json& message);
  void tick();
  bool leave();

  // session.cpp
  nlohmann::json hello(Params& params);
  nlohmann::json shutdown(Params& params);
  // session_graphs.cpp
  nlohmann::json nodes(Params& params);
  nlohmann::json graphSubmit(Params& params);
  nlohmann::json graphCheck(Params& params);
  nlohmann::json graphSet(Params& params);
  nlohmann::json graphForget(Params& params);
  nlohmann::json graphList(Params& params);
  nlohmann::json graphText(Params& params);
  // session_runs.cpp
  nlohmann::json runStart(Params& params);
  nlohmann::json runPause(Params& params);
  nlohmann::json runStep(Params& params);
  nlohmann::json runTo(Params& params);
  nlohmann::json runContinue(Params& params);
  nlohmann::json runStop(Params& params);
  nlohmann::json runStatus(Params& params);
  nlohmann::json runList(Params& params);
  nlohmann::json runForget(Params& params);
  nlohmann::json runMove(Params& params);
  nlohmann::json runSteps(Params& params);
  nlohmann::json probe(Params& params);
  nlohmann::json unprobe(Params& params);
  // session_values.cpp
  struct Named {
    Value value;
    std::string what;
    nlohmann::json fields;  // of the answer
  };
  Named namedValue(Params& params);
  nlohmann::json frames(Params& params);
  nlohmann::json tensor(Params& params);
  nlohmann::json release(Params& params);
  nlohmann::json preview(Params& params);
  nlohmann::json statistics(Params& params);
  nlohmann::json outputs(Params& params);
  nlohmann::json diff(Params& params);
  // session_device.cpp
  nlohmann::json device(Params& params);
  nlohmann::json cacheClear(Params& params);
  nlohmann::json memory() const;

  const Registry& registry_;
  const Options options_;
  LineReader reader_;
  SessionFolder folder_;
  Outbox outbox_;
  SharedTensors shared_;
  Graphs graphs_;
  RunShop shop_;
  std::atomic<bool> greeted_{false}, ending_{false};
  Lane graphLane_, valueLane_;

  std::mutex tickMutex_;
  std::condition_variable tickChanged_;
  std::thread ticker_;
};

}  // namespace loom
