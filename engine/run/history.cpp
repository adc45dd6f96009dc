#include "engine/run/history.h"

#include <algorithm>

#include "engine/run/history_folder.h"
#include "engine/run/state_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using namespace steps;

// What was collected after the first `known` frames.
Value framesSince(const Value& recording, size_t known) {
  const auto& frames = recording.as<Recording>().frames;
  return Value::of<Recording>(
      {{frames.begin() + static_cast<int64_t>(std::min(known, frames.size())), frames.end()}});
}

std::string mebibytes(size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

History::History(Options options) : options_(std::move(options)) {
  options_.keep.every = std::max<int64_t>(options_.keep.every, 1);
}

void History::say(const std::string& zone, const std::string& message) const {
  if (options_.say) options_.say(zone, message);
}

// What may be so again in each loop of a zone.
void History::sayOnce(const std::string& zone, const std::string& message) {
  if (said_.insert(zone + ": " + message).second) say(zone, message);
}

// Of a loop within another nothing is kept where the state that its step began with is not: one could not get
// there.
History::Track& History::begin(const Loop& loop) {
  Track& track = tracks_[loop.zone.path];
  track = {.zone = loop.zone.path,
           .folder = loopFolder(options_.folder, *options_.plan, loop.zone, loop.around),
           .count = loop.count,
           .every = options_.keep.every,
           .kept = true};
  if (loop.around.empty()) return track;
  Track& around = tracks_[options_.plan->zones[static_cast<size_t>(loop.zone.parent)].path];
  const std::optional<Named> before = parseStem(around.previous);
  track.around = &around;
  track.step = loop.around.back();
  track.after = around.previous;
  track.is = loop.keys.base().hex();
  track.every = std::max<int64_t>(options_.keep.inner, 1);
  track.kept = keepsInner() && around.kept && track.step == (before ? before->done : 0);
  if (track.kept) around.ran[track.zone] = track.is;
  return track;
}

CheckpointStore::State History::find(const Loop& loop) {
  Track& track = begin(loop);
  std::vector<std::pair<int64_t, std::string>> fitting;
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(track.folder, ignored)) {
    const std::string name = each.path().filename().string();
    if (!name.ends_with(".state.safetensors")) continue;
    const std::string stem = name.substr(0, name.find('.'));
    const std::optional<Named> named = parseStem(stem);
    if (named && named->done <= loop.count && named->key == loop.keys.after(named->done))
      fitting.emplace_back(named->done, stem);
  }
  std::sort(fitting.rbegin(), fitting.rend());
  State state;
  for (const auto& [done, stem] : fitting) {
    try {
      state = load(track, loop.zone, stem, done);
      break;
    } catch (const std::exception& error) {
      say(track.zone,
          "the state kept after step " + std::to_string(done) + " can't be used: " + error.what());
    }
  }
  track.done = state.done;
  // What another run did in the step at hand is no part of this one.
  forgetLatest(stepFolder(track.folder, track.done));
  if (track.kept && track.around && track.done > 0) tell(track);
  return state;
}

