#include <QRandomGenerator>
#include <algorithm>

#include "app/editor/document/schedule_ports.h"
#include "app/editor/session/session_implementation.h"
#include "app/editor/session/shown_ports.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

const QString kDevice = QStringLiteral("run/device"), kDtype = QStringLiteral("run/dtype");

// Weights and optimiser at every step would fill the disk.
constexpr int kTrainingEvery = 100, kTrainingLast = 2;

}  // namespace

// --- running ---

RunRequest Session::Implementation::request() const {
  RunRequest request;
  request.document = document();
  if (textVersion_ == version_) request.text = text_;
  request.folder = folder();
  request.title = title();
  request.file = file_;
  request.watched = watchedPorts(document(), catalog_);
  request.measured = measuredPorts(document(), catalog_);
  request.shown = shownPorts(document(), catalog_);
  request.allowed = owner_.allowedFolders();
  request.device = owner_.device();
  request.dtype = owner_.dtype();
  if (checker_.checked().trains) request.keepSteps = {{"every", kTrainingEvery}, {"last", kTrainingLast}};
  return request;
}

std::shared_ptr<const RunInfo> Session::Implementation::lastInWorker() const {
  for (auto id = ownRuns_.rbegin(); id != ownRuns_.rend(); ++id)
    if (const auto info = runs_.find(*id); info && info->inWorker() && info->state != RunInfo::State::queued)
      return info;
  return {};
}

std::shared_ptr<const RunInfo> Session::Implementation::ownRun() const {
  std::shared_ptr<const RunInfo> newest, alive;
  for (const QString& id : ownRuns_)
    if (const auto info = runs_.find(id)) {
      newest = info;
      const bool computes = info->alive() && info->state != RunInfo::State::queued;
      if (computes && (!alive || info->state == RunInfo::State::running)) alive = info;
    }
  return alive ? alive : newest;
}

QString Session::Implementation::begin(RunRequest request) {
  const QString id = runs_.start(std::move(request));
  ownRuns_.push_back(id);
  cursor_ = {};
  Q_EMIT owner_.cursorChanged();
  redraw();
  return id;
}

