#include <algorithm>

#include "app/editor/document/zone_places.h"
#include "app/editor/session/runs_implementation.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr size_t kMostEarly = 10'000;     // notifications of runs whose name is not known yet
constexpr qsizetype kMostLog = 2'000;     // lines
constexpr int kMostInWorker = 24;         // runs that are over
constexpr double kMostOfMemory = 1. / 8;  // for their recordings

QString text(const json& params, const char* name) {
  const auto found = params.find(name);
  return found != params.end() && found->is_string() ? QString::fromStdString(found->get<std::string>())
                                                     : QString();
}

int64_t whole(const json& params, const char* name, int64_t otherwise = 0) {
  const auto found = params.find(name);
  return found != params.end() && found->is_number() ? found->get<int64_t>() : otherwise;
}

std::optional<double> seconds(const json& params, const char* name) {
  const auto found = params.find(name);
  if (found == params.end() || !found->is_number()) return {};
  return found->get<double>();
}

}  // namespace

void Runs::Implementation::heard(const QString& method, const json& params) {
  if (method == QLatin1String("memory")) return letGoOfOld(params);
  const std::string workerRun = params.value("run", "");
  if (workerRun.empty()) return;
  if (const InfoPtr info = byWorker(workerRun)) return apply(info, method, params);
  if (starting_ > 0 && early_[workerRun].size() < kMostEarly) early_[workerRun].emplace_back(method, params);
}

void Runs::Implementation::apply(const InfoPtr& info, const QString& method, const json& params) {
  if (info->over()) return;
  if (method == QLatin1String("run.state")) {
    stateTold(info, params);
  } else if (method == QLatin1String("run.zone")) {
    zoneTold(info, params);
  } else if (method == QLatin1String("run.step")) {
    stepTold(info, params);
  } else if (method == QLatin1String("run.node")) {
    nodeTold(info, params);
  } else if (method == QLatin1String("run.log")) {
    const QString node = text(params, "node");
    say(info,
        node.isEmpty() ? text(params, "message") : node + QStringLiteral(": ") + text(params, "message"));
  } else if (method == QLatin1String("run.file")) {
    const QString file = text(params, "file");
    if (!file.isEmpty() && !info->files.contains(file)) info->files << file;
  } else {
    return;
  }
  tell(info);
}

void Runs::Implementation::stateTold(const InfoPtr& info, const json& params) {
  const auto state = stateNamed(params.value("state", ""));
  if (!state) return;
  if (const auto total = seconds(params, "seconds")) jobOf(*info).secondsBefore = *total;
  // Steps are told of now and then; where it stands now, at once.
  if (const auto at = params.find("at"); at != params.end() && at->is_object()) {
    const auto stands = [&](const json& told, int depth) {
      ZoneProgress& zone = info->zones[told.value("zone", "")];
      zone.done = whole(told, "done", zone.done);
      zone.count = whole(told, "count", zone.count);
      zone.depth = depth;
      zone.running = depth > 1 || zone.done < zone.count;
    };
    for (auto& [name, zone] : info->zones)
      if (zone.depth > 1) zone.running = false;
    int depth = 1;
    stands(*at, depth);
    if (const auto inner = at->find("inner"); inner != at->end() && inner->is_array())
      for (const json& each : *inner)
        if (each.is_object()) stands(each, ++depth);
  }
  if (const auto files = params.find("files"); files != params.end() && files->is_array()) {
    info->files.clear();
    for (const json& file : *files)
      if (file.is_string()) info->files << QString::fromStdString(file.get<std::string>());
  }
  if (const auto error = params.find("error"); error != params.end() && error->is_object())
    info->error = WorkerError{0, text(*error, "message"), text(*error, "node"), text(*error, "port")};
  setState(info, *state);
  if (const auto total = seconds(params, "seconds"); total && info->over()) info->seconds = *total;
}

void Runs::Implementation::setState(const InfoPtr& info, RunInfo::State state) {
  if (info->over() || info->state == state) return;
  count(info);
  Job& job = jobOf(*info);
  const bool begun = info->state == RunInfo::State::queued && state != RunInfo::State::queued;
  info->state = state;
  if (state == RunInfo::State::running) {
    job.computing.start();
    job.forkableTold = false;
  } else {
    job.computing.invalidate();
  }
  if (begun) std::erase(queue_, info->id);
  if (info->over()) {
    info->busyNode.clear();
    for (auto& [name, zone] : info->zones) zone.running = false;
    chooseThumbnail(info);
  }
  if (state == RunInfo::State::paused || info->over()) {
    frames_.refresh(info->id);
    askForkable(info);
    askStatus(info);
  }
  history_.save(*info);
  setBusy();
  tell(info);
  Q_EMIT owner_.listChanged();
  if (state == RunInfo::State::paused || info->over()) sendWaiting();  // some go on from where this one is
  if (state == RunInfo::State::failed || state == RunInfo::State::lost) Q_EMIT owner_.failed(info->id);
}

