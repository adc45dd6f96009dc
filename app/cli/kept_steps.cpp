#include "app/cli/kept_steps.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <span>

#include "app/cli/result_file.h"
#include "engine/files/atomic_file.h"
#include "engine/graph/graph_file.h"
#include "engine/graph/json_reader.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostCounts = 64;  // of zones within zones

std::vector<int64_t> parseCounts(const std::string& text) {
  std::vector<int64_t> counts;
  const char *from = text.data(), *const end = text.data() + text.size();
  while (counts.size() < kMostCounts) {
    int64_t count = 0;
    const auto [stop, error] = std::from_chars(from, end, count);
    if (error != std::errc{} || count < 0 || count > kMostSteps) return {};
    counts.push_back(count);
    if (stop == end) return counts;
    if (*stop != ',') return {};
    from = stop + 1;
  }
  return {};
}

// "ZONE=..." or "..."
std::pair<std::string, std::string> splitPlace(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

template <class Zones, class Name>
std::string names(const Zones& zones, Name name) {
  std::string text;
  for (const auto& zone : zones) text += (text.empty() ? "" : ", ") + name(zone);
  return text;
}

}  // namespace

std::string joined(std::span<const int64_t> counts) {
  std::string text;
  for (const int64_t count : counts) {
    if (!text.empty()) text += ',';
    text += std::to_string(count);
  }
  return text;
}

fs::path stepsFolder(const fs::path& output) { return output / ".steps"; }

Control::Place placeOf(const std::string& text, const std::string& option) {
  const auto [zone, counts] = splitPlace(text);
  Control::Place place{zone, parseCounts(counts)};
  if (place.at.empty() || place.at.back() < 1)
    throw Error(
        option + " " + text +
        ": give a step from 1 up, or ZONE=STEP; of a zone within another I,STEP: after I steps of that");
  return place;
}

void requirePlace(const Control::Place& place, const Plan& plan, const std::string& what) {
  if (plan.zones.empty()) throw Error(what + ": this graph has no zone, so no steps");
  const auto depthOf = [&](const PlanZone& zone) {
    size_t depth = 1;
    for (int parent = zone.parent; parent >= 0; parent = plan.zones[parent].parent) ++depth;
    return depth;
  };
  const auto path = [](const PlanZone& zone) { return zone.path; };
  const auto fits = [&](const PlanZone& zone) {
    if (!place.zone.empty() && zone.path != place.zone) return false;
    return depthOf(zone) == place.at.size() || (place.at.size() == 1 && !place.zone.empty());
  };
  const bool known =
      place.zone.empty() || std::any_of(plan.zones.begin(), plan.zones.end(),
                                        [&](const PlanZone& z) { return z.path == place.zone; });
  if (!known) throw Error(what + ": there is no such zone; there are: " + names(plan.zones, path));
  const auto many = std::count_if(plan.zones.begin(), plan.zones.end(), fits);
  if (many == 0)
    throw Error(what + ": no zone lies so deep; there are: " + names(plan.zones, path) +
                ". Give a step of it, or of those around it and its own");
  if (many > 1)
    throw Error(what + ": this graph has several zones, name one: ZONE=" + joined(place.at) + " with " +
                names(plan.zones, path));
}

namespace {

// "10, 20, … 100"
std::string listed(const std::vector<int64_t>& steps) {
  std::string text;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i == 8 && steps.size() > 10) return text + ", … " + std::to_string(steps.back());
    text += (i ? ", " : "") + std::to_string(steps[i]);
  }
  return text.empty() ? "none" : text;
}

// "sampling, head in mid in outer"
std::string zonesIn(const std::vector<History::ZoneSteps>& zones) {
  std::set<std::string> told;
  std::string text;
  for (const History::ZoneSteps& each : zones) {
    std::string name = each.zone;
    for (auto around = each.around.rbegin(); around != each.around.rend(); ++around)
      name += " in " + around->first;
    if (told.insert(name).second) text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

// One of the zones that lie as deep as the place has counts, and are called so if it has a name.
std::string zoneAt(const std::vector<History::ZoneSteps>& zones, const Control::Place& place,
                   const std::string& what) {
  std::set<std::string> fitting;
  bool known = place.zone.empty();
  for (const History::ZoneSteps& each : zones) {
    const bool named = place.zone.empty() || each.zone == place.zone;
    known |= named;
    if (named && each.around.size() + 1 == place.at.size()) fitting.insert(each.zone);
  }
  if (!known) throw Error(what + ": there is no such zone; kept are steps of " + zonesIn(zones));
  if (fitting.empty())
    throw Error(what +
                ": give a step of the zone and of each that it lies in, outermost first; kept are steps of " +
                zonesIn(zones));
  if (fitting.size() > 1)
    throw Error(what + ": steps of several zones were kept, name one: ZONE=" + joined(place.at) + " with " +
                names(fitting, [](const std::string& zone) { return zone; }));
  return *fitting.begin();
}

}  // namespace

std::map<std::string, ForkPoint> forksAt(const std::vector<History::ZoneSteps>& zones,
                                         const Control::Place& place, const std::string& what) {
  const std::string zone = zoneAt(zones, place, what);
  const std::span<const int64_t> around = std::span(place.at).first(place.at.size() - 1);
  std::vector<int64_t> steps;
  std::vector<std::string> others;  // where else steps of it were kept
  for (const History::ZoneSteps& each : zones) {
    if (each.zone != zone || each.around.size() != around.size()) continue;
    std::vector<int64_t> lies;
    for (const auto& [name, point] : each.around) lies.push_back(point.done);
    if (!std::equal(lies.begin(), lies.end(), around.begin(), around.end())) {
      others.push_back(joined(lies));
      continue;
    }
    for (const History::Step& step : each.steps) {
      if (!step.state) continue;
      steps.push_back(step.done);
      if (step.done != place.at.back()) continue;
      std::map<std::string, ForkPoint> forks{{zone, {step.done, step.key}}};
      // A loop that is in its first step begins as it is.
      for (const auto& [name, point] : each.around)
        if (point.done > 0) forks[name] = point;
      return forks;
    }
  }
  const std::string lacks =
      what + ": the state after step " + joined(place.at) + " of " + zone + " was not kept; ";
  if (!steps.empty() || around.empty())
    throw Error(lacks + "there are " + listed(steps) + (around.empty() ? "" : " in step " + joined(around)));
  throw Error(lacks + "steps of it were kept in step " +
              names(others, [](const std::string& at) { return at; }));
}

std::map<std::string, ForkPoint> forksOf(const StepRequest& request) {
  if (request.at.empty()) return {};
  const Control::Place place = placeOf(request.at, "--at");
  const std::vector<History::ZoneSteps> zones = History::read(stepsFolder(request.fork));
  if (zones.empty())
    throw Error("--fork " + request.fork + ": no steps were kept there; run with --keep-steps to keep them");
  return forksAt(zones, place, "--at " + request.at);
}

KeepRule StepRequest::rule() const {
  return {.every = std::max<int64_t>(every, 1), .last = last, .mostBytes = mostBytes, .inner = inner};
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
  if (forked->is_object() && !forked->empty()) forked->begin().value()["parent"] = origin;
}

void PauseAt::stepFinished(const StepEvent& event) {
  if (paused_ || !place_.reachedBy(event) || event.done == event.count) return;
  paused_ = true;
  place_ = Control::Place::of(event);
  cancel_.request();
}

}  // namespace loom
