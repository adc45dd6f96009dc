#include "app/editor/watch/run_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/editor/watch/tensor_numbers.h"

namespace loom::editor {
namespace {

constexpr int kNotBefore = 400;                // ms between two questions while runs go on
constexpr size_t kMostSeen = size_t{1} << 20;  // numbers compared here, between two frames
constexpr double kInfinite = std::numeric_limits<double>::infinity();

}  // namespace

std::optional<Iteration> firstBeyond(const PortDifference& difference, double bound) {
  for (size_t i = 0; i < difference.at.size(); ++i)
    if (!(difference.max[i] <= bound)) return difference.at[i];
  return {};
}

RunComparison::RunComparison(Session& session, Reels& reels)
    : session_(session),
      reels_(reels),
      bound_(std::max(session.settings().value("timeline/bound", 0.0).toDouble(), 0.0)) {
  again_.setSingleShot(true);
  connect(&again_, &QTimer::timeout, this, [this] {
    at_ = -1;
    Q_EMIT changed();
  });
}

const PortDifference* RunComparison::of(const std::string& port) {
  update();
  const auto found = ports_.find(port);
  return found == ports_.end() || found->second.at.empty() ? nullptr : &found->second;
}

std::optional<Iteration> RunComparison::firstBeyond(const std::string& port) {
  const PortDifference* difference = of(port);
  return difference ? loom::editor::firstBeyond(*difference, bound_) : std::nullopt;
}

void RunComparison::setBound(double bound) {
  bound_ = std::isfinite(bound) ? std::max(bound, 0.0) : 0;
  session_.settings().setValue("timeline/bound", bound_);
  Q_EMIT changed();
}

RunComparison::Key RunComparison::keyNow() {
  const Reel &a = reels_.shown(), &b = reels_.compared();
  if (!a.run || !b.run || a.run == b.run) return {};
  Key key{a.run->id, b.run->id, a.done + (a.run->over() ? 1 : 0), b.done + (b.run->over() ? 1 : 0), {}};
  for (const Track& track : a.tracks)
    if (track.depth > 0 && b.track(track.port)) key.ports.push_back(track.port);
  return key;
}

void RunComparison::update() {
  if (at_ == reels_.changes()) return;
  at_ = reels_.changes();
  const Key key = keyNow();
  if (key.a != known_.a || key.b != known_.b) ports_.clear();
  if (key == known_ || key.ports.empty()) {
    if (key.ports.empty()) known_ = key;
    return;
  }
  if (!reels_.shown().run->inWorker() || !reels_.compared().run->inWorker()) {
    fromSeen();
    known_.a = key.a, known_.b = key.b;  // and again with the next change: more may be here
    return;
  }
  if (asked_) return;
  if (since_.isValid() && since_.elapsed() < kNotBefore && key.a == known_.a && key.b == known_.b) {
    if (!again_.isActive()) again_.start(kNotBefore);
    return;
  }
  ask(key);
}

void RunComparison::ask(const Key& key) {
  asked_ = true;
  since_.start();
  const auto name = [&](const QString& id) { return session_.runs().find(id)->workerId.toStdString(); };
  const auto ended = [this, key] {
    asked_ = false;
    known_ = key;
    at_ = -1;
    Q_EMIT changed();
  };
  session_.worker().call(
      "diff", {{"a", name(key.a)}, {"b", name(key.b)}, {"ports", key.ports}}, this,
      [this, key, ended](const nlohmann::json& answer) {
        const Key now = keyNow();
        if (now.a == key.a && now.b == key.b) take(answer);
        ended();
      },
      [ended](const WorkerError&) { ended(); });
}

void RunComparison::take(const nlohmann::json& answer) {
  const auto ports = answer.find("ports");
  if (ports == answer.end() || !ports->is_array()) return;
  std::map<std::string, PortDifference> taken;
  try {
    for (const nlohmann::json& port : *ports) {
      PortDifference& difference = taken[port.at("port")];
      for (const nlohmann::json& row : port.value("rows", nlohmann::json::array())) {
        if (row.contains("only")) continue;
        const auto number = [&](const char* name) {  // null: it is no number
          const auto found = row.find(name);
          return found != row.end() && found->is_number() ? found->get<double>() : kInfinite;
        };
        difference.at.push_back(row.at("iteration").get<Iteration>());
        difference.max.push_back(number("max"));
        difference.mean.push_back(number("mean"));
      }
    }
  } catch (const nlohmann::json::exception&) {
    return;  // of another version: what was known stays
  }
  ports_ = std::move(taken);
}

void RunComparison::fromSeen() {
  const Reel &a = reels_.shown(), &b = reels_.compared();
  Frames& frames = session_.frames();
  size_t numbers = 0;
  for (const Track& track : a.tracks) {
    const Track* other = track.depth > 0 ? b.track(track.port) : nullptr;
    if (!other) continue;
    PortDifference& difference = ports_[track.port];
    for (const Iteration& at : track.iterations) {
      const auto place = std::lower_bound(difference.at.begin(), difference.at.end(), at);
      if (numbers > kMostSeen || (place != difference.at.end() && *place == at)) continue;
      if (!std::binary_search(other->iterations.begin(), other->iterations.end(), at)) continue;
      const ValuesPtr first = frames.values(a.run->id, track.port, at),
                      second = frames.values(b.run->id, track.port, at);
      if (!first || !second || first->data.size() > kMostSeen) continue;
      numbers += first->data.size();
      const auto apart = loom::editor::difference(*first, *second);
      const Summary summary = apart ? summaryOf(apart->data) : Summary{};
      const bool all = apart && summary.nan + summary.inf == 0;
      const auto index = place - difference.at.begin();
      difference.at.insert(place, at);
      difference.max.insert(difference.max.begin() + index, all ? summary.max : kInfinite);
      difference.mean.insert(difference.mean.begin() + index, apart ? summary.mean : kInfinite);
    }
  }
  if (numbers > kMostSeen) again_.start(0);
}

}  // namespace loom::editor
