#include "app/editor/session/runs.h"

#include <QDir>

#include "app/editor/session/differences.h"
#include "app/editor/session/runs_implementation.h"
#include "app/editor/worker/background.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

constexpr size_t kReadAtOnce = 256 << 10;  // bytes of a graph's text

}  // namespace

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

Runs::Implementation::InfoPtr Runs::Implementation::runBefore(const RunInfo& info) const {
  InfoPtr result;
  for (const InfoPtr& each : owner_.runs_) {
    if (each->id == info.id) break;
    if (each->file == info.file && (!info.file.isEmpty() || each->title == info.title)) result = each;
  }
  return result;
}

QString Runs::Implementation::start(RunRequest request, const QString& before) {
  auto info = std::make_shared<RunInfo>();
  info->number = history_.claim();
  info->id = QStringLiteral("run %1").arg(info->number);
  info->title = request.title;
  info->file = request.file;
  info->graphText = request.text.empty() ? writeGraph(request.document) : std::exchange(request.text, {});
  info->started = QDateTime::currentDateTime();
  info->device = request.device;
  info->dtype = request.dtype;
  if (request.forkOf) info->parent = *request.forkOf;
  info->forkedAt = request.forkAt;
  info->forkAsked = request.forkOf && !request.forkAt.empty();
  if (request.out.isEmpty()) request.out = history_.folderOf(info->number) + QStringLiteral("/out");
  runs().push_back(info);
  const InfoPtr last = request.forkOf ? infoOf(*request.forkOf) : runBefore(*info);
  if (last) findDifferences(info, last, request.document);
  Job& job = jobs_[info->id];
  job.request = std::move(request);
  job.place = queue_.empty() ? 0 : jobs_[queue_.back()].place + 1;
  queue_.insert(std::find(queue_.begin(), queue_.end(), before), info->id);
  history_.save(*info);
  history_.saveGraph(*info);
  history_.saveRequest(*info, job.request, job.place);
  if (!before.isEmpty()) numberQueue();
  // Whoever asks for a run wants a worker now, whatever became of the last ones.
  if (worker_.state() == WorkerClient::State::failed) worker_.restart();
  if (worker_.state() == WorkerClient::State::gone) worker_.start();
  Q_EMIT owner_.listChanged();
  tell(info);
  sendWaiting();
  return info->id;
}

// Of a large graph of an earlier session, which has to be read first, they come later.
void Runs::Implementation::findDifferences(const InfoPtr& info, const InfoPtr& last,
                                           const Document& document) {
  if (const Document* before = graphOf(last->id)) {
    info->differs = differencesOf(*before, document);
    return;
  }
  const auto find = [text = graphTextOf(last), document] {
    try {
      return differencesOf(parseGraph(text), document);
    } catch (const Error&) {  // its file is damaged: nothing is said of differences
      return QStringList();
    }
  };
  if (last->graphText.size() <= kReadAtOnce) {
    info->differs = find();
    return;
  }
  inBackground(this, find, [this, info](const QStringList& differs) {
    info->differs = differs;
    if (!infoOf(info->id)) return;
    history_.save(*info);
    tell(info);
  });
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
  jobOf(*info).stopAsked = true;
  // One that does not answer hears nothing of it either.
  if (info->inWorker() && worker_.state() == WorkerClient::State::hung) return worker_.restart();
  if (info->inWorker()) return control(id, "run.stop");
  if (!jobOf(*info).sent) setState(info, RunInfo::State::stopped);
}

void Runs::Implementation::move(const QString& id, int place) {
  const auto from = std::find(queue_.begin(), queue_.end(), id);
  if (from == queue_.end()) return;
  queue_.erase(from);
  const int to = std::clamp(place, 0, static_cast<int>(queue_.size()));
  queue_.insert(queue_.begin() + to, id);
  numberQueue();
  // In the worker's queue may be others than these: runs that were paused and go on.
  const InfoPtr info = infoOf(id);
  if (info && info->inWorker()) control(id, "run.move", {{"place", to}});
  Q_EMIT owner_.listChanged();
}

// The order that was chosen is there after a restart.
void Runs::Implementation::numberQueue() {
  for (int place = 0; place < static_cast<int>(queue_.size()); ++place) {
    const QString& id = queue_[static_cast<size_t>(place)];
    Job& job = jobs_[id];
    if (std::exchange(job.place, place) == place) continue;
    if (const InfoPtr info = infoOf(id)) history_.saveRequest(*info, job.request, place);
  }
}

const Document* Runs::Implementation::graphOf(const QString& id) const {
  const auto job = jobs_.find(id);
  if (job == jobs_.end() || job->second.request.document.graph.nodes.empty()) return nullptr;
  return &job->second.request.document;
}

