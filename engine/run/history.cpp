#include "engine/run/history.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

#include "engine/files/atomic_file.h"
#include "engine/files/safetensors.h"
#include "engine/run/state_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr const char* kLatest = "latest.json";
constexpr uintmax_t kMostLatest = 4096;
constexpr size_t kKeyDigits = 32;

std::string stemOf(int64_t done, const Key& key) {
  char number[24];
  std::snprintf(number, sizeof number, "%08lld", static_cast<long long>(done));
  return std::string(number) + "-" + key.hex();
}

struct Named {
  int64_t done = 0;
  Key key;
};

// A stem is a file's name, so nothing else is taken for one.
std::optional<Named> parseStem(const std::string& stem) {
  const size_t dash = stem.find('-');
  if (dash == std::string::npos || dash < 1 || dash > 18 || stem.size() != dash + 1 + kKeyDigits) return {};
  Named named;
  for (size_t i = 0; i < dash; ++i) {
    if (stem[i] < '0' || stem[i] > '9') return {};
    named.done = named.done * 10 + (stem[i] - '0');
  }
  named.key = Key::fromHex(std::string_view(stem).substr(dash + 1));
  if (!named.key || named.done < 1 || named.done > kMostSteps) return {};
  return named;
}

fs::path stateFile(const fs::path& folder, const std::string& stem) {
  return folder / (stem + ".state.safetensors");
}
fs::path framesFile(const fs::path& folder, const std::string& stem) {
  return folder / (stem + ".frames.safetensors");
}

struct Latest {
  std::string zone, stem;
  int64_t count = 0;
};

std::optional<Latest> readLatest(const fs::path& folder) {
  std::error_code ignored;
  const uintmax_t size = fs::file_size(folder / kLatest, ignored);
  if (ignored || size > kMostLatest) return {};
  std::ifstream file(folder / kLatest);
  const json latest = json::parse(file, nullptr, false);
  if (!latest.is_object() || latest.value("history", json(0)) != kFormat) return {};
  try {
    return Latest{latest.at("zone"), latest.at("step"), latest.at("count")};
  } catch (const json::exception&) {
    return {};
  }
}

// The steps that led to one, last to first. Each says which came before it; a lesser one, so this ends.
std::vector<std::string> chainTo(const fs::path& folder, std::string stem) {
  std::vector<std::string> stems;
  int64_t before = kMostSteps + 1;
  while (!stem.empty()) {
    const std::optional<Named> named = parseStem(stem);
    if (!named || named->done >= before) throw Error("its steps do not follow from each other");
    before = named->done;
    stems.push_back(stem);
    const SafetensorsHeader header = readSafetensorsHeader(framesFile(folder, stem));
    const json meta = json::parse(header.metadata.at("noiseloom"), nullptr, false);
    if (!meta.is_object() || meta.value("history", json(0)) != kFormat)
      throw Error("it is no history of this version");
    stem = meta.value("previous", "");
  }
  return stems;
}

// What was collected after the first `known` frames.
Value framesSince(const Value& recording, size_t known) {
  const auto& frames = recording.as<Recording>().frames;
  return Value::of<Recording>(
      {{frames.begin() + static_cast<int64_t>(std::min(known, frames.size())), frames.end()}});
}

}  // namespace

History::History(Options options) : options_(std::move(options)) {
  options_.keep.every = std::max<int64_t>(options_.keep.every, 1);
}

void History::say(const std::string& zone, const std::string& message) const {
  if (options_.say) options_.say(zone, message);
}

fs::path History::folderOf(const std::string& zone) const { return options_.folder / zoneFileStem(zone); }

CheckpointStore::State History::find(const std::string& zone, const StepKeys& keys, int64_t count,
                                     const PlanZone& plan) {
  Track& track = tracks_[zone];
  track = {.every = options_.keep.every};
  std::vector<std::pair<int64_t, std::string>> fitting;
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(folderOf(zone), ignored)) {
    const std::string name = each.path().filename().string();
    if (!name.ends_with(".state.safetensors")) continue;
    const std::string stem = name.substr(0, name.find('.'));
    const std::optional<Named> named = parseStem(stem);
    if (named && named->done <= count && named->key == keys.after(named->done))
      fitting.emplace_back(named->done, stem);
  }
  std::sort(fitting.rbegin(), fitting.rend());
  for (const auto& [done, stem] : fitting) {
    try {
      return load(zone, stem, done, plan);
    } catch (const std::exception& error) {
      say(zone, "the state kept after step " + std::to_string(done) + " can't be used: " + error.what());
    }
  }
  return {};
}

