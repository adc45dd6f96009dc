#include "app/cli/remade_fork.h"

#include "app/cli/result_file.h"
#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr const char* kNotHeld =
    "it was forked from a step of another run, of which it does not hold the graph";

// Takes the state after one step of a zone, and ends the run there.
class TakeState final : public CheckpointStore {
 public:
  TakeState(CheckpointStore* before, std::string zone, int64_t step)
      : before_(before), zone_(std::move(zone)), step_(step) {}

  State find(const std::string& zone, const StepKeys& keys, int64_t count, const PlanZone& plan) override {
    return before_ ? before_->find(zone, keys, count, plan) : State();
  }
  void offer(const std::string& zone, const StepKeys&, int64_t done, int64_t,
             const std::function<State()>& state) override {
    if (zone != zone_ || done != step_ || taken) return;
    taken = state();
    throw Cancelled{};
  }

  std::optional<State> taken;

 private:
  CheckpointStore* before_;
  const std::string zone_;
  const int64_t step_;
};

struct Fork {
  int64_t step = 0;
  Key state;
  std::string graph;  // of the parent
  json made;
};

Fork readFork(const json& entry) {
  Fork fork;
  try {
    fork.step = entry.at("step").get<int64_t>();
    fork.state = Key::fromHex(entry.at("state").get<std::string>());
    fork.graph = entry.at("parent").at("graph").get<std::string>();
    fork.made = entry.at("parent").at("made");
  } catch (const json::exception&) {
    throw Error(kNotHeld);
  }
  if (fork.step < 1 || !fork.state || !fork.made.is_object()) throw Error(kNotHeld);
  return fork;
}

// Of a parent that began with a later step itself, whoever it took its steps from.
Fork originOf(const std::string& zone, const json& entry) {
  Fork fork = readFork(entry);
  const int64_t step = fork.step;
  for (int i = 0; i < kMostForks; ++i) {
    const json forked = fork.made.value("forked", json::object());
    const auto before = forked.is_object() ? forked.find(zone) : forked.end();
    if (before == forked.end() || readFork(*before).step < step) break;
    const Key state = fork.state;
    fork = readFork(*before);
    fork.state = state;
  }
  fork.step = step;
  return fork;
}

CheckpointStore::State stateOf(const std::string& zone, const Fork& fork, const GraphSource& source,
                               const RemakeOptions& options, const Registry& registry, int depth) {
  GraphSource parent;
  parent.file = source.file;
  parent.document = migrated(parseGraph(fork.graph), registry);
  std::unique_ptr<RemadeForks> before;
  if (fork.made.contains("forked"))
    before = RemadeForks::make(parent, fork.made, options, registry, depth + 1);
  const PreparedGraph graph = preparedAgain(
      parent, fork.made, options, before ? before->points() : std::map<std::string, ForkPoint>(), registry);
  TakeState take(before.get(), zone, fork.step);
  RunOptions run;
  run.policy = graph.policy;
  run.files = graph.files;
  run.observer = options.observer;
  run.cache = options.cache;
  run.cancel = options.cancel;
  run.checkpoints = &take;
  // A zone whose result is known takes no steps: one that is watched does.
  for (const PlanZone& each : graph.plan->zones)
    if (each.path == zone && !each.state.empty()) run.probes = {zone + "." + each.state.front().name};
  try {
    Run(graph.plan, std::move(run)).execute();
  } catch (const Cancelled&) {
    if (!take.taken) throw;
  }
  if (!take.taken)
    throw Error("the run it was forked from does not come to step " + std::to_string(fork.step) + " of " +
                zone);
  return std::move(*take.taken);
}

}  // namespace

std::unique_ptr<RemadeForks> RemadeForks::make(const GraphSource& source, const json& made,
                                               const RemakeOptions& options, const Registry& registry,
                                               int depth) {
  if (depth >= kMostForks) throw Error("it was forked too often, one run from the other");
  auto forks = std::make_unique<RemadeForks>();
  const json& forked = made.at("forked");
  if (!forked.is_object()) throw Error(kNotHeld);
  for (const auto& [zone, entry] : forked.items()) {
    const Fork fork = originOf(zone, entry);
    forks->points_[zone] = {fork.step, fork.state};
    forks->states_[zone] = stateOf(zone, fork, source, options, registry, depth);
  }
  return forks;
}

CheckpointStore::State RemadeForks::find(const std::string& zone, const StepKeys&, int64_t, const PlanZone&) {
  const auto found = states_.find(zone);
  return found == states_.end() ? State() : found->second;
}

}  // namespace loom