uint64_t Session::anotherSeed() { return QRandomGenerator::global()->bounded(1'000'000'000u); }

QString Session::run(std::optional<int64_t> pauseAt) {
  // Before the run, so that what is seen beside its pictures is the seed they were made with. Any number of
  // runs is one step of undo; the history has each one's seeds.
  if (anyRolled(document(), catalog()))
    edit(
        tr("Draw seeds"), [this](const Document& now) { return rollSeeds(now, catalog(), anotherSeed); },
        "seeds of runs");
  RunRequest request = implementation_->request();
  request.pauseAt = pauseAt;
  // Steps that another run computed have no frames of a port that it did not watch.
  const auto last = implementation_->lastInWorker();
  if (last && (runs().kept(last->id, request.watched) || checked().trains)) request.forkOf = last->id;
  return implementation_->begin(std::move(request));
}

QString Session::forkFrom(const QString& run, std::optional<int64_t> at) {
  RunRequest request = implementation_->request();
  request.forkOf = run;
  if (at) request.forkAt = runs().forkPoint(run, *at);
  return implementation_->begin(std::move(request));
}

void Session::runTo(int64_t done) {
  const auto run = shownRun();
  if (!run || run->over()) {
    this->run(done);
    return;
  }
  if (!run->inWorker() || run->state == RunInfo::State::queued)
    return notice(tr("Run %1 has not begun yet.").arg(run->number));
  int64_t now = 0;
  for (const auto& [name, zone] : run->zones)
    if (zone.depth == 1) now = std::max(now, zone.done);
  if (done <= now)
    return notice(tr("Run %1 is at step %2 already: put the timeline's cursor on one that is still to come.")
                      .arg(run->number)
                      .arg(now));
  runs().runTo(run->id, done);
}

QString Session::runAgain(const QString& run) {
  try {
    const auto info = runs().find(run);
    RunRequest request = runs().requestOf(run);
    if (!info->forkAsked) request.forkOf.reset();
    request.pauseAt.reset();
    request.out.clear();
    request.device = device();
    request.dtype = dtype();
    request.allowed = allowedFolders();
    if (request.folder.isEmpty()) request.folder = folder();
    if (request.watched.empty()) request.watched = watchedPorts(request.document, catalog());
    if (request.measured.empty()) request.measured = measuredPorts(request.document, catalog());
    if (request.shown.empty()) request.shown = shownPorts(request.document, catalog());
    const QString id = runs().start(request);
    setCursor({.run = id, .iteration = {}, .live = true});
    return id;
  } catch (const Error& error) {
    notice(tr("This run can't be asked for again: %1").arg(QString::fromUtf8(error.what())), true);
    return {};
  }
}

void Session::watch(const std::string& port) {
  edit(tr("Watch %1").arg(QString::fromStdString(port)),
       [&](const Document& document) { return withWatched(document, catalog(), {port}, true); });
  const auto run = shownRun();
  if (!run) return;
  if (run->inWorker()) frames().watch(run->id, port);
  const bool kept = !frames().iterations(run->id, port).empty();
  if (run->over() && !kept)
    notice(tr("Run %1 is over and kept no steps of %2: the next run has them.")
               .arg(run->number)
               .arg(QString::fromStdString(port)));
}

void Session::setDevice(const QString& device, const QString& dtype) {
  if (device == this->device() && dtype == this->dtype()) return;
  settings().setValue(kDevice, device);
  settings().setValue(kDtype, dtype);
  implementation_->checkedVersion_ = -1;
  implementation_->writeText();
}

QString Session::device() const { return implementation_->settings_.value(kDevice).toString(); }
QString Session::dtype() const { return implementation_->settings_.value(kDtype).toString(); }

// --- looking ---

const Selection& Session::selection() const { return implementation_->selection_; }

void Session::select(Selection selection) {
  if (selection == implementation_->selection_) return;
  implementation_->selection_ = std::move(selection);
  Q_EMIT selectionChanged();
  implementation_->redraw();
}

const Cursor& Session::cursor() const { return implementation_->cursor_; }

void Session::setCursor(Cursor cursor) {
  if (cursor == implementation_->cursor_) return;
  implementation_->cursor_ = std::move(cursor);
  Q_EMIT cursorChanged();
  implementation_->redraw();
}

std::shared_ptr<const RunInfo> Session::shownRun() const {
  const QString& run = cursor().run;
  return run.isEmpty() ? implementation_->ownRun() : implementation_->runs_.find(run);
}

QString Session::comparedRun() const { return implementation_->compared_; }

void Session::compareWith(const QString& run) {
  if (run == implementation_->compared_) return;
  implementation_->compared_ = run;
  Q_EMIT cursorChanged();
  implementation_->redraw();
}

PicturePtr Session::pictureOf(const std::string& port) {
  Implementation& inside = *implementation_;
  const auto run = shownRun();
  if (!run) return {};
  if (!inside.place_.empty() && inside.path_.empty()) return {};  // a group that nothing uses
  const std::string name = inside.path_ + port;
  Frames& frames = inside.frames_;
  const Cursor& at = inside.cursor_;
  if (!at.live && !at.iteration.empty()) {
    if (const auto nearest = frames.nearest(run->id, name, at.iteration))
      if (PicturePtr picture = frames.thumbnail(run->id, name, *nearest)) return picture;
  }
  if (PicturePtr live = frames.live(run->id, name)) return live;
  // The newest step that was seen.
  const std::vector<Iteration> seen = frames.iterations(run->id, name);
  if (!seen.empty())
    if (PicturePtr picture = frames.thumbnail(run->id, name, seen.back())) return picture;
  frames.show(run->id, name);
  // A result that was there already is the one of a run before.
  const auto state = run->nodes.find(name.substr(0, name.find_last_of(".:")));
  if (state == run->nodes.end() || state->second != "cached") return {};
  for (auto id = inside.ownRuns_.rbegin(); id != inside.ownRuns_.rend(); ++id)
    if (PicturePtr live = frames.live(*id, name)) return live;
  return {};
}

}  // namespace loom::editor
