#include "app/worker/run_events.h"

#include "app/cli/json_observer.h"
#include "app/worker/rpc.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr size_t kMostFiles = 100'000;

}  // namespace

void RunEvents::nodeStarted(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    node_ = path;
  }
  outbox_.newest(run_ + " node " + path,
                 rpcNotification("run.node", {{"run", run_}, {"node", path}, {"state", "started"}}));
}

void RunEvents::nodeFinished(const std::string& path, double seconds, bool fromCache) {
  {
    const std::lock_guard lock(mutex_);
    if (node_ == path) node_.clear();
  }
  outbox_.newest(run_ + " node " + path,
                 rpcNotification("run.node", {{"run", run_},
                                              {"node", path},
                                              {"state", fromCache ? "cached" : "finished"},
                                              {"seconds", seconds}}));
}

void RunEvents::zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) {
  {
    const std::lock_guard lock(mutex_);
    const auto [at, isNew] = zones_.try_emplace(path);
    Zone& zone = at->second;
    zone = {.begun = isNew ? first : zone.begun,
            .first = first,
            .done = first,
            .count = count,
            .depth = depth,
            .pace = {},
            .began = now()};
    zone.pace.start(now(), first);
    at_.resize(std::min(at_.size(), static_cast<size_t>(depth - 1)));
    at_.push_back(path);
  }
  if (depth > 1 && !rate_.due("zone " + path)) return;
  outbox_.newest(run_ + " zone " + path, rpcNotification("run.zone", {{"run", run_},
                                                                      {"zone", path},
                                                                      {"state", "started"},
                                                                      {"first", first},
                                                                      {"count", count},
                                                                      {"depth", depth}}));
}

void RunEvents::stepFinished(const StepEvent& event) {
  json message{{"run", run_},
               {"zone", event.zone},
               {"iteration", std::vector<int64_t>(event.iteration.begin(), event.iteration.end())},
               {"done", event.done},
               {"count", event.count}};
  {
    const std::lock_guard lock(mutex_);
    Zone& zone = zones_[event.zone];
    zone.done = event.done;
    zone.pace.step(now(), event.done);
    const bool last = event.depth == 1 && event.done == event.count;
    if (!rate_.due("step " + event.zone) && !last) return;
    message["seconds"] = now() - zone.began;
    if (const auto left = zone.pace.left(now(), event.count)) message["left"] = *left;
  }
  outbox_.newest(run_ + " step " + event.zone, rpcNotification("run.step", std::move(message)));
}

void RunEvents::paused() {
  const std::lock_guard lock(mutex_);
  pausedAt_ = now();
}

void RunEvents::resumed() {
  const std::lock_guard lock(mutex_);
  for (auto& [path, zone] : zones_) {
    zone.began += now() - pausedAt_;
    zone.pace.start(now(), zone.done);
  }
}

void RunEvents::zoneFinished(const std::string& path, int depth) {
  if (depth > 1) {
    const std::lock_guard lock(mutex_);
    at_.resize(std::min(at_.size(), static_cast<size_t>(depth - 1)));
    return;
  }
  json message{{"run", run_}, {"zone", path}, {"state", "finished"}};
  {
    const std::lock_guard lock(mutex_);
    message["seconds"] = now() - zones_[path].began;
  }
  outbox_.newest(run_ + " zone " + path, rpcNotification("run.zone", std::move(message)));
}

void RunEvents::progress(const std::string& node, int64_t done, int64_t total) {
  if (rate_.due("progress " + node) || done == total)
    outbox_.newest(
        run_ + " progress " + node,
        rpcNotification("run.progress", {{"run", run_}, {"node", node}, {"done", done}, {"total", total}}));
}

void RunEvents::log(const std::string& node, const std::string& message) {
  outbox_.news(rpcNotification("run.log", {{"run", run_}, {"node", node}, {"message", message}}));
}

void RunEvents::produced(const std::string& node, const std::filesystem::path& file) {
  {
    const std::lock_guard lock(mutex_);
    const std::string name = file.string();
    if (files_.size() < kMostFiles && known_.insert(name).second) files_.push_back(name);
  }
  outbox_.news(rpcNotification("run.file", {{"run", run_}, {"node", node}, {"file", file.string()}}));
}

void RunEvents::statistics(const std::string& port, const Recorder::Row& row) {
  json message = describeRow(row);
  message["run"] = run_;
  message["port"] = port;
  outbox_.news(rpcNotification("run.statistics", std::move(message)));
}

void RunEvents::preview(const LivePreviews::Frame& frame) {
  outbox_.newest(run_ + " preview " + frame.port,
                 rpcNotification("run.preview", {{"run", run_},
                                                 {"port", frame.port},
                                                 {"iteration", frame.iteration},
                                                 {"generation", frame.generation},
                                                 {"slot", frame.slot},
                                                 {"width", frame.preview.width},
                                                 {"height", frame.preview.height},
                                                 {"as", previewKindName(frame.preview.kind)},
                                                 {"low", frame.preview.low},
                                                 {"high", frame.preview.high}}));
}

std::map<std::string, RunEvents::Zone> RunEvents::zones() const {
  const std::lock_guard lock(mutex_);
  return zones_;
}

json RunEvents::at() const {
  const std::lock_guard lock(mutex_);
  if (at_.empty()) return nullptr;
  const auto described = [this](const std::string& path) {
    const Zone& zone = zones_.at(path);
    return json{{"zone", path}, {"done", zone.done}, {"count", zone.count}};
  };
  json at = described(at_.front());
  for (size_t i = 1; i < at_.size(); ++i) at["inner"].push_back(described(at_[i]));
  return at;
}

json RunEvents::zonesJson() const {
  const std::lock_guard lock(mutex_);
  json all = json::array();
  for (const auto& [path, zone] : zones_) {
    json described{{"zone", path},
                   {"first", zone.first},
                   {"done", zone.done},
                   {"count", zone.count},
                   {"depth", zone.depth}};
    if (const auto left = zone.pace.left(now(), zone.count)) described["left"] = *left;
    all.push_back(std::move(described));
  }
  return all;
}

std::vector<std::string> RunEvents::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

std::string RunEvents::node() const {
  const std::lock_guard lock(mutex_);
  return node_;
}

}  // namespace loom
