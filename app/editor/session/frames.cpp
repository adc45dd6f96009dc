#include "app/editor/session/frames.h"

#include <QTimer>
#include <algorithm>
#include <set>

#include "app/editor/session/frame_fetch.h"
#include "app/editor/session/frame_store.h"
#include "app/editor/session/live_slots.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr int kLiveSide = 128, kLiveSamples = 4;
constexpr int kReadEvery = 16;             // milliseconds, of live pictures
constexpr int64_t kMostUnasked = 1 << 20;  // numbers of one frame

double numberOf(const json& row, const char* name) {
  const auto found = row.find(name);
  return found != row.end() && found->is_number() ? found->get<double>() : 0;
}

StatisticsRow rowFrom(const json& row) {
  StatisticsRow result;
  if (const auto found = row.find("iteration"); found != row.end() && found->is_array())
    result.iteration = found->get<Iteration>();
  result.min = numberOf(row, "min");
  result.max = numberOf(row, "max");
  result.mean = numberOf(row, "mean");
  result.std = numberOf(row, "std");
  result.norm = numberOf(row, "norm");
  result.count = static_cast<int64_t>(numberOf(row, "count"));
  result.nan = static_cast<int64_t>(numberOf(row, "nan"));
  result.inf = static_cast<int64_t>(numberOf(row, "inf"));
  return result;
}

}  // namespace

class Frames::Implementation : public QObject {
 public:
  Implementation(Frames& owner, WorkerClient& worker)
      : owner_(owner),
        worker_(worker),
        fetch_(
            worker, store_, [this](const QString& run) { return workerRunOf(run); },
            [this](const QString& run, const std::string& port) { tell(run, port); }) {
    reading_.setSingleShot(true);
    connect(&reading_, &QTimer::timeout, this, [this] { readLive(); });
    connect(&worker, &WorkerClient::notification, this,
            [this](const QString& method, const json& params) { heard(method, params); });
    connect(&worker, &WorkerClient::stateChanged, this, [this] {
      if (worker_.state() == WorkerClient::State::gone || worker_.state() == WorkerClient::State::failed)
        workerGone();
    });
  }

  QString workerRunOf(const QString& run) const {
    const auto found = runs_.find(run);
    return found == runs_.end() ? QString() : found->second.workerRun;
  }

  FramePort* portOf(const QString& run, const std::string& port) {
    const auto found = runs_.find(run);
    if (found == runs_.end()) return nullptr;
    const auto at = found->second.ports.find(port);
    return at == found->second.ports.end() ? nullptr : &at->second;
  }

  void tell(const QString& run, const std::string& port) {
    Q_EMIT owner_.changed(run, QString::fromStdString(port));
  }

  // --- what there is ---

  void follow(const QString& id, const QString& workerRun, const std::vector<std::string>& watched,
              const QString& parent, const Steps& forkedAt) {
    FrameRun& run = runs_[id];
    run.workerRun = workerRun;
    run.parent = parent;
    if (!workerRun.isEmpty()) byWorker_[workerRun] = id;
    for (const std::string& name : watched) run.ports[name].watched = true;
    const auto from = runs_.find(parent);
    if (from == runs_.end() || forkedAt.empty()) return;
    for (auto& [name, port] : run.ports) {
      const auto theirs = from->second.ports.find(name);
      if (theirs == from->second.ports.end()) continue;
      const auto before = [&](const Iteration& at) { return !at.empty() && Steps::after(at) <= forkedAt; };
      for (const auto& [at, entry] : theirs->second.entries)
        if (before(at)) port.entries.try_emplace(at, entry);
      for (const auto& [at, row] : theirs->second.statistics)
        if (before(at)) port.statistics.try_emplace(at, row);
      tell(id, name);
    }
  }

  FrameEntryPtr entryAt(FramePort& port, const Iteration& at) {
    FrameEntryPtr& entry = port.entries[at];
    if (!entry) entry = store_.make();
    return entry;
  }

