#include "app/worker/session.h"

#include <unistd.h>

#include "app/cli/provenance.h"
#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr size_t kMostWaiting = 256;  // calls of one lane
constexpr const char* kTooLong = "a line has at most 64 MiB";
static_assert(kMostLineBytes == size_t{64} << 20);
constexpr double kAsk = 0.2;       // seconds between looks at a client that does not read
constexpr double kMostUnread = 5;  // seconds that one who has hung up is waited for
constexpr double kMostLane = 2, kMostRun = 3, kMostFlush = 1, kMostLeaving = 10;  // seconds, when leaving

// Half of what the machine has: what is shared is a copy.
uint64_t mostShared() {
  const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES));
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 2;
}

}  // namespace

const std::map<std::string, Session::Method>& Session::methods() {
  static const std::map<std::string, Method> all{
      {"hello", {Where::here, &Session::hello}},
      {"shutdown", {Where::here, &Session::shutdown}},
      {"nodes", {Where::graphs, &Session::nodes}},
      {"graph.submit", {Where::graphs, &Session::graphSubmit}},
      {"graph.check", {Where::graphs, &Session::graphCheck}},
      {"graph.set", {Where::graphs, &Session::graphSet}},
      {"graph.forget", {Where::graphs, &Session::graphForget}},
      {"graph.list", {Where::graphs, &Session::graphList}},
      {"graph.text", {Where::graphs, &Session::graphText}},
      {"run.start", {Where::graphs, &Session::runStart}},
      {"run.pause", {Where::here, &Session::runPause}},
      {"run.step", {Where::here, &Session::runStep}},
      {"run.runTo", {Where::here, &Session::runTo}},
      {"run.continue", {Where::here, &Session::runContinue}},
      {"run.stop", {Where::here, &Session::runStop}},
      {"run.status", {Where::here, &Session::runStatus}},
      {"run.list", {Where::here, &Session::runList}},
      {"run.forget", {Where::here, &Session::runForget}},
      {"run.move", {Where::here, &Session::runMove}},
      {"run.steps", {Where::values, &Session::runSteps}},
      {"probe", {Where::here, &Session::probe}},
      {"unprobe", {Where::here, &Session::unprobe}},
      {"frames", {Where::values, &Session::frames}},
      {"tensor", {Where::values, &Session::tensor}},
      {"release", {Where::here, &Session::release}},
      {"preview", {Where::values, &Session::preview}},
      {"statistics", {Where::values, &Session::statistics}},
      {"outputs", {Where::values, &Session::outputs}},
      {"diff", {Where::values, &Session::diff}},
      {"device", {Where::here, &Session::device}},
      {"cache.clear", {Where::values, &Session::cacheClear}},
  };
  return all;
}

Session::Session(const Registry& registry, Options options)
    : registry_(registry),
      options_(std::move(options)),
      reader_(options_.in, kMostLineBytes),
      outbox_({.file = options_.out, .broken = [this] { end(); }}),
      shared_(mostShared()),
      graphs_(registry),
      shop_({.registry = registry,
             .outbox = outbox_,
             .folder = folder_.path(),
             .policy = options_.policy,
             .cacheBytes = options_.cacheBytes,
             .diskCacheBytes = options_.diskCacheBytes,
             .changed = [this] { tickChanged_.notify_all(); }}),
      graphLane_(kMostWaiting),
      valueLane_(kMostWaiting),
      ticker_([this] { tick(); }) {}

Session::~Session() {
  ending_ = true;
  tickChanged_.notify_all();
  ticker_.join();
}

void Session::end() noexcept {
  ending_ = true;
  reader_.wake();
}

bool Session::run() {
  while (!ending_ && roomForMore()) {
    std::string_view line;
    switch (reader_.next(line)) {
      case LineReader::Event::line:
        take(line);
        break;
      case LineReader::Event::tooLong:
        outbox_.send(rpcFailure(nullptr, RpcError(RpcCode::tooLong, kTooLong)));
        break;
      case LineReader::Event::woken:
        break;
      case LineReader::Event::end:
      case LineReader::Event::peerGone:
        ending_ = true;
        break;
    }
  }
  return leave();
}

// A client that asks without reading the answers is asked nothing further of; the run goes on.
bool Session::roomForMore() {
  double unread = 0;
  uint64_t written = outbox_.written();
  while (!outbox_.waitForRoom(kAsk)) {
    if (ending_) return false;
    unread = reader_.hungUp() && written == outbox_.written() ? unread + kAsk : 0;
    written = outbox_.written();
    if (unread > kMostUnread) return false;
  }
  return true;
}

