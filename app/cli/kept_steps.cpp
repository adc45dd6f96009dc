#include "app/cli/kept_steps.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "app/cli/result_file.h"
#include "engine/files/atomic_file.h"
#include "engine/graph/graph_file.h"
#include "engine/graph/json_reader.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

Control::Place parsePlace(const std::string& text, const std::string& option) {
  const size_t equals = text.find('=');
  Control::Place place;
  if (equals != std::string::npos) place.zone = text.substr(0, equals);
  const std::string number = text.substr(equals == std::string::npos ? 0 : equals + 1);
  const char* end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, place.done);
  if (error != std::errc{} || stop != end || place.done < 1)
    throw Error(option + " " + text + ": give a step from 1 up, or ZONE=STEP");
  return place;
}

template <class Zones, class Name>
std::string names(const Zones& zones, Name name) {
  std::string text;
  for (const auto& zone : zones) text += (text.empty() ? "" : ", ") + name(zone);
  return text;
}

}  // namespace

fs::path stepsFolder(const fs::path& output) { return output / ".steps"; }

Control::Place placeOf(const std::string& text, const Plan& plan, const std::string& option) {
  Control::Place place = parsePlace(text, option);
  const auto path = [](const PlanZone& zone) { return zone.path; };
  if (plan.zones.empty()) throw Error(option + " " + text + ": this graph has no zone, so no steps");
  if (place.zone.empty()) {
    const auto outer = [](const PlanZone& zone) { return zone.parent < 0; };
    if (std::count_if(plan.zones.begin(), plan.zones.end(), outer) > 1)
      throw Error(option + " " + text + ": this graph has several zones, name one: ZONE=" +
                  std::to_string(place.done) + " with " + names(plan.zones, path));
    return place;
  }
  if (std::none_of(plan.zones.begin(), plan.zones.end(),
                   [&](const PlanZone& zone) { return zone.path == place.zone; }))
    throw Error(option + " " + text + ": there is no such zone; there are: " + names(plan.zones, path));
  return place;
}

std::optional<ForkPoint> pointAt(const History::ZoneSteps& zone, int64_t done) {
  for (const History::Step& step : zone.steps)
    if (step.state && step.done == done) return ForkPoint{step.done, step.key};
  return {};
}

std::string keptStates(const History::ZoneSteps& zone) {
  std::vector<int64_t> steps;
  for (const History::Step& step : zone.steps)
    if (step.state) steps.push_back(step.done);
  std::string text;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i == 8 && steps.size() > 10) return text + ", … " + std::to_string(steps.back());
    text += (i ? ", " : "") + std::to_string(steps[i]);
  }
  return text.empty() ? "none" : text;
}

std::map<std::string, ForkPoint> forksOf(const StepRequest& request) {
  if (request.at.empty()) return {};
  const Control::Place place = parsePlace(request.at, "--at");
  const std::vector<History::ZoneSteps> zones = History::read(stepsFolder(request.fork));
  const auto path = [](const History::ZoneSteps& zone) { return zone.zone; };
  if (zones.empty())
    throw Error("--fork " + request.fork + ": no steps were kept there; run with --keep-steps to keep them");
  const auto zone = std::find_if(zones.begin(), zones.end(), [&](const History::ZoneSteps& each) {
    return place.zone.empty() || each.zone == place.zone;
  });
  if (zone == zones.end())
    throw Error("--at " + request.at + ": there is no such zone; kept are steps of " + names(zones, path));
  if (place.zone.empty() && zones.size() > 1)
    throw Error("--at " + request.at + ": steps of several zones were kept, name one: ZONE=" +
                std::to_string(place.done) + " with " + names(zones, path));
  if (const auto point = pointAt(*zone, place.done)) return {{zone->zone, *point}};
  throw Error("--at " + request.at + ": the state after this step was not kept in " + request.fork +
              "; there are " + keptStates(*zone));
}

void copySteps(const fs::path& from, const fs::path& to) {
  if (History::read(from).empty())
    throw Error("--fork " + from.parent_path().string() +
                ": no steps were kept there; run with --keep-steps to keep them");
  std::error_code ignored;
  if (!fs::equivalent(from, to, ignored)) History::copy(from, to);
}

namespace {

constexpr const char* kOrigin = "origin.json";
constexpr uintmax_t kMostOrigin = kMostGraphBytes;

// How many forks follow each other there; not looked at beyond the most.
int forksIn(const nlohmann::json& made, int depth = 0) {
  const auto forked = made.is_object() ? made.find("forked") : made.end();
  if (!made.is_object() || forked == made.end() || !forked->is_object() || depth > kMostForks) return depth;
  int most = depth + 1;
  for (const auto& [zone, entry] : forked->items())
    if (entry.is_object() && entry.contains("parent") && entry["parent"].is_object() &&
        entry["parent"].contains("made"))
      most = std::max(most, forksIn(entry["parent"]["made"], depth + 1));
  return most;
}

}  // namespace

void writeOrigin(const fs::path& steps, const std::string& graph, const nlohmann::json& made) {
  fs::create_directories(steps);
  AtomicFile file(steps / kOrigin, {.durability = Durability::kill});
  file.write(nlohmann::json{{"graph", graph}, {"made", made}}.dump(-1, ' ', false,
                                                                   nlohmann::json::error_handler_t::replace));
  file.commit();
}

void addParents(nlohmann::json& provenance, const fs::path& stepsOfParent) {
  const auto forked = provenance.find("forked");
  std::error_code error;
  const uintmax_t size = fs::file_size(stepsOfParent / kOrigin, error);
  if (forked == provenance.end() || error || size > kMostOrigin) return;
  std::ifstream file(stepsOfParent / kOrigin);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  nlohmann::json origin;
  try {
    origin = parseJson(text, kMostProvenanceDepth);
  } catch (const Error&) {
    return;
  }
  if (!origin.is_object() || !origin.contains("graph") || !origin.contains("made")) return;
  if (forksIn(origin["made"]) + 1 >= kMostForks) return;
  for (auto& [zone, entry] : forked->items()) entry["parent"] = origin;
}

void PauseAt::stepFinished(const StepEvent& event) {
  if (paused_ || !place_.reachedBy(event) || event.done == event.count) return;
  paused_ = true;
  place_ = {event.zone, event.done};
  cancel_.request();
}

}  // namespace loom