  // Pictures are small, and what was seen of a run stays; numbers only as long as they are small too: those
  // of large tensors are fetched when somebody looks at them.
  void fetch(const QString& run, const std::string& port, const Iteration& at, const FrameEntryPtr& entry,
             int64_t numbers) {
    if (numbers == 1) return;  // its statistics have told it
    if (numbers <= kMostUnasked)
      fetch_.ask({.run = run, .port = port, .iteration = at, .entry = entry, .values = true});
    fetch_.ask({.run = run, .port = port, .iteration = at, .entry = entry});  // goes first
  }

  // --- asking what there is ---

  void refresh(const QString& id) {
    const auto found = runs_.find(id);
    if (found == runs_.end() || found->second.workerRun.isEmpty()) return;
    for (auto& [name, port] : found->second.ports)
      if (port.watched) refresh(id, name, port);
  }

  void refresh(const QString& id, const std::string& name, FramePort& port) {
    if (std::exchange(port.listing, true)) {
      port.listAgain = true;
      return;
    }
    const json params{{"run", workerRunOf(id).toStdString()}, {"port", name}};
    worker_.call(
        "frames", params, this, [this, id, name](const json& answer) { listed(id, name, answer); },
        [this, id, name](const WorkerError&) { listed(id, name, json::object()); });
    worker_.call(
        "statistics", params, this,
        [this, id, name](const json& answer) {
          FramePort* port = portOf(id, name);
          if (!port || !answer.contains("rows")) return;
          for (const json& row : answer["rows"]) {
            const StatisticsRow read = rowFrom(row);
            port->statistics[read.iteration] = read;
          }
          tell(id, name);
        },
        [](const WorkerError&) {});
  }

  void listed(const QString& id, const std::string& name, const json& answer) {
    FramePort* port = portOf(id, name);
    if (!port) return;
    port->listing = false;
    std::set<Iteration> kept;
    if (const auto frames = answer.find("frames"); frames != answer.end() && frames->is_array()) {
      for (const json& frame : *frames) {
        const auto at = frame.value("iteration", Iteration{});
        kept.insert(at);
        if (!port->entries.contains(at)) adopt(id, name, *port, at, frame.value("run", ""));
        const FrameEntryPtr entry = entryAt(*port, at);
        for (FrameEntry::Part* part : {&entry->picture, &entry->number})
          part->refused = false, part->tries = 0;
        int64_t numbers = 1;
        for (const int64_t size : frame.value("shape", Iteration{}))
          numbers *= std::clamp<int64_t>(size, 0, 1 << 20);
        fetch(id, name, at, entry, numbers);
      }
      // Told of, but not kept: thinned out to stay within what the worker may hold.
      std::erase_if(port->entries, [&](const auto& each) {
        return !kept.contains(each.first) && !each.second->thumbnail && !each.second->values;
      });
    }
    if (std::exchange(port->listAgain, false)) refresh(id, name, *port);
    tell(id, name);
  }

  // A step that another run computed is that run's entry.
  void adopt(const QString& id, const std::string& name, FramePort& port, const Iteration& at,
             const std::string& workerRun) {
    const auto owner = byWorker_.find(QString::fromStdString(workerRun));
    if (owner == byWorker_.end() || owner->second == id) return;
    FramePort* theirs = portOf(owner->second, name);
    if (!theirs) return;
    const auto found = theirs->entries.find(at);
    if (found != theirs->entries.end()) port.entries[at] = found->second;
  }

  // --- notifications ---

  void heard(const QString& method, const json& params) {
    if (method == QLatin1String("dropped")) {
      for (const auto& [id, run] : runs_) refresh(id);
      return;
    }
    const auto run = byWorker_.find(QString::fromStdString(params.value("run", "")));
    if (run == byWorker_.end()) return;
    if (method == QLatin1String("run.statistics")) statistics(run->second, params);
    if (method == QLatin1String("run.preview")) preview(run->second, params);
  }

  void statistics(const QString& id, const json& params) {
    const std::string name = params.value("port", "");
    FramePort* port = portOf(id, name);
    if (!port || !port->watched) return;
    const StatisticsRow row = rowFrom(params);
    port->statistics[row.iteration] = row;
    // A fork goes another way from here on: what the parent had is not this run's.
    const FrameEntryPtr entry = entryAt(*port, row.iteration);
    // What is asked for while it goes on is taken from its time: pictures of what is shown live are there
    // already, and numbers come when it rests, or when somebody looks at them.
    if (port->slot.empty() && row.count != 1)
      fetch_.ask({.run = id, .port = name, .iteration = row.iteration, .entry = entry, .fresh = true});
    tell(id, name);
  }

