#include <QDir>
#include <algorithm>

#include "app/editor/session/runs_implementation.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr int kGraphError = -32001;
constexpr int kLiveSide = 128, kLiveSamples = 4;
constexpr size_t kMostShown = 100;  // of the 256 ports that a run can be asked for

}  // namespace

void Runs::Implementation::sendWaiting() {
  if (worker_.state() != WorkerClient::State::ready) return;
  for (const QString& id : std::vector<QString>(queue_)) {
    const InfoPtr info = infoOf(id);
    if (info && info->state == RunInfo::State::queued && !jobOf(*info).sent) send(info);
  }
}

void Runs::Implementation::send(const InfoPtr& info) {
  if (parentComesFirst(info)) return;
  Job& job = jobOf(*info);
  job.sent = true;
  ++starting_;
  json params{{"text", info->graphText}};
  if (!job.request.folder.isEmpty()) params["folder"] = job.request.folder.toStdString();
  if (!job.request.allowed.empty()) {
    params["allow"] = json::array();
    for (const QString& folder : job.request.allowed) params["allow"].push_back(folder.toStdString());
  }
  worker_.call(
      "graph.submit", std::move(params), this,
      [this, info](const json& answer) { submitted(info, answer.value("graph", "")); },
      [this, info, age = age_](const WorkerError& error) {
        if (age != age_) return;
        --starting_;
        failsWith(info, error);
      });
}

// It goes on from a step of a run that has not come there yet, or that the worker no longer has. The steps
// before that one were computed with other values than its own: computing all of it would give something
// else.
bool Runs::Implementation::parentComesFirst(const InfoPtr& info) {
  Job& job = jobOf(*info);
  if (!job.request.forkOf || job.request.forkAt.empty()) return false;
  const bool again = !job.source.isEmpty();
  if (job.request.parentAgain && !again) {
    computeParentAgain(info, infoOf(*job.request.forkOf));
    return true;
  }
  const InfoPtr from = infoOf(job.goesOnFrom());
  if (from && from->inWorker()) {
    // Of zones within others the next step of the outermost one says for sure that it was there.
    const Steps& at = job.request.forkAt;
    const bool there = std::any_of(from->zones.begin(), from->zones.end(), [&](const auto& zone) {
      return zone.second.depth == 1 && zone.second.done >= at.outer() + (at.depth() > 1 ? 1 : 0);
    });
    return !there && from->alive() && from->state != RunInfo::State::paused;
  }
  if (from && from->alive()) return true;
  if (!again) {
    computeParentAgain(info, from);
    return true;
  }
  WorkerError error;
  if (from && from->error) error = *from->error;
  failsWith(info,
            {0,
             tr("%1, from which this run was to go on, can't be computed again: %2")
                 .arg(*job.request.forkOf, error.message.isEmpty() ? tr("it was stopped") : error.message),
             error.node, error.port});
  return true;
}

void Runs::Implementation::computeParentAgain(const InfoPtr& info, const InfoPtr& parent) {
  const RunRequest& request = jobOf(*info).request;
  try {
    if (!parent) throw Error("it was forgotten");
    RunRequest again = requestOf(parent);
    if (!parent->forkAsked) again.forkOf.reset();
    again.parentAgain = parent->forkAsked && request.parentAgain;
    for (const std::string& port : request.watched)
      if (std::find(again.watched.begin(), again.watched.end(), port) == again.watched.end())
        again.watched.push_back(port);
    again.pauseAt = request.forkAt;
    again.device = request.device;
    again.dtype = request.dtype;
    again.allowed = request.allowed;
    again.out.clear();
    say(info, (request.parentAgain ? tr("%1 did not keep all that is watched: it is computed again up to %2")
                                   : tr("the worker no longer has %1: it is computed again up to %2"))
                  .arg(*request.forkOf, textOf(request.forkAt)));
    Job& job = jobOf(*info);
    job.sent = true;  // not to be sent while the other one is
    job.source = start(std::move(again), info->id);
    job.sent = false;
    if (const InfoPtr source = infoOf(job.source)) say(source, tr("computed again for %1").arg(info->id));
  } catch (const Error& error) {
    failsWith(info, {0,
                     tr("%1, from which this run was to go on, is no longer there: %2")
                         .arg(*request.forkOf, QString::fromUtf8(error.what())),
                     {},
                     {}});
  }
}

