#include <QRandomGenerator>
#include <algorithm>

#include "app/editor/document/schedule_ports.h"
#include "app/editor/document/zone_places.h"
#include "app/editor/session/session_implementation.h"
#include "app/editor/session/shown_ports.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

const QString kDevice = QStringLiteral("run/device"), kDtype = QStringLiteral("run/dtype");

// Weights and optimiser at every step would fill the disk.
constexpr int kTrainingEvery = 100, kTrainingLast = 2;

bool nests(const Document& document) {
  const auto places = zonePlaces(document);
  return std::any_of(places.begin(), places.end(), [](const auto& place) { return place.size() > 1; });
}

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
  if (checker_.checked().trains)
    request.keepSteps = {{"every", kTrainingEvery}, {"last", kTrainingLast}};
  else if (nests(document()))
    request.keepSteps = {{"inner", true}};
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

Steps Session::Implementation::named(Steps steps, const Document& document, const RunInfo* run) const {
  if (steps.empty() || !steps.zones.empty()) return steps;
  const Steps now = run ? run->at() : Steps();
  std::vector<std::string> first;
  int fitting = 0;
  for (const std::vector<std::string>& place : zonePlaces(document)) {
    if (place.size() != steps.depth()) continue;
    const bool runs = !now.empty() && place.front() == now.zones.front();
    if (fitting++ == 0 || (runs && first.front() != place.front())) first = place;
  }
  if (fitting > 1) steps.zones = first;
  return steps;
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

QString Session::run(const Steps& pauseAt) {
  // Before the run, so that what is seen beside its pictures is the seed they were made with. Any number of
  // runs is one step of undo; the history has each one's seeds.
  if (anyRolled(document(), catalog()))
    edit(
        tr("Draw seeds"), [this](const Document& now) { return rollSeeds(now, catalog(), anotherSeed); },
        "seeds of runs");
  RunRequest request = implementation_->request();
  request.pauseAt = implementation_->named(pauseAt, request.document, nullptr);
  // Steps that another run computed have no frames of a port that it did not watch.
  const auto last = implementation_->lastInWorker();
  if (last && (runs().kept(last->id, request.watched) || checked().trains)) request.forkOf = last->id;
  return implementation_->begin(std::move(request));
}

QString Session::forkFrom(const QString& run, const Steps& at) {
  RunRequest request = implementation_->request();
  request.forkOf = run;
  const auto from = runs().find(run);
  if (!at.empty())
    request.forkAt = runs().forkPoint(run, implementation_->named(at, request.document, from.get()));
  return implementation_->begin(std::move(request));
}

void Session::runTo(const Steps& done) {
  const auto run = shownRun();
  if (!run || run->over()) {
    this->run(done);
    return;
  }
  if (!run->inWorker() || run->state == RunInfo::State::queued)
    return notice(tr("Run %1 has not begun yet.").arg(run->number));
  const Steps to = implementation_->named(done, runs().requestOf(run->id).document, run.get());
  const Steps now = run->at(to.zones);
  if (to <= now)
    return notice(tr("Run %1 is at %2 already: put the timeline's cursor on one that is still to come.")
                      .arg(run->number)
                      .arg(textOf(now)));
  runs().runTo(run->id, to);
}

void Session::step(const QString& id) {
  const auto run = runs().find(id);
  if (!run || run->state != RunInfo::State::paused) return;
  Steps to = run->at();
  const size_t looked = cursor().live || shownRun() != run ? to.depth() : cursor().iteration.size();
  if (to.empty() || looked == to.depth() || looked == 0) return runs().step(id);
  to.zones.clear();
  if (looked < to.depth()) {
    to.done.resize(looked);
    ++to.done.back();
  } else {
    to.done.resize(looked, 0);
    to.done.back() = 1;
  }
  runs().runTo(id, implementation_->named(to, runs().requestOf(id).document, run.get()));
}

RunRequest Session::Implementation::again(const QString& run) {
  const auto info = runs_.find(run);
  RunRequest request = runs_.requestOf(run);
  if (!info->forkAsked) request.forkOf.reset();
  request.pauseAt = {};
  request.out.clear();
  request.device = owner_.device();
  request.dtype = owner_.dtype();
  request.allowed = owner_.allowedFolders();
  if (request.folder.isEmpty()) request.folder = owner_.folder();
  if (request.watched.empty()) request.watched = watchedPorts(request.document, catalog_);
  if (request.measured.empty()) request.measured = measuredPorts(request.document, catalog_);
  if (request.shown.empty()) request.shown = shownPorts(request.document, catalog_);
  return request;
}

QString Session::runAgain(const QString& run) {
  try {
    const QString id = runs().start(implementation_->again(run));
    setCursor({.run = id, .iteration = {}, .live = true});
    return id;
  } catch (const Error& error) {
    notice(tr("This run can't be asked for again: %1").arg(QString::fromUtf8(error.what())), true);
    return {};
  }
}

QString Session::runAgainWatching(const QString& run, const std::string& port) {
  try {
    RunRequest request = implementation_->again(run);
    // As it was computed, or its numbers would be others.
    const auto info = runs().find(run);
    if (!info->device.isEmpty()) request.device = info->device;
    if (!info->dtype.isEmpty()) request.dtype = info->dtype;
    if (std::find(request.watched.begin(), request.watched.end(), port) == request.watched.end())
      request.watched.push_back(port);
    request.parentAgain = info->forkAsked;
    const size_t dot = port.find_last_of(".:");
    if (findNode(document().graph, port.substr(0, dot)))
      edit(tr("Watch %1").arg(QString::fromStdString(port)),
           [&](const Document& document) { return withWatched(document, catalog(), {port}, true); });
    Cursor at = cursor();
    at.run = runs().start(request);
    implementation_->ownRuns_.push_back(at.run);
    setCursor(at);
    return at.run;
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
    notice(
        tr("Run %1 is over and kept no steps of %2. The next run has them; the viewer offers to run this one "
           "again.")
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