void Runs::Implementation::zoneTold(const InfoPtr& info, const json& params) {
  ZoneProgress& zone = info->zones[params.value("zone", "")];
  if (params.value("state", "") != "started") {
    zone.running = false;
    zone.left.reset();
    return;
  }
  zone = {};
  zone.first = zone.done = whole(params, "first");
  zone.count = whole(params, "count");
  zone.depth = static_cast<int>(whole(params, "depth", 1));
  zone.running = true;
  zoneBegan(info, zone);
}

// A fork's steps up to the first are its parent's.
void Runs::Implementation::zoneBegan(const InfoPtr& info, const ZoneProgress& zone) {
  if (zone.depth != 1 || zone.first <= 0) return;
  Job& job = jobOf(*info);
  if (info->forkedAt.empty()) info->forkedAt = zone.first;
  int64_t last = job.forkable.empty() ? 0 : job.forkable.back().outer();
  while (last < zone.first) job.forkable.emplace_back(++last);
  frames_.follow(info->id, info->workerId, job.request.watched, job.goesOnFrom(), zone.first);
  frames_.refresh(info->id);
}

// That a zone began may have given way to newer news of it: only its newest is sure to arrive.
void Runs::Implementation::askStatus(const InfoPtr& info) {
  if (!info->inWorker()) return;
  worker_.call(
      "run.status", {{"run", info->workerId.toStdString()}}, this,
      [this, info](const json& answer) {
        const auto zones = answer.find("zones");
        if (!infoOf(info->id) || zones == answer.end() || !zones->is_array()) return;
        for (const json& each : *zones) {
          ZoneProgress& zone = info->zones[each.value("zone", "")];
          const bool known = zone.first == whole(each, "first");
          zone.first = whole(each, "first");
          zone.done = whole(each, "done", zone.done);
          zone.count = whole(each, "count", zone.count);
          zone.depth = static_cast<int>(whole(each, "depth", 1));
          if (!known) zoneBegan(info, zone);
        }
        if (info->over()) history_.save(*info);
        tell(info);
      },
      [](const WorkerError&) {});
}

void Runs::Implementation::stepTold(const InfoPtr& info, const json& params) {
  if (!info->zones.contains(params.value("zone", ""))) askStatus(info);
  ZoneProgress& zone = info->zones[params.value("zone", "")];
  zone.done = whole(params, "done");
  zone.count = whole(params, "count", zone.count);
  zone.left = seconds(params, "left");
  zone.running = true;
  if (const auto passed = seconds(params, "seconds"); passed && *passed > 0)
    zone.perSecond = static_cast<double>(zone.done - zone.first) / *passed;
  count(info);
}

void Runs::Implementation::nodeTold(const InfoPtr& info, const json& params) {
  const std::string node = params.value("node", ""), state = params.value("state", "");
  if (node.empty()) return;
  info->nodes[node] = state;
  if (state == "started")
    info->busyNode = node;
  else if (info->busyNode == node)
    info->busyNode.clear();
}

void Runs::Implementation::count(const InfoPtr& info) {
  Job& job = jobOf(*info);
  if (info->state != RunInfo::State::running || !job.computing.isValid()) return;
  job.secondsBefore += static_cast<double>(job.computing.restart()) / 1000;
  info->seconds = job.secondsBefore;
}

void Runs::Implementation::say(const InfoPtr& info, const QString& line) {
  if (line.isEmpty()) return;
  info->log << line;
  if (info->log.size() > kMostLog) info->log.removeFirst();
}

void Runs::Implementation::askForkable(const InfoPtr& info) {
  if (!info->inWorker()) return;
  worker_.call(
      "run.steps", {{"run", info->workerId.toStdString()}}, this,
      [this, info](const json& answer) {
        const auto zones = answer.find("zones");
        if (jobs_.contains(info->id) && zones != answer.end() && !zones->empty()) takeForkable(info, *zones);
      },
      [](const WorkerError&) {});
}

