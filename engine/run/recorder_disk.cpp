// The part of the recorder that its writer's thread does: which frames go to disk when, and how a file of
// which frames were let go gives its room back.
#include <algorithm>
#include <utility>

#include "engine/run/recorder.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostChunkBytes = size_t{8} << 20;
constexpr size_t kMostChunkFrames = 4096;

}  // namespace

// Some chunks fit in the quarter of the budget that is left when writing begins.
size_t Recorder::chunkBytes() const { return std::min(kMostChunkBytes, options_.mostBytes / 12); }

fs::path Recorder::fileOf(const std::string& port, int64_t chunk) const {
  return options_.folder / portStem(port) / (std::to_string(chunk) + ".safetensors");
}

void Recorder::write() {
  Lock lock(mutex_);
  const auto full = [this] { return spills() && bytes_ > spillsFrom(); };
  while (true) {
    wake_.wait(lock, [&] { return ending_ || !garbage_.empty() || (full() && fullest()); });
    removeGarbage(lock);
    if (ending_) return;
    Track* track = full() ? fullest() : nullptr;
    if (!track) continue;
    writing_ = true;
    if (hasRoom(*track)) {
      Batch batch = takeBatch(*track);
      store(batch, lock);
      done_.push_back(std::move(batch));
    } else if (!makeRoom(lock)) {
      closeDisk("the " + std::to_string(options_.mostDiskBytes) + " bytes for them on disk are used up");
    }
    writing_ = false;
    written_.notify_all();
  }
}

// The newest frame stays: often it is let go at the next step.
bool Recorder::hasToSpill(Track& track) {
  auto each = track.frames.lower_bound(track.nextToSpill);
  const int64_t newest = track.seen - 1;
  const auto stays = [](const Frame& frame) { return frame.chunk >= 0 || frame.writing || !frame.hasFile; };
  while (each != track.frames.end() && each->first < newest && stays(each->second)) ++each;
  track.nextToSpill = each == track.frames.end() ? std::max<int64_t>(newest, 0) : each->first;
  return track.nextToSpill < newest;
}

Recorder::Track* Recorder::fullest() {
  Track* fullest = nullptr;
  for (auto& [port, track] : tracks_)
    if (hasToSpill(track) && (!fullest || track.bytes > fullest->bytes)) fullest = &track;
  return fullest;
}

Recorder::Batch Recorder::takeBatch(Track& track) {
  Batch batch{track.port, track.id, {}, {}, {}, {}};
  size_t bytes = 0;
  const auto full = [&](const Frame& frame) {
    return !batch.frames.empty() &&
           (bytes + frame.bytes > chunkBytes() || batch.frames.size() == kMostChunkFrames);
  };
  while (hasToSpill(track)) {
    Frame& frame = track.frames.at(track.nextToSpill);
    if (full(frame)) break;
    frame.writing = true;
    bytes += frame.bytes;
    batch.frames.push_back({track.nextToSpill, frame.iteration, tensorFor(frame.value)});
    batch.values.push_back(frame.value);
    batch.costs.push_back(costOf(frame.bytes));
  }
  return batch;
}

bool Recorder::hasRoom(Track& track) const {
  const size_t first = track.frames.at(track.nextToSpill).bytes;
  return diskBytes_ + std::max(first, chunkBytes()) <= options_.mostDiskBytes;
}

// One step towards it: a chunk half of which is let go is written anew, else a recording is thinned.
bool Recorder::makeRoom(Lock& lock) {
  if (compact(lock)) return true;
  Track* largest = nullptr;
  for (auto& [port, track] : tracks_) {
    const size_t onDisk = track.frames.size() - track.inMemory;
    const bool firstOnDisk = onDisk > 0 && track.frames.begin()->second.chunk >= 0;
    if (onDisk > (firstOnDisk ? 1u : 0u) && (!largest || track.diskBytes > largest->diskBytes))
      largest = &track;
  }
  if (largest) thin(*largest);
  return largest != nullptr;
}