void Runs::Implementation::submitted(const InfoPtr& info, const std::string& graph) {
  const bool forgotten = !infoOf(info->id);
  if (forgotten || info->over() || jobOf(*info).stopAsked) {
    --starting_;
    worker_.call("graph.forget", {{"graph", graph}}, this, {}, [](const WorkerError&) {});
    if (!forgotten) setState(info, RunInfo::State::stopped);
    return;
  }
  const Job& job = jobOf(*info);
  worker_.call(
      "run.start", startParams(info, job, graph), this,
      [this, info, graph](const json& answer) {
        // The run has a copy.
        worker_.call("graph.forget", {{"graph", graph}}, this, {}, [](const WorkerError&) {});
        startedAs(info, answer);
      },
      [this, info, graph, age = age_](const WorkerError& error) {
        if (age == age_) refused(info, graph, error);
      });
}

json Runs::Implementation::startParams(const InfoPtr& info, const Job& job, const std::string& graph) {
  const RunRequest& request = job.request;
  QDir().mkpath(request.out);
  json params{{"graph", graph}, {"out", request.out.toStdString()}, {"keepSteps", request.keepSteps}};
  if (!job.withoutWatching) {
    params["record"] = request.watched;
    for (const std::string& port : request.measured)
      if (std::find(request.watched.begin(), request.watched.end(), port) == request.watched.end())
        params["record"].push_back(port);
    params["statistics"] = request.watched;
    json previews = json::array();
    for (size_t i = 0; i < std::min(request.shown.size(), kMostShown); ++i)
      previews.push_back({{"port", request.shown[i]}, {"side", kLiveSide}, {"samples", kLiveSamples}});
    params["previews"] = previews;
  }
  if (!request.device.isEmpty()) params["device"] = request.device.toStdString();
  if (!request.dtype.isEmpty()) params["dtype"] = request.dtype.toStdString();
  if (!request.pauseAt.empty()) params["pauseAt"] = placeJson("done", request.pauseAt);
  if (!request.forkOf || job.withoutFork) return params;
  const InfoPtr parent = infoOf(job.goesOnFrom());
  if (parent && parent->inWorker()) {
    params["fork"] = request.forkAt.empty() ? json::object() : placeJson("at", request.forkAt);
    params["fork"]["run"] = parent->workerId.toStdString();
  } else {
    info->forkedAt = {};
    say(info, tr("the worker no longer has %1, so all of it is computed").arg(*request.forkOf));
  }
  return params;
}

void Runs::Implementation::startedAs(const InfoPtr& info, const json& answer) {
  --starting_;
  const std::string workerRun = answer.value("run", "");
  auto early = early_.extract(workerRun);
  if (starting_ == 0) early_.clear();
  if (!infoOf(info->id)) {  // forgotten meanwhile
    worker_.call("run.forget", {{"run", workerRun}}, this, {}, [](const WorkerError&) {});
    return;
  }
  Job& job = jobOf(*info);
  info->workerId = QString::fromStdString(workerRun);
  info->device = QString::fromStdString(answer.value("device", ""));
  info->dtype = QString::fromStdString(answer.value("dtype", ""));
  byWorker_[workerRun] = info->id;
  const bool forks = job.request.forkOf && !job.withoutFork;
  frames_.follow(info->id, info->workerId, job.request.watched, forks ? job.goesOnFrom() : QString(),
                 info->forkedAt);
  if (!job.source.isEmpty()) {
    // In line where it was before its parent had to be computed, unless it has its turn already.
    const auto place = std::find(queue_.begin(), queue_.end(), info->id) - queue_.begin();
    worker_.call("run.move", {{"run", workerRun}, {"place", place}}, this, {}, [](const WorkerError&) {});
    stop(job.source);
  }
  if (job.withoutWatching) {
    for (const std::string& port : job.request.watched) frames_.watch(info->id, port);
    for (const std::string& port : job.request.shown) frames_.show(info->id, port);
  }
  if (!early.empty()) {
    for (const auto& [method, params] : early.mapped()) apply(info, method, params);
    frames_.refresh(info->id);
  }
  if (job.stopAsked) control(info->id, "run.stop");
  setBusy();
  tell(info);
}