void Runs::Implementation::takeForkable(const InfoPtr& info, const json& zones) {
  Job& job = jobOf(*info);
  std::map<std::string, std::vector<std::string>> places;
  for (std::vector<std::string>& place : zonePlaces(job.request.document))
    places[place.back()] = std::move(place);
  job.forkable.clear();
  for (const json& zone : zones) {
    const auto within = zone.value("within", std::vector<int64_t>{});
    const std::vector<std::string>& place = places[zone.value("zone", "")];
    for (const int64_t step : zone.value("steps", std::vector<int64_t>{})) {
      Steps steps(within, place.size() == within.size() + 1 ? place : std::vector<std::string>());
      steps.done.push_back(step);
      job.forkable.push_back(std::move(steps));
    }
  }
  std::stable_sort(job.forkable.begin(), job.forkable.end());
  job.forkableTold = info->state != RunInfo::State::running;
  tell(info);
}

void Runs::Implementation::setBusy() {
  worker_.setBusy(std::any_of(runs().begin(), runs().end(), [](const InfoPtr& each) {
    return each->inWorker() && each->alive() && each->state != RunInfo::State::paused;
  }));
}

// --- the worker comes and goes ---

void Runs::Implementation::workerChanged() {
  switch (worker_.state()) {
    case WorkerClient::State::gone:
    case WorkerClient::State::failed:
      return workerGone();
    case WorkerClient::State::ready:
      return sendWaiting();
    case WorkerClient::State::starting:
    case WorkerClient::State::hung:
      return;
  }
}

// What was computed is lost, what waited waits for the next worker.
void Runs::Implementation::workerGone() {
  ++age_;
  starting_ = 0;
  early_.clear();
  byWorker_.clear();
  const QString how = worker_.stateText();
  for (const InfoPtr& info : std::vector<InfoPtr>(runs())) {
    const bool had = info->inWorker();
    info->workerId.clear();
    if (info->over()) {
      if (had) tell(info);
      continue;
    }
    Job& job = jobOf(*info);
    job.sent = false;
    if (info->state == RunInfo::State::queued) {
      tell(info);
      continue;
    }
    if (job.stopAsked) {
      setState(info, RunInfo::State::stopped);
      continue;
    }
    WorkerError error;
    error.node = QString::fromStdString(info->busyNode);
    error.message = tr("the worker is %1").arg(how);
    for (const auto& [name, zone] : info->zones)
      if (zone.running && zone.depth == 1) {
        if (error.node.isEmpty()) error.node = QString::fromStdString(name);
        error.message += tr(", after step %1 of %2").arg(zone.done).arg(QString::fromStdString(name));
      }
    info->error = error;
    setState(info, RunInfo::State::lost);
  }
}

// Runs that are over hold recordings in the worker: the oldest are let go of. What was seen stays here.
void Runs::Implementation::letGoOfOld(const json& memory) {
  int held = 0;
  InfoPtr oldest;
  const auto current = owner_.current();
  for (const InfoPtr& info : runs()) {
    if (!info->inWorker() || !info->over()) continue;
    ++held;
    if (!oldest && info != current) oldest = info;
  }
  const auto total = static_cast<double>(whole(memory, "total"));
  const bool much = total > 0 && static_cast<double>(whole(memory, "runs")) > total * kMostOfMemory;
  if (!oldest || !(held > kMostInWorker || (much && held > 2))) return;
  worker_.call("run.forget", {{"run", oldest->workerId.toStdString()}}, this, {}, [](const WorkerError&) {});
  byWorker_.erase(oldest->workerId.toStdString());
  oldest->workerId.clear();
  frames_.lost(oldest->id);
  tell(oldest);
}

// The picture that the run came to: of what it gives out, else of what was shown, else of what was watched.
void Runs::Implementation::chooseThumbnail(const InfoPtr& info) {
  const auto found = jobs_.find(info->id);
  if (found == jobs_.end()) return;
  Job& job = found->second;
  size_t rank = 0;
  const auto take = [&](const PicturePtr& picture) {
    if (!picture) return ++rank, false;
    if (picture != info->thumbnail) {
      info->thumbnail = picture;
      job.thumbnailRank = rank;
      history_.saveThumbnail(*info);
      tell(info);
    }
    return true;
  };
  for (const std::string& port : job.request.shown) {
    if (rank > job.thumbnailRank) return;
    if (take(frames_.live(info->id, port))) return;
  }
  for (const std::string& port : job.request.watched) {
    if (rank > job.thumbnailRank) return;
    const std::vector<Iteration> iterations = frames_.iterations(info->id, port);
    if (take(iterations.empty() ? nullptr : frames_.thumbnail(info->id, port, iterations.back()))) return;
  }
}

}  // namespace loom::editor