bool Recorder::compact(Lock& lock) {
  Track* track = nullptr;
  int64_t chunk = -1;
  uint64_t most = 0;
  for (auto& [port, each] : tracks_) {
    for (const auto& [number, stored] : each.chunks) {
      if (stored.dead <= most || stored.dead * 3 < stored.bytes) continue;
      track = &each;
      chunk = number;
      most = stored.dead;
    }
  }
  if (!track) return false;
  Batch batch{track->port, track->id, {}, {}, {}, {}};
  try {
    const std::shared_ptr<const MappedFile> file = MappedFile::open(fileOf(track->port, chunk));
    for (const int64_t number : track->chunks.at(chunk).frames) {
      const Frame& frame = track->frames.at(number);
      if (file->bytes().size() < frame.item.end) throw Error(file->name() + " is cut short");
      batch.frames.push_back({number, frame.iteration, viewTensor(file, frame.item)});
      batch.costs.push_back(0);
    }
  } catch (const Error& error) {
    closeDisk(error.what());
    return true;
  }
  store(batch, lock);
  return true;
}

void Recorder::store(Batch& batch, Lock& lock) {
  const int64_t chunk = nextChunk_++;
  const fs::path file = fileOf(batch.port, chunk);
  Chunk written;
  std::string failure;
  lock.unlock();
  try {
    written = writeChunk(file, batch.port, batch.frames);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  lock.lock();
  if (failure.empty()) {
    moved(batch, chunk, written);
  } else {
    notMoved(batch);
    closeDisk(failure);
  }
}

// All that stays of a frame is allocated anew, here and so in this thread's heap: where the run's thread has
// put it, it would lie between tensors and keep the room that they leave from being joined. For the same
// reason what the run's thread has allocated is freed there (done_): malloc would give it out again on this
// thread.
void Recorder::moved(Batch& batch, int64_t chunk, const Chunk& written) {
  Track* track = find(batch.port, batch.track);
  StoredChunk stored{written.bytes, 0, {}};
  for (size_t i = 0; i < batch.frames.size(); ++i) {
    const int64_t number = batch.frames[i].number;
    const uint64_t size = written.items[i].end - written.items[i].begin;
    const auto found = track ? track->frames.find(number) : decltype(track->frames.end()){};
    if (!track || found == track->frames.end()) {  // let go meanwhile
      bytes_ -= batch.costs[i];
      stored.dead += size;
      continue;
    }
    Frame& frame = found->second;
    if (frame.chunk >= 0)
      leaveChunk(*track, frame, number);
    else
      leaveMemory(*track, frame);
    Frame stays{frame.iteration, {}, written.items[i], frame.bytes, chunk, true, false};
    batch.left.push_back(track->frames.extract(found));
    track->frames.emplace(number, std::move(stays));
    track->diskBytes += size;
    stored.frames.insert(number);
  }
  if (stored.frames.empty()) {
    garbage_.push_back(fileOf(batch.port, chunk));
    return;
  }
  diskBytes_ += stored.bytes;
  track->chunks.emplace(chunk, std::move(stored));
}

void Recorder::notMoved(const Batch& batch) {
  Track* track = find(batch.port, batch.track);
  for (size_t i = 0; i < batch.frames.size(); ++i) {
    const int64_t number = batch.frames[i].number;
    if (!track || !track->frames.contains(number)) {
      bytes_ -= batch.costs[i];
      continue;
    }
    track->frames.at(number).writing = false;
    track->nextToSpill = std::min(track->nextToSpill, number);
  }
}

void Recorder::leaveChunk(Track& track, const Frame& frame, int64_t number) {
  const uint64_t size = frame.item.end - frame.item.begin;
  const auto place = track.chunks.find(frame.chunk);
  StoredChunk& stored = place->second;
  stored.dead += size;
  stored.frames.erase(number);
  track.diskBytes -= size;
  if (!stored.frames.empty()) return;
  garbage_.push_back(fileOf(track.port, frame.chunk));
  diskBytes_ -= stored.bytes;
  track.chunks.erase(place);
  wake_.notify_all();
}

void Recorder::removeGarbage(Lock& lock) {
  const std::vector<fs::path> files = std::exchange(garbage_, {});
  if (files.empty()) return;
  lock.unlock();
  std::error_code ignored;
  for (const fs::path& file : files) fs::remove(file, ignored);
  lock.lock();
}

void Recorder::closeDisk(const std::string& why) {
  diskClosed_ = true;
  if (options_.say)
    untold_.push_back([this, why] { options_.say("recordings are thinned from here on: " + why); });
}

}  // namespace loom