CheckpointStore::State History::load(const std::string& zone, const std::string& stem, int64_t done,
                                     const PlanZone& plan) {
  const fs::path folder = folderOf(zone);
  const Archive archive = readSealed(stateFile(folder, stem));
  if (archive.meta.value("history", json(0)) != kFormat) throw Error("it is no history of this version");
  State state;
  state.done = done;
  state.states = takeValues(archive, "state", stateNames(plan), *options_.registry, options_.device);
  std::map<std::string, Recording> collected;
  const std::vector<std::string> all = collectNames(plan);
  const std::set<std::string> wanted(all.begin(), all.end());
  std::vector<std::string> stems = chainTo(folder, stem);
  std::reverse(stems.begin(), stems.end());
  for (const std::string& each : stems) {
    const Archive frames = readSealed(framesFile(folder, each));
    // What this graph collects and the one before it did not begins with the fork.
    std::vector<std::string> names = frames.meta.at("collected");
    std::erase_if(names, [&](const std::string& name) { return !wanted.contains(name); });
    for (auto& [name, value] : takeValues(frames, "collect", names, *options_.registry, options_.device)) {
      if (value.empty() || !value.is<Recording>())
        throw Error("its recording " + name + " is of another type");
      auto& known = collected[name].frames;
      const auto& more = value.as<Recording>().frames;
      known.insert(known.end(), more.begin(), more.end());
    }
  }
  Track track{.previous = stem, .every = options_.keep.every};
  for (auto& [name, recording] : collected) {
    track.collected[name] = recording.frames.size();
    state.collected[name] = Value::of<Recording>(std::move(recording));
  }
  checkTypes(state, plan, *options_.plan);
  tracks_[zone] = std::move(track);
  return state;
}

void History::offer(const std::string& zone, const StepKeys& keys, int64_t done, int64_t count,
                    const std::function<State()>& state) {
  Track& track = tracks_[zone];
  if (track.refused) return;
  if (done % track.every != 0 && done != count && options_.keep.last == 0) return;
  const std::string stem = stemOf(done, keys.after(done));
  if (track.previous == stem) return;  // offered again where the run was stopped
  try {
    save(track, zone, stem, count, state());
    thin(track, zone, done, count);
  } catch (const std::exception& error) {
    track.refused = true;
    say(zone, std::string("its steps are not kept from here on: ") + error.what());
  }
}

void History::save(Track& track, const std::string& zone, const std::string& stem, int64_t count,
                   const State& state) {
  Archive states, frames;
  addValues(states, "state", state.states, *options_.registry);
  std::map<std::string, Value> fresh;
  for (const auto& [name, value] : state.collected) {
    size_t& known = track.collected[name];
    fresh[name] = framesSince(value, known);
    known = value.as<Recording>().frames.size();
  }
  addValues(frames, "collect", fresh, *options_.registry);
  frames.meta["collected"] = json::array();
  for (const auto& [name, value] : fresh) frames.meta["collected"].push_back(name);
  states.meta["history"] = frames.meta["history"] = kFormat;
  frames.meta["previous"] = track.previous;
  const fs::path folder = folderOf(zone);
  // In this order: a state that is there has its frames, and the latest step has both.
  writeSealed(framesFile(folder, stem), std::move(frames), Durability::kill);
  writeSealed(stateFile(folder, stem), std::move(states), Durability::kill);
  AtomicFile latest(folder / kLatest, {.durability = Durability::kill});
  latest.write(json{{"history", kFormat}, {"zone", zone}, {"step", stem}, {"count", count}}.dump());
  latest.commit();
  track.previous = stem;
  track.states.emplace_back(state.done, stem);
  track.bytes = fs::file_size(stateFile(folder, stem));
}

// Takes away the states that the rule does not keep. The last one always stays.
void History::thin(Track& track, const std::string& zone, int64_t done, int64_t count) {
  const auto tooMany = [&] {
    return track.states.size() > 2 && track.states.size() * track.bytes > options_.keep.mostBytes;
  };
  const auto stays = [&](int64_t step) {
    return step % track.every == 0 || step == count || step > done - std::max<int64_t>(options_.keep.last, 1);
  };
  const auto sweep = [&] {
    std::erase_if(track.states, [&](const auto& each) {
      if (stays(each.first)) return false;
      std::error_code ignored;
      fs::remove(stateFile(folderOf(zone), each.second), ignored);
      return true;
    });
  };
  sweep();
  while (tooMany() && track.every < count) {
    track.every *= 2;
    say(zone, "keeps the state of every " + std::to_string(track.every) + " steps, to stay within " +
                  std::to_string(options_.keep.mostBytes >> 20) + " MiB");
    sweep();
  }
}

std::vector<History::ZoneSteps> History::read(const fs::path& folder) {
  std::vector<ZoneSteps> zones;
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(folder, ignored)) {
    const std::optional<Latest> latest = readLatest(each.path());
    if (!latest) continue;
    try {
      ZoneSteps zone{latest->zone, latest->count, {}};
      for (const std::string& stem : chainTo(each.path(), latest->stem)) {
        const Named named = *parseStem(stem);
        zone.steps.push_back({named.done, named.key, fs::exists(stateFile(each.path(), stem))});
      }
      std::reverse(zone.steps.begin(), zone.steps.end());
      zones.push_back(std::move(zone));
    } catch (const std::exception&) {
      continue;
    }
  }
  std::sort(zones.begin(), zones.end(), [](const auto& a, const auto& b) { return a.zone < b.zone; });
  return zones;
}

void History::copy(const fs::path& from, const fs::path& to) {
  for (const fs::directory_entry& zone : fs::directory_iterator(from)) {
    if (!zone.is_directory() || zone.is_symlink()) continue;
    const fs::path target = to / zone.path().filename();
    fs::create_directories(target);
    for (const fs::directory_entry& file : fs::directory_iterator(zone.path())) {
      const std::string name = file.path().filename().string();
      if (!file.is_regular_file() || file.is_symlink() || name.starts_with(".")) continue;
      std::error_code failed;
      if (fs::exists(target / name, failed)) continue;
      fs::create_hard_link(file.path(), target / name, failed);
      if (failed) fs::copy_file(file.path(), target / name);
    }
  }
}

}  // namespace loom
