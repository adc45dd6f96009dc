#include "app/editor/watch/reel.h"

#include <QColor>
#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

struct PortPlace {
  std::string place;  // the group whose graph it is in
  Link link;
  std::vector<std::string> zones;  // around it, groups' included, outermost first, as the worker calls them
};

// A zone's state and what it goes over are seen from within it, what it collects from outside.
bool within(const Zone& zone, const std::string& port) {
  return std::none_of(zone.collect.begin(), zone.collect.end(),
                      [&](const Zone::Collect& each) { return each.name == port; });
}

// "outer/inner/node.port": a node of the group that the node "inner" of the group of "outer" is one of.
std::optional<PortPlace> placeOfPort(const Document& document, const std::string& port) {
  PortPlace found;
  std::string rest = port, way;
  const auto into = [&](const Graph& graph, const std::string& node, bool itself) {
    auto zones = zonesAround(graph, node);
    if (itself) zones.push_back(node);
    for (const std::string& zone : zones) found.zones.push_back(way + zone);
  };
  for (size_t slash; (slash = rest.find('/')) != std::string::npos; rest = rest.substr(slash + 1)) {
    const auto graph = found.place.empty() ? &document.graph : &document.groups.at(found.place);
    const Node* node = findNode(*graph, rest.substr(0, slash));
    if (!node || !node->type.starts_with(kGroupPrefix)) return {};
    into(*graph, node->id, false);
    found.place = node->type.substr(kGroupPrefix.size());
    if (!document.groups.contains(found.place)) return {};
    way += node->id + "/";
  }
  const size_t dot = rest.find_first_of(".:");
  if (dot == std::string::npos) return {};
  found.link = {rest.substr(0, dot), rest.substr(dot + 1)};
  const Graph& graph = found.place.empty() ? document.graph : document.groups.at(found.place);
  const Node* node = findNode(graph, found.link.node);
  if (node) into(graph, node->id, node->zone && within(*node->zone, found.link.port));
  return found;
}

// The type's own colour, turned around the circle until none of those before is like it: lines of two latents
// must be told apart.
uint32_t unlike(uint32_t rgb, const std::vector<uint32_t>& taken) {
  const auto alike = [](const QColor& a, const QColor& b) {
    const int hue = std::abs(a.hslHue() - b.hslHue());
    return std::min(hue, 360 - hue) < 30 && std::abs(a.lightness() - b.lightness()) < 60;
  };
  constexpr int kTurn = 85, kTurns = 18;  // degrees: it takes many ports until two are alike
  QColor colour = QColor::fromRgb(rgb | 0xff000000u);
  for (int turn = 0; turn < kTurns; ++turn) {
    if (std::none_of(taken.begin(), taken.end(),
                     [&](uint32_t other) { return alike(colour, QColor::fromRgb(other | 0xff000000u)); }))
      break;
    colour.setHsl(((std::max(colour.hslHue(), 0) - kTurn) % 360 + 360) % 360,
                  std::max(colour.hslSaturation(), 150), colour.lightness());
  }
  return colour.rgb() & 0xffffff;
}

bool before(const Iteration& place, const Iteration& frame) {
  const auto length = static_cast<ptrdiff_t>(std::min(place.size(), frame.size()));
  return std::lexicographical_compare(place.begin(), place.begin() + length, frame.begin(),
                                      frame.begin() + length);
}

// Colours, zones and counts, of all tracks together.
void finish(Reel& reel) {
  std::vector<uint32_t> taken;
  for (Track& track : reel.tracks) {
    taken.push_back(track.colour = unlike(track.colour, taken));
    reel.done = std::max(reel.done, track.done);
    reel.count = std::max(reel.count, track.count);
    if (track.depth == 0) continue;
    auto zone = std::find_if(reel.zones.begin(), reel.zones.end(),
                             [&](const ReelZone& z) { return z.zone == track.zone; });
    if (zone == reel.zones.end()) zone = reel.zones.insert(zone, {track.zone, 0, 0});
    zone->done = std::max(zone->done, track.done);
    zone->count = std::max(zone->count, track.count);
  }
}

}  // namespace

const Track* Reel::track(const std::string& port) const {
  const auto found =
      std::find_if(tracks.begin(), tracks.end(), [&](const Track& t) { return t.port == port; });
  return found == tracks.end() ? nullptr : &*found;
}

const ReelZone* Reel::zone(const std::string& name) const {
  const auto found =
      std::find_if(zones.begin(), zones.end(), [&](const ReelZone& z) { return z.zone == name; });
  return found == zones.end() ? nullptr : &*found;
}

double Reel::part(const Track& track, const Iteration& frame) const {
  if (frame.size() < 2) return 0;
  const auto within = framesWithin(track.iterations, frame.front());
  const auto found = std::lower_bound(within.begin(), within.end(), frame);
  return within.empty() ? 0
                        : static_cast<double>(found - within.begin()) / static_cast<double>(within.size());
}

Iteration Reel::newest() const {
  int64_t step = -1;
  for (const Track& track : tracks)
    if (!track.iterations.empty() && !track.iterations.back().empty())
      step = std::max(step, track.iterations.back().front());
  if (step < 0) step = done - 1;
  return step < 0 ? Iteration{} : Iteration{step};
}

std::optional<Iteration> frameAt(const std::vector<Iteration>& frames, const Iteration& place) {
  if (frames.empty()) return {};
  if (place.empty()) return frames.back();
  const auto after = std::upper_bound(frames.begin(), frames.end(), place, before);
  if (after == frames.begin()) return {};
  return *std::prev(after);
}

