#include "app/editor/watch/reel.h"

#include <QColor>
#include <algorithm>

#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

struct PortPlace {
  std::string place;  // the group whose graph it is in
  Link link;
};

// "outer/inner/node.port": a node of the group that the node "inner" of the group of "outer" is one of.
std::optional<PortPlace> placeOfPort(const Document& document, const std::string& port) {
  PortPlace found;
  std::string rest = port;
  for (size_t slash; (slash = rest.find('/')) != std::string::npos; rest = rest.substr(slash + 1)) {
    const auto graph = found.place.empty() ? &document.graph : &document.groups.at(found.place);
    const Node* node = findNode(*graph, rest.substr(0, slash));
    if (!node || !node->type.starts_with(kGroupPrefix)) return {};
    found.place = node->type.substr(kGroupPrefix.size());
    if (!document.groups.contains(found.place)) return {};
  }
  const size_t dot = rest.find_first_of(".:");
  if (dot == std::string::npos) return {};
  found.link = {rest.substr(0, dot), rest.substr(dot + 1)};
  return found;
}

// The type's own colour for the first port of a type, then others around the circle: lines of two latents
// must be told apart.
uint32_t shade(uint32_t rgb, int index) {
  if (index == 0) return rgb;
  constexpr int kTurn = 85;  // degrees: it takes many ports until two are alike
  QColor colour = QColor::fromRgb(rgb | 0xff000000u);
  const int hue = std::max(colour.hslHue(), 0);
  colour.setHsl(((hue - index * kTurn) % 360 + 360) % 360, std::max(colour.hslSaturation(), 150),
                colour.lightness());
  return colour.rgb() & 0xffffff;
}

bool before(const Iteration& place, const Iteration& frame) {
  const auto length = static_cast<ptrdiff_t>(std::min(place.size(), frame.size()));
  return std::lexicographical_compare(place.begin(), place.begin() + length, frame.begin(),
                                      frame.begin() + length);
}

}  // namespace

const Track* Reel::track(const std::string& port) const {
  const auto found =
      std::find_if(tracks.begin(), tracks.end(), [&](const Track& t) { return t.port == port; });
  return found == tracks.end() ? nullptr : &*found;
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
  if (graphs_.size() > 64) graphs_.clear();
  const auto [found, isNew] = graphs_.try_emplace(run.id);
  if (isNew && !run.graphText.empty()) {
    try {
      found->second = std::make_unique<const Document>(parseGraph(run.graphText));
    } catch (const std::exception&) {
      // Labels and colours are plainer then.
    }
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
    std::string zone;
    if (const auto place = document ? placeOfPort(*document, port) : std::nullopt) {
      const Graph& graph = place->place.empty() ? document->graph : document->groups.at(place->place);
      if (const Node* node = findNode(graph, place->link.node)) {
        if (!node->title.empty()) track.node = node->title;
        auto zones = zonesAround(graph, node->id);
        if (node->zone) zones.push_back(node->id);
        track.state = node->zone != nullptr;
        // The zone within a group goes by the way to it: "group/zone".
        const std::string way = port.substr(0, port.rfind('/') + 1);
        if (!zones.empty()) zone = way + zones.front();
        if (track.iterations.empty()) track.depth = zones.size();
      }
      try {
        track.type = typeOf(*document, place->place, place->link, session_.catalog());
      } catch (const std::exception&) {
        track.type = "any";
      }
      track.colour = session_.catalog().colour(track.type);
    }
    if (const ValueType* type = session_.catalog().type(track.type)) track.picture = !type->scalar;
    for (const auto& [name, progress] : run->zones)
      if (name == zone || (zone.empty() && progress.depth == 1 && track.depth > 0)) {
        track.done = std::max(track.done, progress.done);
        track.count = std::max(track.count, progress.count);
      }
    if (track.depth > 0 && !track.iterations.empty())
      track.done = std::max(track.done, track.iterations.back().front() + 1);
    track.count = std::max(track.count, track.done);
    reel.done = std::max(reel.done, track.done);
    reel.count = std::max(reel.count, track.count);
    reel.tracks.push_back(std::move(track));
  }
  // What goes round comes first, then what is made of it.
  std::stable_partition(reel.tracks.begin(), reel.tracks.end(),
                        [](const Track& track) { return track.state; });
  std::map<std::string, int> ofType;
  for (Track& track : reel.tracks) track.colour = shade(track.colour, ofType[track.type]++);
  if (reel.tracks.empty())
    for (const auto& [name, progress] : run->zones)
      if (progress.depth == 1) {
        reel.done = std::max(reel.done, progress.done);
        reel.count = std::max({reel.count, progress.count, progress.done});
      }
  return reel;
}

}  // namespace loom::editor
