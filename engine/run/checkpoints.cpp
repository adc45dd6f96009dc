#include "engine/run/checkpoints.h"

#include <algorithm>

#include "engine/files/safetensors.h"
#include "engine/run/saved_value.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int kFormat = 1;
constexpr double kMostShare = 0.05;  // of the time that writing may take

// A zone's path as a file name: "group/sampling" -> "group+sampling". Ids hold neither character.
std::string fileStem(std::string zone) {
  std::replace(zone.begin(), zone.end(), '/', '+');
  return zone.size() > 120 ? zone.substr(zone.size() - 120) : zone;
}

std::string progressText(int64_t done, int64_t count) {
  return std::to_string(done) + " of " + std::to_string(count) + " steps";
}

}  // namespace

DiskCheckpoints::DiskCheckpoints(Options options) : options_(std::move(options)) {}

void DiskCheckpoints::say(const std::string& zone, const std::string& message) const {
  if (options_.say) options_.say(zone, message);
}

DiskCheckpoints::Entry& DiskCheckpoints::entryOf(const std::string& zone, const Key& base) {
  Entry& entry = entries_[zone];
  if (entry.file.empty()) {
    entry.file = options_.folder / (fileStem(zone) + "-" + base.hex() + ".safetensors");
    entry.last = Clock::now();
  }
  return entry;
}

CheckpointStore::State DiskCheckpoints::find(const std::string& zone, const Key& base, int64_t count,
                                             const PlanZone& plan) {
  Entry& entry = entryOf(zone, base);
  std::error_code ignored;
  if (!fs::exists(entry.file, ignored)) {
    if (options_.resume) noteOthers(entry, zone);
    return {};
  }
  std::optional<State> state = load(entry, zone, base, plan);
  if (!state) return {};
  if (state->done > count) {
    say(zone, "a checkpoint of it has " + std::to_string(state->done) + " steps done, more than the " +
                  std::to_string(count) + " wanted now: it begins anew");
    return {};
  }
  // Kept even when it is not used: equal keys mean equal states, so an earlier one must not replace it.
  entry.onDisk = state->done;
  entry.count = count;
  if (options_.resume) return std::move(*state);
  say(zone, "a checkpoint of this very run has " + progressText(state->done, count) +
                " done; --resume would go on from there");
  return {};
}

void DiskCheckpoints::noteOthers(const Entry& entry, const std::string& zone) const {
  const std::string prefix = fileStem(zone) + "-";
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(options_.folder, ignored)) {
    const std::string name = each.path().filename().string();
    if (!name.starts_with(prefix) || name.size() != entry.file.filename().string().size()) continue;
    say(zone, "the checkpoint in " + options_.folder.string() +
                  " is of another graph, seed, setting, weight file or device: it begins anew");
    return;
  }
  say(zone, "there is no checkpoint of it in " + options_.folder.string() + ": it begins anew");
}

std::optional<CheckpointStore::State> DiskCheckpoints::load(const Entry& entry, const std::string& zone,
                                                            const Key& base, const PlanZone& plan) {
  try {
    Archive archive = readArchive(entry.file);
    if (!archive.meta.is_object() || archive.meta.value("checkpoint", 0) != kFormat)
      throw Error("it is no checkpoint of this version");
    if (archive.meta.value("base", "") != base.hex())
      throw Error("it is of another graph, seed or weight file");
    const std::string digest = archive.meta.value("digest", "");
    archive.meta.erase("digest");
    if (digestOf(archive) != digest) throw Error("its content is damaged");
    State state;
    state.done = archive.meta.value("done", int64_t{0});
    if (state.done < 1 || state.done > kMostSteps) throw Error("its count of steps is damaged");
    for (const PlanZone::State& each : plan.state)
      state.states[each.name] =
          valueOf(takePart(archive, "state." + each.name), *options_.registry, options_.device);
    for (const PlanZone::Collect& each : plan.collect)
      state.collected[each.name] =
          valueOf(takePart(archive, "collect." + each.name), *options_.registry, options_.device);
    checkTypes(state, plan);
    return state;
  } catch (const std::exception& error) {
    say(zone,
        "the checkpoint " + entry.file.string() + " can't be used: " + error.what() + ". It begins anew");
    return std::nullopt;
  }
}

void DiskCheckpoints::checkTypes(const State& state, const PlanZone& plan) const {
  for (const PlanZone::State& each : plan.state) {
    const Value& value = state.states.at(each.name);
    const Spec& wanted = options_.plan->slots.at(static_cast<size_t>(each.slot)).spec;
    if (value.empty() || (wanted.type != &value.type() && wanted.type != &typeOf<Any>()))
      throw Error("its state " + each.name + " is of another type");
  }
  for (const auto& [name, value] : state.collected)
    if (value.empty() || !value.is<Recording>()) throw Error("its recording " + name + " is of another type");
}

bool DiskCheckpoints::due(const Entry& entry, int64_t done, int64_t count) const {
  if (entry.refused || done <= entry.onDisk) return false;
  const double passed = std::chrono::duration<double>(Clock::now() - entry.last).count();
  if (options_.cancel && options_.cancel->requested()) return true;
  // A finished long zone is kept too: what comes after it may be what is stopped.
  if (done == count && entry.onDisk > 0) return true;
  return passed >= std::max(options_.everySeconds, entry.cost / kMostShare);
}

void DiskCheckpoints::offer(const std::string& zone, const Key& base, int64_t done, int64_t count,
                            const std::function<State()>& state) {
  Entry& entry = entryOf(zone, base);
  if (!due(entry, done, count)) return;
  const Clock::time_point start = Clock::now();
  try {
    save(entry, zone, base, count, state());
  } catch (const std::exception& error) {
    // The work itself is unharmed; a run without checkpoints is better than none.
    entry.refused = true;
    say(zone, std::string("can't be resumed later: ") + error.what());
  }
  entry.last = Clock::now();
  entry.cost = std::chrono::duration<double>(entry.last - start).count();
}

void DiskCheckpoints::save(Entry& entry, const std::string& zone, const Key& base, int64_t count,
                           const State& state) {
  Archive archive;
  for (const auto& [name, value] : state.states) {
    try {
      addPart(archive, "state." + name, archiveOf(value, *options_.registry));
    } catch (const Error& error) {
      throw Error("its state " + name + ": " + error.what());
    }
  }
  for (const auto& [name, value] : state.collected) {
    try {
      addPart(archive, "collect." + name, archiveOf(value, *options_.registry));
    } catch (const Error& error) {
      throw Error("its recording " + name + ": " + error.what());
    }
  }
  archive.meta["checkpoint"] = kFormat;
  archive.meta["base"] = base.hex();
  archive.meta["zone"] = zone;
  archive.meta["done"] = state.done;
  archive.meta["count"] = count;
  archive.meta["digest"] = digestOf(archive);
  fs::create_directories(options_.folder);
  writeArchive(entry.file, archive);
  entry.onDisk = state.done;
  entry.count = count;
}

std::vector<DiskCheckpoints::Kept> DiskCheckpoints::kept() const {
  std::vector<Kept> all;
  for (const auto& [zone, entry] : entries_)
    if (entry.onDisk > 0) all.push_back({zone, entry.onDisk, entry.count, entry.file});
  return all;
}

void DiskCheckpoints::remove() {
  std::error_code ignored;
  for (auto& [zone, entry] : entries_) {
    if (entry.onDisk > 0) fs::remove(entry.file, ignored);
    entry.onDisk = 0;
  }
  fs::remove(options_.folder, ignored);  // only where nothing else is in it
}

}  // namespace loom