void Session::take(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  json id;
  try {
    dispatch(parseRequest(line, id));
  } catch (const RpcError& error) {
    outbox_.send(rpcFailure(id, error));
  } catch (const std::exception& error) {
    outbox_.send(rpcFailure(id, rpcErrorOf(error, RpcCode::internal)));
  }
}

void Session::dispatch(const RpcRequest& request) {
  const auto found = methods().find(request.method);
  if (found == methods().end()) {
    std::string names;
    for (const auto& [name, method] : methods()) names += (names.empty() ? "" : ", ") + name;
    throw RpcError(RpcCode::method,
                   "there is no method \"" + shortened(request.method) + "\"; there are: " + names);
  }
  if (!greeted_ && request.method != "hello")
    throw RpcError(RpcCode::hello, "say hello first: {\"method\": \"hello\", \"params\": {\"protocol\": 1}}");
  const Method& method = found->second;
  if (method.where == Where::here) return answer(request, method);
  Lane& lane = method.where == Where::graphs ? graphLane_ : valueLane_;
  if (!lane.add([this, request, &method] { answer(request, method); }))
    throw RpcError(RpcCode::limit, "too many calls are waiting to be done; wait for some of the answers");
}

void Session::answer(const RpcRequest& request, const Method& method) {
  try {
    Params params(request.params, request.method);
    send(request, rpcResult(request.id, (this->*method.call)(params)));
  } catch (const std::exception& error) {
    send(request, rpcFailure(request.id, rpcErrorOf(error, RpcCode::failed)));
  }
}

void Session::send(const RpcRequest& request, const json& message) {
  if (!request.notification) outbox_.send(message);
}

// What is told without having been asked for, and what is put away when nobody looks.
void Session::tick() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds every{1};
  uint64_t told = 0;
  Clock::time_point last = Clock::now() - every;
  while (!ending_) {
    shop_.sweep();
    if (greeted_ && Clock::now() - last >= every) {
      json now = memory();
      const uint64_t process = now["process"];
      if (shop_.computing() || process != told)
        outbox_.newest("memory", rpcNotification("memory", std::move(now)));
      told = process;
      last = Clock::now();
    }
    std::unique_lock lock(tickMutex_);
    tickChanged_.wait_for(lock, every);
  }
}

bool Session::leave() {
  ending_ = true;
  const auto start = std::chrono::steady_clock::now();
  const auto left = [&](double most) {
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - start;
    return std::max(0.0, most - gone.count());
  };
  shop_.stopAll();
  bool done = graphLane_.drain(left(kMostLane));
  shop_.stopAll();  // what was started meanwhile
  done = valueLane_.drain(left(kMostLane)) && done;
  done = shop_.waitAll(left(kMostRun)) && done;
  // Who still reads gets all answers.
  for (uint64_t before = ~uint64_t{0}; !outbox_.flush(kMostFlush) && left(kMostLeaving) > 0;) {
    const uint64_t written = outbox_.written();
    if (written == before) break;
    before = written;
  }
  return done;
}

json Session::hello(Params& params) {
  const std::string client = params.text("client", "");
  const int64_t protocol = params.integer("protocol", 1, 1'000'000);
  const int64_t process = params.integer("pid", 0, 1, std::numeric_limits<int>::max());
  params.done();
  if (protocol != kProtocol) {
    RpcError error(RpcCode::hello, "this worker speaks protocol " + std::to_string(kProtocol) + ", not " +
                                       std::to_string(protocol));
    error.more["protocol"] = kProtocol;
    throw error;
  }
  if (process > 0 && !reader_.watchProcess(static_cast<int>(process)))
    params.refuse("pid", "is no process that runs");
  const Policy policy = decidePolicy(options_.policy);
  greeted_ = true;
  return {{"protocol", kProtocol},
          {"program", "Noiseloom"},
          {"version", programVersion()},
          {"torch", torchVersion()},
          {"device", deviceName(policy)},
          {"dtype", computeName(policy)},
          {"threads", policy.threads > 0 ? policy.threads : usualThreads()},
          {"pid", getpid()},
          {"folder", folder_.path().string()},
          {"memory", memory()},
          {"limits",
           {{"line", kMostLineBytes},
            {"depth", kMostRequestDepth},
            {"graphs", Graphs::kMost},
            {"runs", RunShop::kMost},
            {"probes", RunWatch::kMost},
            {"tensors", SharedTensors::kMost},
            {"calls", kMostWaiting}}}};
}

json Session::shutdown(Params& params) {
  params.done();
  ending_ = true;
  return json::object();
}

}  // namespace loom