std::string Runs::Implementation::graphTextOf(const InfoPtr& info) {
  if (info->graphText.empty()) info->graphText = history_.graphText(info->number);
  return info->graphText;
}

RunRequest Runs::Implementation::requestOf(const InfoPtr& info) {
  if (graphOf(info->id)) return jobOf(*info).request;
  RunRequest request = history_.request(info->number).value_or(RunRequest{});
  request.document = parseGraph(graphTextOf(info));
  request.title = info->title;
  request.file = info->file;
  return request;
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

std::shared_ptr<const RunInfo> Runs::find(const QString& id) const { return implementation_->infoOf(id); }

std::string Runs::graphText(const QString& id) const {
  const auto info = implementation_->infoOf(id);
  return info ? implementation_->graphTextOf(info) : std::string();
}

const Document* Runs::graph(const QString& id) const { return implementation_->graphOf(id); }

RunRequest Runs::requestOf(const QString& id) const {
  const auto info = implementation_->infoOf(id);
  if (!info) throw Error("There is no " + id.toStdString() + " any more.");
  return implementation_->requestOf(info);
}

QStringList Runs::differences(const QString& a, const QString& b) const {
  return differencesOf(requestOf(a).document, requestOf(b).document);
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
QString Runs::start(RunRequest request) { return implementation_->start(std::move(request)); }
void Runs::pause(const QString& id) { implementation_->control(id, "run.pause"); }
void Runs::proceed(const QString& id) { implementation_->control(id, "run.continue"); }
void Runs::stop(const QString& id) { implementation_->stop(id); }
void Runs::move(const QString& id, int place) { implementation_->move(id, place); }
void Runs::forget(const QString& id) { implementation_->forget(id); }

void Runs::step(const QString& id, int64_t steps) {
  implementation_->control(id, "run.step", {{"steps", steps}});
}

void Runs::runTo(const QString& id, const Steps& done) {
  implementation_->control(id, "run.runTo", placeJson("done", done));
}

Steps Runs::lastForkable(const QString& id, const Steps& at) const {
  const auto sameZone = [&](const Steps& each) {
    return at.zones.empty() || each.zones.empty() || each.zones.front() == at.zones.front();
  };
  const std::vector<Steps>& steps = forkable(id);
  const auto beyond = std::upper_bound(steps.begin(), steps.end(), at);
  const auto last = std::find_if(std::make_reverse_iterator(beyond), steps.rend(), sameZone);
  return last == steps.rend() ? Steps() : *last;
}

Steps Runs::forkPoint(const QString& id, const Steps& at) const {
  const auto job = implementation_->jobs_.find(id);
  if (job == implementation_->jobs_.end() || !job->second.forkableTold) return at;
  const Steps last = lastForkable(id, at);
  return last.empty() ? at : last;
}

bool Runs::kept(const QString& id, const std::vector<std::string>& ports) const {
  const auto job = implementation_->jobs_.find(id);
  if (job == implementation_->jobs_.end()) return false;
  const std::vector<std::string>& watched = job->second.request.watched;
  return std::all_of(ports.begin(), ports.end(), [&](const std::string& port) {
    return std::find(watched.begin(), watched.end(), port) != watched.end();
  });
}

const std::vector<Steps>& Runs::forkable(const QString& id) const {
  static const std::vector<Steps> none;
  const auto found = implementation_->jobs_.find(id);
  const auto info = find(id);
  if (found == implementation_->jobs_.end() || !info || !info->inWorker()) return none;
  return found->second.forkable;
}

Steps RunInfo::at(const std::vector<std::string>& in) const {
  const auto named = in.empty() ? zones.end() : zones.find(in.front());
  const auto further = [](const auto& a, const auto& b) {
    return std::pair(a.second.running, a.second.done) < std::pair(b.second.running, b.second.done);
  };
  const std::pair<const std::string, ZoneProgress>* outer = named == zones.end() ? nullptr : &*named;
  std::vector<const std::pair<const std::string, ZoneProgress>*> inner;  // in which it is, outermost first
  for (const auto& zone : zones) {
    if (zone.second.depth > 1 && zone.second.running) inner.push_back(&zone);
    if (in.empty() && zone.second.depth == 1 && (!outer || further(*outer, zone))) outer = &zone;
  }
  Steps at;
  if (!outer) return at;
  at = Steps({outer->second.done}, {outer->first});
  if (!outer->second.running) return at;
  std::stable_sort(inner.begin(), inner.end(),
                   [](const auto* a, const auto* b) { return a->second.depth < b->second.depth; });
  for (const auto* zone : inner) {
    if (zone->second.depth != static_cast<int>(at.depth()) + 1) break;
    at.done.push_back(zone->second.done);
    at.zones.push_back(zone->first);
  }
  return at;
}

}  // namespace loom::editor