  void preview(const QString& id, const json& params) {
    const std::string name = params.value("port", "");
    FramePort& port = runs_[id].ports[name];
    port.slot = params.value("slot", "");
    Told told;
    told.like.as = params.value("as", "");
    told.like.low = static_cast<float>(numberOf(params, "low"));
    told.like.high = static_cast<float>(numberOf(params, "high"));
    told.generation = static_cast<uint64_t>(numberOf(params, "generation"));
    toRead_[{id, name}] = std::move(told);
    if (!reading_.isActive()) reading_.start(kReadEvery);
  }

  void readLive() {
    for (const auto& [key, told] : std::exchange(toRead_, {})) {
      FramePort* port = portOf(key.first, key.second);
      if (!port) continue;
      auto live = slots_.read(key.first, key.second, port->slot, port->generation, told.like);
      if (!live) continue;
      // It is the picture of its step too, unless it is newer than what was told of it.
      if (port->watched && live->generation == told.generation)
        if (const FrameEntryPtr entry = entryAt(*port, live->iteration); !entry->thumbnail)
          store_.put(entry, live->picture);
      port->live = std::move(live->picture);
      port->liveIteration = std::move(live->iteration);
      port->generation = live->generation;
      tell(key.first, key.second);
    }
  }

  // --- the end ---

  void lost(const QString& id) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) return;
    byWorker_.erase(found->second.workerRun);
    found->second.workerRun.clear();
    for (auto& [name, port] : found->second.ports) port.listing = port.listAgain = false;
    slots_.close(id);
  }

  void workerGone() {
    readLive();  // the memory is there as long as somebody holds it
    fetch_.forgetAll();
    slots_.closeAll();
    byWorker_.clear();
    for (auto& [id, run] : runs_) {
      run.workerRun.clear();
      for (auto& [name, port] : run.ports) {
        port.listing = port.listAgain = false;
        port.slot.clear();
        // Told of and never seen.
        std::erase_if(port.entries,
                      [](const auto& each) { return !each.second->thumbnail && !each.second->values; });
      }
    }
  }

  Frames& owner_;
  WorkerClient& worker_;
  FrameStore store_;
  FrameFetch fetch_;
  LiveSlots slots_;
  std::map<QString, FrameRun> runs_;
  std::map<QString, QString> byWorker_;
  struct Told {
    Picture like;
    uint64_t generation = 0;
  };
  std::map<std::pair<QString, std::string>, Told> toRead_;  // what was told of the newest live picture
  QTimer reading_;
};

Frames::Frames(WorkerClient& worker, QObject* parent)
    : QObject(parent), implementation_(std::make_unique<Implementation>(*this, worker)) {}

Frames::~Frames() = default;

void Frames::follow(const QString& run, const QString& workerRun, std::vector<std::string> watched,
                    const QString& parent, const Steps& forkedAt) {
  implementation_->follow(run, workerRun, watched, parent, forkedAt);
}

void Frames::refresh(const QString& run) { implementation_->refresh(run); }
void Frames::lost(const QString& run) { implementation_->lost(run); }

void Frames::forget(const QString& run) {
  implementation_->lost(run);
  implementation_->runs_.erase(run);
}

std::vector<std::string> Frames::ports(const QString& run) const {
  std::vector<std::string> result;
  const auto found = implementation_->runs_.find(run);
  if (found == implementation_->runs_.end()) return result;
  for (const auto& [name, port] : found->second.ports)
    if (port.watched) result.push_back(name);
  return result;
}

std::vector<Iteration> Frames::iterations(const QString& run, const std::string& port) const {
  std::vector<Iteration> result;
  if (const FramePort* found = implementation_->portOf(run, port))
    for (const auto& [at, entry] : found->entries) result.push_back(at);
  return result;
}