// A fork of whatever is the same and a port that can't be watched are no reason not to compute.
void Runs::Implementation::refused(const InfoPtr& info, const std::string& graph, const WorkerError& error) {
  Job& job = jobOf(*info);
  const bool ofGraph = error.code == kGraphError;
  if (job.request.forkOf && !job.withoutFork && job.request.forkAt.empty()) {
    job.withoutFork = true;
    info->forkedAt = {};
    say(info, tr("computed from the first step: %1").arg(error.message));
    return submitted(info, graph);
  }
  if (!ofGraph && !job.withoutWatching && !(job.request.watched.empty() && job.request.shown.empty())) {
    job.withoutWatching = true;
    say(info, error.message);
    return submitted(info, graph);
  }
  --starting_;
  worker_.call("graph.forget", {{"graph", graph}}, this, {}, [](const WorkerError&) {});
  failsWith(info, error);
}

void Runs::Implementation::failsWith(const InfoPtr& info, WorkerError error) {
  info->error = std::move(error);
  setState(info, RunInfo::State::failed);
}

// Earlier sessions' runs: what waited waits again, what ran then was lost with its worker.
void Runs::Implementation::restore(std::vector<RunHistory::Loaded> loaded) {
  std::vector<InfoPtr> older;
  std::vector<std::pair<int, QString>> waiting;  // by their places in the queue
  for (RunHistory::Loaded& each : loaded) {
    const InfoPtr& info = each.info;
    if (infoOf(info->id)) continue;
    if (!each.thumbnail.isNull()) {
      const QImage image = each.thumbnail.convertToFormat(QImage::Format_RGBA8888);
      auto picture = std::make_shared<Picture>();
      picture->id = nextPictureId();
      picture->width = image.width();
      picture->height = image.height();
      for (int y = 0; y < image.height(); ++y)
        picture->rgba.insert(picture->rgba.end(), image.constScanLine(y),
                             image.constScanLine(y) + image.width() * 4);
      info->thumbnail = std::move(picture);
    }
    if (!info->over()) {
      const auto lock = presence_.takeOver(each.editor);
      if (!lock) continue;  // another editor's, which lives
      bool again = info->state == RunInfo::State::queued && each.request;
      if (again) try {
          info->graphText = history_.graphText(info->number);
          each.request->document = parseGraph(info->graphText);
          jobs_[info->id].request = *each.request;
          waiting.emplace_back(each.place, info->id);
        } catch (const Error& error) {
          info->error = WorkerError{0, QString::fromUtf8(error.what()), {}, {}};
          again = false;
        }
      if (!again) {
        info->state = RunInfo::State::lost;
        if (!info->error) info->error = WorkerError{0, tr("the editor ended while it was computed"), {}, {}};
      }
      history_.save(*info);
    }
    older.push_back(info);
  }
  runs().insert(runs().begin(), older.begin(), older.end());
  std::sort(runs().begin(), runs().end(),
            [](const InfoPtr& a, const InfoPtr& b) { return a->number < b->number; });
  std::stable_sort(waiting.begin(), waiting.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  // What was asked for since this editor began waits behind them.
  for (size_t i = 0; i < waiting.size(); ++i) {
    jobs_[waiting[i].second].place = -1;
    queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(i), waiting[i].second);
  }
  numberQueue();
  Q_EMIT owner_.listChanged();
  sendWaiting();
}

}  // namespace loom::editor
