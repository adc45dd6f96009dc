#include "engine/run/checkpoints.h"

#include <algorithm>

#include "engine/run/state_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int kFormat = 2;
constexpr double kMostShare = 0.05;  // of the time that writing may take

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
    entry.file = options_.folder / (zoneFileStem(zone) + "-" + base.hex() + ".safetensors");
    entry.last = Clock::now();
  }
  return entry;
}

CheckpointStore::State DiskCheckpoints::find(const Loop& loop) {
  const std::string& zone = loop.zone.path;
  Entry& entry = entryOf(zone, loop.keys.base());
  std::error_code ignored;
  if (!fs::exists(entry.file, ignored)) {
    if (options_.resume) noteOthers(entry, zone);
    return {};
  }
  std::optional<State> state = load(entry, loop);
  if (!state) return {};
  if (state->done > loop.count) {
    say(zone, "a checkpoint of it has " + std::to_string(state->done) + " steps done, more than the " +
                  std::to_string(loop.count) + " wanted now: it begins anew");
    return {};
  }
  // Kept even when it is not used: equal keys mean equal states, so an earlier one must not replace it.
  entry.onDisk = state->done;
  entry.count = loop.count;
  if (options_.resume) return std::move(*state);
  say(zone, "a checkpoint of this very run has " + progressText(state->done, loop.count) +
                " done; --resume would go on from there");
  return {};
}

void DiskCheckpoints::noteOthers(const Entry& entry, const std::string& zone) const {
  const std::string prefix = zoneFileStem(zone) + "-";
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

std::optional<CheckpointStore::State> DiskCheckpoints::load(const Entry& entry, const Loop& loop) {
  try {
    const Archive archive = readSealed(entry.file);
    if (archive.meta.value("checkpoint", 0) != kFormat) throw Error("it is no checkpoint of this version");
    State state;
    state.done = archive.meta.value("done", int64_t{0});
    if (state.done < 1 || state.done > kMostSteps) throw Error("its count of steps is damaged");
    const Key wanted = loop.keys.after(state.done);
    if (wanted && archive.meta.value("key", "") != wanted.hex())
      throw Error("it is of another graph, seed or weight file");
    state.states = takeValues(archive, "state", stateNames(loop.zone), *options_.registry, options_.device);
    state.collected =
        takeValues(archive, "collect", collectNames(loop.zone), *options_.registry, options_.device);
    checkTypes(state, loop.zone, *options_.plan);
    return state;
  } catch (const std::exception& error) {
    say(loop.zone.path,
        "the checkpoint " + entry.file.string() + " can't be used: " + error.what() + ". It begins anew");
    return std::nullopt;
  }
}

bool DiskCheckpoints::due(const Entry& entry, int64_t done, int64_t count) const {
  if (entry.refused || done <= entry.onDisk) return false;
  const double passed = std::chrono::duration<double>(Clock::now() - entry.last).count();
  if (options_.cancel && options_.cancel->requested()) return true;
  // A finished long zone is kept too: what comes after it may be what is stopped.
  if (done == count && entry.onDisk > 0) return true;
  return passed >= std::max(options_.everySeconds, entry.cost / kMostShare);
}

void DiskCheckpoints::offer(const Loop& loop, int64_t done, const std::function<State()>& state) {
  Entry& entry = entryOf(loop.zone.path, loop.keys.base());
  if (!due(entry, done, loop.count)) return;
  const Clock::time_point start = Clock::now();
  try {
    save(entry, loop, state());
  } catch (const std::exception& error) {
    // The work itself is unharmed; a run without checkpoints is better than none.
    entry.refused = true;
    say(loop.zone.path, std::string("can't be resumed later: ") + error.what());
  }
  entry.last = Clock::now();
  entry.cost = std::chrono::duration<double>(entry.last - start).count();
}

void DiskCheckpoints::save(Entry& entry, const Loop& loop, const State& state) {
  Archive archive;
  addValues(archive, "state", state.states, *options_.registry);
  addValues(archive, "collect", state.collected, *options_.registry);
  archive.meta["checkpoint"] = kFormat;
  archive.meta["key"] = loop.keys.after(state.done).hex();
  archive.meta["zone"] = loop.zone.path;
  archive.meta["done"] = state.done;
  archive.meta["count"] = loop.count;
  writeSealed(entry.file, std::move(archive), Durability::power_cut);
  entry.onDisk = state.done;
  entry.count = loop.count;
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
