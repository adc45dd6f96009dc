#include "app/cli/remade_fork.h"

#include <algorithm>

#include "app/cli/result_file.h"
#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr const char* kNotHeld =
    "it was forked from a step of another run, of which it does not hold the graph";

// Where a fork begins: a zone after those it lies in, outermost first, and steps done of each.
struct Place {
  std::vector<std::string> zones;
  std::vector<int64_t> steps;
};

struct Wanted {
  Place place;
  std::optional<CheckpointStore::State> state = {};
};

// Takes the states at some places, and ends the run when it has all of them.
class TakeStates final : public CheckpointStore {
 public:
  TakeStates(CheckpointStore* before, std::vector<Wanted>& wanted) : before_(before), wanted_(wanted) {}

  State find(const Loop& loop) override { return before_ ? before_->find(loop) : State(); }
  void offer(const Loop& loop, int64_t done, const std::function<State()>& state) override {
    if (allThere()) return;  // offered again where the run was ended
    for (Wanted& each : wanted_)
      if (!each.state && isAt(each.place, loop, done)) each.state = state();
    if (allThere()) throw Cancelled{};
  }
  bool keepsInner() const override {
    return std::any_of(wanted_.begin(), wanted_.end(),
                       [](const Wanted& each) { return each.place.zones.size() > 1; });
  }
  bool allThere() const {
    return std::all_of(wanted_.begin(), wanted_.end(),
                       [](const Wanted& each) { return each.state.has_value(); });
  }

 private:
  static bool isAt(const Place& place, const Loop& loop, int64_t done) {
    return place.zones.back() == loop.zone.path && place.steps.back() == done &&
           std::equal(loop.around.begin(), loop.around.end(), place.steps.begin(), place.steps.end() - 1);
  }

  CheckpointStore* before_;
  std::vector<Wanted>& wanted_;
};

struct Fork {
  Place place;
  Key state;
  std::string graph;  // of the parent
  json made;
};

// The parent is told of once, with one of the zones.
json parentIn(const json& forked) {
  for (const auto& [zone, entry] : forked.items())
    if (entry.is_object() && entry.contains("parent")) return entry.at("parent");
  throw Error(kNotHeld);
}

Fork readFork(const json& forked, const std::string& zone) {
  Fork fork;
  try {
    const json& entry = forked.at(zone);
    for (const json& each : entry.value("within", json::array())) {
      fork.place.zones.push_back(each.at("zone").get<std::string>());
      fork.place.steps.push_back(each.at("step").get<int64_t>());
    }
    fork.place.zones.push_back(zone);
    fork.place.steps.push_back(entry.at("step").get<int64_t>());
    fork.state = Key::fromHex(entry.at("state").get<std::string>());
    const json parent = parentIn(forked);
    fork.graph = parent.at("graph").get<std::string>();
    fork.made = parent.at("made");
  } catch (const json::exception&) {
    throw Error(kNotHeld);
  }
  if (fork.place.steps.back() < 1 || !fork.state || !fork.made.is_object()) throw Error(kNotHeld);
  return fork;
}

// Whether a run has a step from its own parent: it began with that one or a later one.
bool beganBehind(const json& made, const Place& place) {
  const json forked = made.value("forked", json::object());
  if (!forked.is_object()) return false;
  bool within = false;  // a fork goes on in the zones at hand
  for (size_t i = 0; i < place.zones.size(); ++i) {
    const bool isHere = forked.contains(place.zones[i]);
    const int64_t begun = isHere ? readFork(forked, place.zones[i]).place.steps.back() : 0;
    if (place.steps[i] != begun) return place.steps[i] < begun;
    within = isHere;
  }
  return within;
}

// Of a parent that began with a later step itself, whoever it took its steps from.
Fork originOf(const json& forked, const std::string& zone) {
  Fork fork = readFork(forked, zone);
  for (int i = 0; i < kMostForks && beganBehind(fork.made, fork.place); ++i) {
    const json parent = parentIn(fork.made.at("forked"));
    fork.graph = parent.value("graph", "");
    fork.made = parent.value("made", json());
    if (!fork.made.is_object()) throw Error(kNotHeld);
  }
  return fork;
}

// Runs the graph of a parent as far as these places.
void takeStates(const Fork& from, std::vector<Wanted>& wanted, const GraphSource& source,
                const RemakeOptions& options, const Registry& registry, int depth) {
  GraphSource parent;
  parent.file = source.file;
  parent.document = migrated(parseGraph(from.graph), registry);
  std::unique_ptr<RemadeForks> before;
  if (from.made.contains("forked"))
    before = RemadeForks::make(parent, from.made, options, registry, depth + 1);
  const PreparedGraph graph = preparedAgain(
      parent, from.made, options, before ? before->points() : std::map<std::string, ForkPoint>(), registry);
  TakeStates take(before.get(), wanted);
  RunOptions run;
  run.policy = graph.policy;
  run.files = graph.files;
  run.observer = options.observer;
  run.cache = options.cache;
  run.cancel = options.cancel;
  run.checkpoints = &take;
  // A zone whose result is known takes no steps: one that is watched does.
  for (const Wanted& each : wanted)
    for (const PlanZone& zone : graph.plan->zones)
      if (zone.path == each.place.zones.back() && !zone.state.empty())
        run.probes.push_back(zone.path + "." + zone.state.front().name);
  try {
    Run(graph.plan, std::move(run)).execute();
  } catch (const Cancelled&) {
    if (!take.allThere()) throw;
  }
  for (const Wanted& each : wanted)
    if (!each.state)
      throw Error("the run it was forked from does not come to step " +
                  std::to_string(each.place.steps.back()) + " of " + each.place.zones.back());
}

}  // namespace

std::unique_ptr<RemadeForks> RemadeForks::make(const GraphSource& source, const json& made,
                                               const RemakeOptions& options, const Registry& registry,
                                               int depth) {
  if (depth >= kMostForks) throw Error("it was forked too often, one run from the other");
  auto forks = std::make_unique<RemadeForks>();
  const json& forked = made.at("forked");
  if (!forked.is_object()) throw Error(kNotHeld);
  std::vector<Fork> waiting;
  for (const auto& [zone, entry] : forked.items()) {
    waiting.push_back(originOf(forked, zone));
    forks->points_[zone] = {waiting.back().place.steps.back(), waiting.back().state};
  }
  while (!waiting.empty()) {  // one run for all that it gives
    const Fork from = waiting.back();
    std::vector<Wanted> wanted;
    std::erase_if(waiting, [&](const Fork& each) {
      const bool same = each.graph == from.graph && each.made == from.made;
      if (same) wanted.push_back({each.place});
      return same;
    });
    takeStates(from, wanted, source, options, registry, depth);
    for (Wanted& each : wanted) forks->states_[each.place.zones.back()] = std::move(*each.state);
  }
  return forks;
}

// A zone within others begins so in one of its loops, whose keys say so.
CheckpointStore::State RemadeForks::find(const Loop& loop) {
  const auto point = points_.find(loop.zone.path);
  if (point == points_.end() || loop.keys.after(point->second.done) != point->second.state) return {};
  return states_.at(loop.zone.path);
}

}  // namespace loom