std::vector<Iteration> framesWithin(const std::vector<Iteration>& frames, int64_t step) {
  const auto outer = [](const Iteration& frame) { return frame.empty() ? -1 : frame.front(); };
  const auto begin = std::partition_point(frames.begin(), frames.end(),
                                          [&](const Iteration& frame) { return outer(frame) < step; });
  const auto end =
      std::partition_point(begin, frames.end(), [&](const Iteration& frame) { return outer(frame) <= step; });
  return {begin, end};
}

std::string runAgainTip(const RunInfo& run) {
  std::string tip = "Takes the steps of run " + std::to_string(run.number) +
                    " again and keeps this wire too: the same values, at every step.";
  if (run.seconds < 1) return tip;
  const auto seconds = static_cast<int64_t>(std::ceil(run.seconds));
  return tip + (seconds < 120
                    ? "\nTakes about " + std::to_string(seconds) + " s, as it did."
                    : "\nTakes about " + std::to_string((seconds + 59) / 60) + " minutes, as it did.");
}

Iteration placeOf(const Cursor& cursor, const Reel& reel) {
  return cursor.live || cursor.iteration.empty() ? reel.newest() : cursor.iteration;
}

Reels::Reels(Session& session) : session_(session) {
  connect(&session.frames(), &Frames::changed, this, &Reels::change);
  connect(&session.runs(), &Runs::changed, this, &Reels::change);
  connect(&session.runs(), &Runs::listChanged, this, &Reels::change);
  connect(&session, &Session::cursorChanged, this, &Reels::change);
  connect(&session, &Session::catalogChanged, this, &Reels::change);
}

void Reels::change() {
  ++changes_;
  Q_EMIT changed();
}

const Reel& Reels::shown() { return reelOf(session_.shownRun()); }

const Reel& Reels::compared() {
  const QString id = session_.comparedRun();
  return reelOf(id.isEmpty() ? nullptr : session_.runs().find(id));
}

std::string Reels::typeOf(const RunInfo& run, const std::string& port) {
  const Document* document = graphOf(run);
  const auto place = document ? placeOfPort(*document, port) : std::nullopt;
  if (!place) return {};
  try {
    return loom::editor::typeOf(*document, place->place, place->link, session_.catalog());
  } catch (const std::exception&) {
    return {};
  }
}

const Reel& Reels::reelOf(const std::shared_ptr<const RunInfo>& run) {
  static const Reel none;
  if (!run) return none;
  if (made_.size() > 8) std::erase_if(made_, [&](const auto& each) { return each.second.first != changes_; });
  auto& [at, reel] = made_[run->id];
  if (!reel.run || at != changes_) {
    reel = make(run);
    at = changes_;
  }
  return reel;
}

const Document* Reels::graphOf(const RunInfo& run) {
  if (const Document* graph = session_.runs().graph(run.id)) return graph;
  if (graphs_.size() > 64) graphs_.clear();
  const auto [found, isNew] = graphs_.try_emplace(run.id);
  if (isNew) try {
      found->second = std::make_unique<const Document>(parseGraph(session_.runs().graphText(run.id)));
    } catch (const std::exception&) {
      // Labels and colours are plainer then.
    }
  return found->second.get();
}

Reel Reels::make(const std::shared_ptr<const RunInfo>& run) {
  Reel reel;
  reel.run = run;
  const Document* document = graphOf(*run);
  for (const std::string& port : session_.frames().ports(run->id)) {
    Track track;
    track.port = port;
    const size_t dot = port.find_last_of(".:");
    track.label = dot == std::string::npos ? port : port.substr(dot + 1);
    track.node = dot == std::string::npos ? "" : port.substr(0, dot);
    track.iterations = session_.frames().iterations(run->id, port);
    track.depth = track.iterations.empty() ? 1 : track.iterations.back().size();
    if (const auto place = document ? placeOfPort(*document, port) : std::nullopt) {
      const Graph& graph = place->place.empty() ? document->graph : document->groups.at(place->place);
      if (const Node* node = findNode(graph, place->link.node)) {
        if (!node->title.empty()) track.node = node->title;
        track.state = node->zone && within(*node->zone, place->link.port);
      }
      track.zones = place->zones;
      if (!track.zones.empty()) track.zone = track.zones.front();
      if (track.iterations.empty()) track.depth = track.zones.size();
      track.type = typeOf(*run, port);
      if (track.type.empty()) track.type = "any";
      track.colour = session_.catalog().colour(track.type);
    }
    if (const ValueType* type = session_.catalog().type(track.type)) track.picture = !type->scalar;
    const auto rows = session_.frames().statistics(run->id, port);
    if (!rows.empty() && rows.back().count == 1)
      track.picture = false;  // a tensor of one number, as losses are
    for (const auto& [name, progress] : run->zones)
      if (name == track.zone || (track.zone.empty() && progress.depth == 1 && track.depth > 0)) {
        track.done = std::max(track.done, progress.done);
        track.count = std::max(track.count, progress.count);
      }
    if (track.depth > 0 && !track.iterations.empty())
      track.done = std::max(track.done, track.iterations.back().front() + 1);
    track.count = std::max(track.count, track.done);
    reel.tracks.push_back(std::move(track));
  }
  // What goes round comes first, then what is made of it.
  std::stable_partition(reel.tracks.begin(), reel.tracks.end(),
                        [](const Track& track) { return track.state; });
  finish(reel);
  if (reel.tracks.empty())
    for (const auto& [name, progress] : run->zones)
      if (progress.depth == 1) {
        reel.done = std::max(reel.done, progress.done);
        reel.count = std::max({reel.count, progress.count, progress.done});
      }
  return reel;
}

}  // namespace loom::editor