PicturePtr Frames::thumbnail(const QString& run, const std::string& port, const Iteration& iteration) {
  FramePort* found = implementation_->portOf(run, port);
  if (!found) return {};
  const auto at = found->entries.find(iteration);
  if (at == found->entries.end()) return {};
  if (at->second->thumbnail)
    implementation_->store_.used(at->second);
  else
    implementation_->fetch_.ask(
        {.run = run, .port = port, .iteration = iteration, .entry = at->second, .urgent = true});
  return at->second->thumbnail;
}

ValuesPtr Frames::values(const QString& run, const std::string& port, const Iteration& iteration) {
  FramePort* found = implementation_->portOf(run, port);
  if (!found) return {};
  const auto at = found->entries.find(iteration);
  if (at == found->entries.end()) return {};
  if (at->second->values)
    implementation_->store_.used(at->second);
  else
    implementation_->fetch_.ask({.run = run,
                                 .port = port,
                                 .iteration = iteration,
                                 .entry = at->second,
                                 .values = true,
                                 .urgent = true});
  return at->second->values;
}

std::vector<StatisticsRow> Frames::statistics(const QString& run, const std::string& port) const {
  std::vector<StatisticsRow> result;
  if (const FramePort* found = implementation_->portOf(run, port))
    for (const auto& [at, row] : found->statistics) result.push_back(row);
  return result;
}

PicturePtr Frames::live(const QString& run, const std::string& port) const {
  const FramePort* found = implementation_->portOf(run, port);
  return found ? found->live : nullptr;
}

Iteration Frames::liveIteration(const QString& run, const std::string& port) const {
  const FramePort* found = implementation_->portOf(run, port);
  return found ? found->liveIteration : Iteration{};
}

std::optional<Iteration> Frames::nearest(const QString& run, const std::string& port,
                                         const Iteration& iteration) const {
  const FramePort* found = implementation_->portOf(run, port);
  if (!found || found->entries.empty()) return {};
  if (found->entries.contains(iteration)) return iteration;
  // All that begins with `iteration` comes right before the first that is beyond it.
  Iteration beyond = iteration;
  if (!beyond.empty()) ++beyond.back();
  auto next = beyond.empty() ? found->entries.end() : found->entries.lower_bound(beyond);
  if (next == found->entries.begin()) return {};
  return std::prev(next)->first;
}

void Frames::watch(const QString& run, const std::string& port) {
  const QString workerRun = implementation_->workerRunOf(run);
  FramePort& watched = implementation_->runs_[run].ports[port];
  watched.watched = true;
  implementation_->tell(run, port);
  if (workerRun.isEmpty()) return;
  const json params{{"run", workerRun.toStdString()}, {"port", port}};
  for (const char* kind : {"statistics", "record"}) {
    json with = params;
    with["kind"] = kind;
    implementation_->worker_.call(
        "probe", with, this,
        [this, run, last = std::string(kind) == "record"](const json&) {
          if (last) refresh(run);
        },
        [](const WorkerError&) {});
  }
}

void Frames::unwatch(const QString& run, const std::string& port) {
  FramePort* watched = implementation_->portOf(run, port);
  if (!watched) return;
  watched->watched = false;
  watched->entries.clear();
  watched->statistics.clear();
  implementation_->tell(run, port);
  const QString workerRun = implementation_->workerRunOf(run);
  if (workerRun.isEmpty()) return;
  for (const char* kind : {"record", "statistics"})
    implementation_->worker_.call("unprobe",
                                  {{"run", workerRun.toStdString()}, {"port", port}, {"kind", kind}}, this,
                                  {}, [](const WorkerError&) {});
}

void Frames::show(const QString& run, const std::string& port) {
  const QString workerRun = implementation_->workerRunOf(run);
  if (workerRun.isEmpty()) return;
  FramePort& shown = implementation_->runs_[run].ports[port];
  if (std::exchange(shown.shownAsked, true)) return;
  implementation_->worker_.call("probe",
                                {{"run", workerRun.toStdString()},
                                 {"port", port},
                                 {"kind", "preview"},
                                 {"side", kLiveSide},
                                 {"samples", kLiveSamples}},
                                this, {}, [](const WorkerError&) {});
}

size_t Frames::bytes() const { return implementation_->store_.bytes(); }
void Frames::setBudget(size_t bytes) { implementation_->store_.setBudget(bytes); }

}  // namespace loom::editor
