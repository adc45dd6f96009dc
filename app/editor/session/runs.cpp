#include "app/editor/session/runs.h"

#include <QDir>

#include "app/editor/session/differences.h"
#include "app/editor/session/runs_implementation.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {

Runs::Implementation::Implementation(Runs& owner, WorkerClient& worker, Frames& frames,
                                     const Presence& presence)
    : owner_(owner), worker_(worker), frames_(frames), presence_(presence), history_(presence) {
  connect(&worker, &WorkerClient::notification, this, &Implementation::heard);
  connect(&worker, &WorkerClient::stateChanged, this, &Implementation::workerChanged);
  connect(&frames, &Frames::changed, this, [this](const QString& run) {
    const InfoPtr info = infoOf(run);
    if (info && info->over()) chooseThumbnail(info);
  });
  history_.load([this](std::vector<RunHistory::Loaded> loaded) { restore(std::move(loaded)); });
}

Runs::Implementation::InfoPtr Runs::Implementation::infoOf(const QString& id) const {
  for (const InfoPtr& each : owner_.runs_)
    if (each->id == id) return each;
  return {};
}

Runs::Implementation::InfoPtr Runs::Implementation::byWorker(const std::string& workerRun) const {
  const auto found = byWorker_.find(workerRun);
  return found == byWorker_.end() ? InfoPtr() : infoOf(found->second);
}

Runs::Implementation::InfoPtr Runs::Implementation::before(const RunInfo& info) const {
  InfoPtr result;
  for (const InfoPtr& each : owner_.runs_) {
    if (each->id == info.id) break;
    if (each->file == info.file && (!info.file.isEmpty() || each->title == info.title)) result = each;
  }
  return result;
}

QString Runs::Implementation::start(RunRequest request) {
  auto info = std::make_shared<RunInfo>();
  info->number = history_.claim();
  info->id = QStringLiteral("run %1").arg(info->number);
  info->title = request.title;
  info->file = request.file;
  info->graphText = writeGraph(request.document);
  info->started = QDateTime::currentDateTime();
  info->device = request.device;
  info->dtype = request.dtype;
  if (request.forkOf) info->parent = *request.forkOf;
  if (request.forkAt) info->forkedAt = *request.forkAt;
  if (request.out.isEmpty()) request.out = history_.folderOf(info->number) + QStringLiteral("/out");
  runs().push_back(info);
  const InfoPtr last = request.forkOf ? infoOf(*request.forkOf) : before(*info);
  if (last) try {
      const auto job = jobs_.find(last->id);
      info->differs = differencesOf(
          job != jobs_.end() ? job->second.request.document : parseGraph(history_.graphText(last->number)),
          request.document);
    } catch (const Error&) {  // its file is damaged: nothing is said of differences
    }
  jobs_[info->id].request = std::move(request);
  queue_.push_back(info->id);
  history_.save(*info);
  history_.saveGraph(*info);
  history_.saveRequest(*info, jobOf(*info).request);
  // Whoever asks for a run wants a worker now, whatever became of the last ones.
  if (worker_.state() == WorkerClient::State::failed) worker_.restart();
  if (worker_.state() == WorkerClient::State::gone) worker_.start();
  Q_EMIT owner_.listChanged();
  tell(info);
  sendWaiting();
  return info->id;
}

void Runs::Implementation::control(const QString& id, const char* method, json more) {
  const InfoPtr info = infoOf(id);
  if (!info || info->over() || !info->inWorker()) return;
  more["run"] = info->workerId.toStdString();
  worker_.call(method, std::move(more), this, {}, [this, info](const WorkerError& error) {
    // It may have ended meanwhile.
    if (!info->over()) say(info, error.message);
    tell(info);
  });
}

void Runs::Implementation::stop(const QString& id) {
  const InfoPtr info = infoOf(id);
  if (!info || info->over()) return;
  if (info->inWorker()) return control(id, "run.stop");
  jobOf(*info).stopAsked = true;
  if (!jobOf(*info).sent) setState(info, RunInfo::State::stopped);
}

void Runs::Implementation::move(const QString& id, int place) {
  const auto from = std::find(queue_.begin(), queue_.end(), id);
  if (from == queue_.end()) return;
  queue_.erase(from);
  const int to = std::clamp(place, 0, static_cast<int>(queue_.size()));
  queue_.insert(queue_.begin() + to, id);
  // In the worker's queue may be others than these: runs that were paused and go on.
  const InfoPtr info = infoOf(id);
  if (info && info->inWorker()) control(id, "run.move", {{"place", to}});
  Q_EMIT owner_.listChanged();
}

void Runs::Implementation::forget(const QString& id) {
  const InfoPtr info = infoOf(id);
  if (!info) return;
  if (info->inWorker()) {
    worker_.call("run.forget", {{"run", info->workerId.toStdString()}}, this, {}, [](const WorkerError&) {});
    byWorker_.erase(info->workerId.toStdString());
  }
  std::erase(queue_, id);
  std::erase(runs(), info);
  jobs_.erase(id);
  frames_.forget(id);
  history_.remove(info->number);
  setBusy();
  Q_EMIT owner_.listChanged();
}

// --- the public side ---

Runs::Runs(WorkerClient& worker, Frames& frames, const Presence& presence, QObject* parent)
    : QObject(parent), implementation_(std::make_unique<Implementation>(*this, worker, frames, presence)) {}

Runs::~Runs() = default;

std::shared_ptr<const RunInfo> Runs::find(const QString& id) const {
  const auto info = implementation_->infoOf(id);
  if (info && info->graphText.empty()) info->graphText = implementation_->history_.graphText(info->number);
  return info;
}

QString Runs::folderOf(const QString& id) const {
  const auto info = implementation_->infoOf(id);
  return info ? implementation_->history_.folderOf(info->number) : QString();
}

std::shared_ptr<const RunInfo> Runs::current() const {
  std::shared_ptr<const RunInfo> paused;
  for (auto each = runs_.rbegin(); each != runs_.rend(); ++each) {
    if ((*each)->state == RunInfo::State::running) return *each;
    if (!paused && ((*each)->state == RunInfo::State::paused || (*each)->state == RunInfo::State::waiting))
      paused = *each;
  }
  if (paused) return paused;
  return runs_.empty() ? nullptr : runs_.back();
}

std::vector<QString> Runs::queue() const { return implementation_->queue_; }
QString Runs::start(const RunRequest& request) { return implementation_->start(request); }
void Runs::pause(const QString& id) { implementation_->control(id, "run.pause"); }
void Runs::proceed(const QString& id) { implementation_->control(id, "run.continue"); }
void Runs::stop(const QString& id) { implementation_->stop(id); }
void Runs::move(const QString& id, int place) { implementation_->move(id, place); }
void Runs::forget(const QString& id) { implementation_->forget(id); }

void Runs::step(const QString& id, int64_t steps) {
  implementation_->control(id, "run.step", {{"steps", steps}});
}

void Runs::runTo(const QString& id, int64_t done) {
  implementation_->control(id, "run.runTo", {{"done", done}});
}

std::vector<int64_t> Runs::forkable(const QString& id) const {
  const auto found = implementation_->jobs_.find(id);
  const auto info = find(id);
  if (found == implementation_->jobs_.end() || !info || !info->inWorker()) return {};
  return found->second.forkable;
}

}  // namespace loom::editor
