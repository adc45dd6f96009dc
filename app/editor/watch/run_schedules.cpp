#include "app/editor/watch/run_schedules.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "app/editor/session/shared_values.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

constexpr size_t kMostRuns = 64;
constexpr uint64_t kMostBytes = 8 << 20;  // a million steps

// As exactly as it was on the wire: 1 − ᾱ of the last steps is far below what a float32 of ᾱ can tell.
std::vector<double> numbersOf(const SharedBytes& bytes, const TensorShape& shape) {
  if (bytes.size() > kMostBytes) return {};
  const bool real = shape.dtype == "float64", whole = shape.dtype == "int64";
  if (!real && !whole) {
    const ValuesPtr values = valuesFrom(bytes, shape);
    return values ? std::vector<double>(values->data.begin(), values->data.end()) : std::vector<double>{};
  }
  std::vector<char> raw(bytes.size());
  if (!bytes.read(raw.data())) return {};
  std::vector<double> numbers(raw.size() / 8);
  for (size_t i = 0; i < numbers.size(); ++i) {
    int64_t integer = 0;
    std::memcpy(real ? static_cast<void*>(&numbers[i]) : &integer, raw.data() + 8 * i, 8);
    if (whole) numbers[i] = static_cast<double>(integer);
  }
  return numbers;
}

int64_t reached(const RunInfo& run) {
  int64_t done = run.over() ? 1 << 30 : 0;
  for (const auto& [name, zone] : run.zones) done += zone.done;
  return done;
}

}  // namespace

std::vector<double> alphaBarAt(const std::vector<double>& schedule, const std::vector<int64_t>& t) {
  std::vector<double> found;
  for (const int64_t at : t) {
    if (at < 0 || at >= static_cast<int64_t>(schedule.size())) return {};
    found.push_back(schedule[static_cast<size_t>(at)]);
  }
  return found;
}

RunSchedules::Run& RunSchedules::open(const RunInfo& run) {
  if (runs_.size() > kMostRuns) runs_.clear();
  const auto [found, isNew] = runs_.try_emplace(run.id);
  if (isNew) try {
      found->second.ports = schedulePorts(parseGraph(session_.runs().graphText(run.id)), session_.catalog());
    } catch (const std::exception&) {
      // A graph that can't be read has no schedule that one could name.
    }
  return found->second;
}

const ZoneNoise* RunSchedules::of(const RunInfo& info, const std::string& zone) {
  if (session_.catalog().empty()) return nullptr;
  Run& run = open(info);
  if (const auto found = run.zones.find(zone); found != run.zones.end()) return &found->second;
  const auto ports = std::find_if(run.ports.begin(), run.ports.end(),
                                  [&](const SchedulePorts& each) { return each.zone == zone; });
  if (ports == run.ports.end()) return nullptr;
  Numbers &schedule = run.numbers[ports->schedule], &timesteps = run.numbers[ports->timesteps];
  ask(info, ports->schedule, schedule);
  ask(info, ports->timesteps, timesteps);
  if (!schedule.here || !timesteps.here) return nullptr;
  ZoneNoise noise;
  for (const double t : timesteps.values) noise.t.push_back(std::llround(t));
  noise.alphaBar = alphaBarAt(schedule.values, noise.t);
  if (noise.alphaBar.empty()) return nullptr;
  noise.source = ports->schedule + " at " + ports->timesteps;
  return &run.zones.emplace(zone, std::move(noise)).first->second;
}

bool RunSchedules::expects(const RunInfo& info, const std::string& zone) const {
  const auto run = runs_.find(info.id);
  if (run == runs_.end()) return false;
  for (const SchedulePorts& ports : run->second.ports)
    if (ports.zone == zone)
      for (const std::string& port : {ports.schedule, ports.timesteps})
        if (const auto found = run->second.numbers.find(port); found != run->second.numbers.end())
          if (!found->second.here && !found->second.refused && (found->second.asked || info.alive()))
            return true;
  return false;
}

void RunSchedules::ask(const RunInfo& run, const std::string& port, Numbers& numbers) {
  const int64_t at = reached(run);
  if (numbers.here || numbers.asked || !run.inWorker() || at <= numbers.askedAt) return;
  // Not computed before the first step; and a port that was not recorded is refused each time, so seldom.
  if (at == 0 || (numbers.askedAt > 0 && at < 2 * numbers.askedAt)) return;
  numbers.asked = true;
  numbers.askedAt = at;
  const auto of = [this, id = run.id, port]() -> Numbers* {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : &found->second.numbers[port];
  };
  session_.worker().call(
      "tensor", {{"run", run.workerId.toStdString()}, {"port", port}}, this,
      [this, of](const nlohmann::json& answer) {
        const auto bytes = SharedBytes::open(answer.value("path", ""), answer.value("bytes", uint64_t{0}));
        if (answer.contains("id")) session_.worker().call("release", {{"id", answer["id"]}}, this, {});
        Numbers* numbers = of();
        if (!numbers) return;
        numbers->asked = false;
        const auto shape = tensorShapeFrom(answer);
        if (bytes && shape) numbers->values = numbersOf(*bytes, *shape);
        numbers->here = !numbers->values.empty();
        Q_EMIT changed();
      },
      [this, of](const WorkerError&) {
        Numbers* numbers = of();
        if (!numbers) return;
        numbers->asked = false;
        numbers->refused = true;
        Q_EMIT changed();
      });
}

}  // namespace loom::editor
