// What a folder of kept steps tells, whoever wrote it.
#include <algorithm>

#include "engine/files/safetensors.h"
#include "engine/run/history.h"
#include "engine/run/history_folder.h"
#include "engine/run/state_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using namespace steps;

using Belongs = std::function<bool(const Latest&)>;

// The loops in one folder, and those in their steps.
void readLoops(const fs::path& folder, const History::Around& around, const Belongs& belongs,
               std::vector<History::ZoneSteps>& zones);

// Loops in the steps that one can go on from. The step after such a one says which of them led to it; what
// lies behind the last one has led to none yet.
void readWithin(const fs::path& loop, const History::ZoneSteps& zone, const std::vector<KeptStep>& links,
                std::vector<History::ZoneSteps>& zones) {
  for (size_t i = 0; i <= links.size(); ++i) {
    const History::Step before = i ? zone.steps[i - 1] : History::Step{0, {}, true};
    const fs::path step = stepFolder(loop, before.done);
    if (!before.state || !parseStepFolder(step)) continue;
    History::Around around = zone.around;
    around.emplace_back(zone.zone, ForkPoint{before.done, before.key});
    readLoops(
        step, around,
        [&](const Latest& inner) {
          if (i == links.size()) return inner.after == (i ? links[i - 1].stem : "");
          const auto ran = links[i].inner.find(inner.zone);
          return ran != links[i].inner.end() && ran->second == inner.is;
        },
        zones);
  }
}

void readLoops(const fs::path& folder, const History::Around& around, const Belongs& belongs,
               std::vector<History::ZoneSteps>& zones) {
  if (around.size() > kMostDepth) return;
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(folder, ignored)) {
    if (each.is_symlink(ignored)) continue;
    const std::optional<Latest> latest = readLatest(each.path());
    if (!latest || !belongs(*latest)) continue;
    try {
      History::ZoneSteps zone{latest->zone, latest->count, {}, around};
      std::vector<KeptStep> links = chainTo(each.path(), latest->step);
      std::reverse(links.begin(), links.end());
      for (const KeptStep& link : links) {
        const Named named = *parseStem(link.stem);
        zone.steps.push_back({named.done, named.key, fs::exists(stateFile(each.path(), link.stem))});
      }
      readWithin(each.path(), zone, links, zones);
      if (!zone.steps.empty()) zones.push_back(std::move(zone));
    } catch (const std::exception&) {
      continue;
    }
  }
}

bool comesBefore(const History::ZoneSteps& a, const History::ZoneSteps& b) {
  if (a.around.size() != b.around.size()) return a.around.size() < b.around.size();
  if (a.zone != b.zone) return a.zone < b.zone;
  for (size_t i = 0; i < a.around.size(); ++i)
    if (a.around[i].second.done != b.around[i].second.done)
      return a.around[i].second.done < b.around[i].second.done;
  return false;
}

// "step 4 in step 2 of outer"
std::string placeText(const Plan& plan, const PlanZone& zone, const std::vector<int64_t>& around) {
  std::string text = "step " + std::to_string(zone.fork->done);
  int at = zone.parent;
  for (auto step = around.rbegin(); step != around.rend(); ++step) {
    const PlanZone& each = plan.zones[static_cast<size_t>(at)];
    text += " in step " + std::to_string(*step) + " of " + each.path;
    at = each.parent;
  }
  return text;
}

// The ids of a state's types, by name, as its file's description has them; empty where it has none.
std::string typeIn(const json& description, const std::string& state) {
  const json part = description.value("parts", json::object()).value("state." + state, json::object());
  return part.value("type", "");
}

void requireState(const fs::path& file, const PlanZone& zone, const Plan& plan, const std::string& place) {
  const std::string found = "the state after " + place + ", to fork from, ";
  std::error_code ignored;
  if (!fs::exists(file, ignored))
    throw Error(zone.path, "", found + "was not kept; fork from a step whose state was");
  json description;
  try {
    description = json::parse(readSafetensorsHeader(file).metadata.at("noiseloom"));
    for (const PlanZone::State& each : zone.state) typeIn(description, each.name);
  } catch (const std::exception& error) {
    throw Error(zone.path, "", found + "is damaged; fork from another step");
  }
  for (const PlanZone::State& each : zone.state) {
    const TypeInfo* wanted = plan.slots[static_cast<size_t>(each.slot)].spec.type;
    const std::string given = typeIn(description, each.name);
    if (given.empty())
      throw Error(zone.path, each.name,
                  found +
                      "holds nothing of this name: its zone had other states. Fork "
                      "from a run whose zone has the states that this one has");
    if (wanted && wanted != &typeOf<Any>() && wanted->id != given)
      throw Error(zone.path, each.name,
                  found + "is of the type " + given + " and not " + wanted->id +
                      ". Fork from a run whose zone has the states that this one has");
  }
}

void copyLoop(const fs::path& from, const fs::path& to, int depth) {
  fs::create_directories(to);
  for (const fs::directory_entry& each : fs::directory_iterator(from)) {
    const std::string name = each.path().filename().string();
    if (each.is_symlink() || name.starts_with(".")) continue;
    if (each.is_directory() && depth > 0) copyLoop(each.path(), to / name, depth - 1);
    if (!each.is_regular_file()) continue;
    std::error_code failed;
    if (fs::exists(to / name, failed)) continue;
    fs::create_hard_link(each.path(), to / name, failed);
    if (failed) fs::copy_file(each.path(), to / name);
  }
}

}  // namespace

std::vector<History::ZoneSteps> History::read(const fs::path& folder) {
  std::vector<ZoneSteps> zones;
  readLoops(
      folder, {}, [](const Latest&) { return true; }, zones);
  std::sort(zones.begin(), zones.end(), comesBefore);
  return zones;
}

void History::requireForks(const fs::path& folder, const Plan& plan) {
  for (const PlanZone& zone : plan.zones) {
    if (!zone.fork) continue;
    std::vector<int64_t> around;
    for (int at = zone.parent; at >= 0; at = plan.zones[static_cast<size_t>(at)].parent) {
      const std::optional<ForkPoint>& fork = plan.zones[static_cast<size_t>(at)].fork;
      around.insert(around.begin(), fork ? fork->done : 0);
    }
    const fs::path file =
        stateFile(loopFolder(folder, plan, zone, around), stemOf(zone.fork->done, zone.fork->state));
    requireState(file, zone, plan, placeText(plan, zone, around));
  }
}

void History::copy(const fs::path& from, const fs::path& to) {
  for (const fs::directory_entry& zone : fs::directory_iterator(from))
    if (zone.is_directory() && !zone.is_symlink())
      copyLoop(zone.path(), to / zone.path().filename(), 2 * kMostDepth);
}

}  // namespace loom