CheckpointStore::State History::load(Track& track, const PlanZone& plan, const std::string& stem,
                                     int64_t done) const {
  const Archive archive = readSealed(stateFile(track.folder, stem));
  if (archive.meta.value("history", json(0)) != kFormat) throw Error("it is no history of this version");
  State state;
  state.done = done;
  state.states = takeValues(archive, "state", stateNames(plan), *options_.registry, options_.device);
  std::map<std::string, Recording> collected;
  const std::vector<std::string> all = collectNames(plan);
  const std::set<std::string> wanted(all.begin(), all.end());
  std::vector<KeptStep> links = chainTo(track.folder, stem);
  std::reverse(links.begin(), links.end());
  for (const KeptStep& each : links) {
    const Archive frames = readSealed(framesFile(track.folder, each.stem));
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
  std::map<std::string, size_t> onDisk;
  for (auto& [name, recording] : collected) {
    onDisk[name] = recording.frames.size();
    state.collected[name] = Value::of<Recording>(std::move(recording));
  }
  checkTypes(state, plan, *options_.plan);
  track.previous = stem;
  track.collected = std::move(onDisk);
  return state;
}

void History::offer(const Loop& loop, int64_t done, const std::function<State()>& state) {
  Track& track = tracks_[loop.zone.path];
  if (!track.kept || refused_.contains(track.zone)) return;
  track.done = done;
  if (done % track.every != 0 && done != track.count && options_.keep.last == 0) return;
  const std::string stem = stemOf(done, loop.keys.after(done));
  if (track.previous == stem) return;  // offered again where the run was stopped
  try {
    save(track, stem, state());
    thin(track);
  } catch (const std::exception& error) {
    refused_.insert(track.zone);
    say(track.zone, std::string("its steps are not kept from here on: ") + error.what());
  }
}

void History::save(Track& track, const std::string& stem, const State& state) {
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
  if (!track.ran.empty()) frames.meta["inner"] = track.ran;
  // In this order: a state that is there has its frames, and the latest step has both.
  writeSealed(framesFile(track.folder, stem), std::move(frames), Durability::kill);
  writeSealed(stateFile(track.folder, stem), std::move(states), Durability::kill);
  track.previous = stem;
  track.ran.clear();
  tell(track);
  const size_t bytes = fs::file_size(stateFile(track.folder, stem));
  track.states.push_back({state.done, stem, bytes});
  track.held += bytes;
  charge(track, bytes);
}

// Which step is the last, of this loop and before that of those it lies in: it is a part of what they tell.
void History::tell(Track& track) {
  if (track.around && !track.around->told) tell(*track.around);
  writeLatest(track.folder, {track.zone, track.previous, track.count, track.after, track.is});
  track.told = true;
}

// --- staying within bounds ---

void History::charge(const Track& track, size_t bytes) {
  for (const Track* each = &track; each->around; each = each->around)
    each->around->within[each->step] += bytes;
}

// With the loops that began with it.
void History::drop(Track& track, const Kept& state) {
  std::error_code ignored;
  fs::remove(stateFile(track.folder, state.stem), ignored);
  track.held -= state.bytes;
  charge(track, -state.bytes);
  if (const auto within = track.within.find(state.done); within != track.within.end()) {
    fs::remove_all(stepFolder(track.folder, state.done), ignored);
    charge(track, -within->second);
    track.within.erase(within);
  }
}

// The loops in the earliest of its steps before that one. False: there are none.
bool History::dropWithin(Track& track, int64_t before) {
  const auto first = track.within.begin();
  if (first == track.within.end() || first->first >= before) return false;
  std::error_code ignored;
  fs::remove_all(stepFolder(track.folder, first->first), ignored);
  charge(track, -first->second);
  track.within.erase(first);
  return true;
}

// Takes away the states that the rule does not keep. The last one always stays.
void History::sweep(Track& track) {
  const int64_t last = track.done - std::max<int64_t>(options_.keep.last, 1);
  std::erase_if(track.states, [&](const Kept& each) {
    if (each.done % track.every == 0 || each.done == track.count || each.done > last) return false;
    drop(track, each);
    return true;
  });
}

// All that is kept of an outermost zone counts together. What lies in steps gone by goes first, the loop at
// hand is thinned next, then those around it.
void History::thin(Track& track) {
  sweep(track);
  std::vector<Track*> loops{&track};  // innermost first
  while (loops.back()->around) loops.push_back(loops.back()->around);
  const auto tooMuch = [&, outermost = loops.back()] {
    size_t bytes = outermost->held;
    for (const auto& [step, each] : outermost->within) bytes += each;
    return bytes > options_.keep.mostBytes;
  };
  const std::string bound = ", to stay within " + mebibytes(options_.keep.mostBytes);
  for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop)
    while (tooMuch() && dropWithin(**loop, (*loop)->done))
      sayOnce((*loop)->zone, "lets go of the steps of zones in its earlier steps" + bound);
  for (Track* loop : loops)
    while (loop->states.size() > 2 && loop->every < loop->count && tooMuch()) {
      loop->every *= 2;
      sayOnce(loop->zone, "keeps the state of every " + std::to_string(loop->every) + " steps" + bound);
      sweep(*loop);
    }
}

}  // namespace loom
