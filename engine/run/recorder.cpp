#include "engine/run/recorder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "engine/files/safetensors_header.h"

namespace loom {
namespace {

// What is kept must neither change nor hold more than it shows: a value stays as it is (shared values are
// never written in place) unless it lies on an accelerator or is a view of something larger.
Value kept(const Value& value) {
  const at::Tensor* tensor = value.tensor();
  if (!tensor || !tensor->defined()) return value;
  const bool plain = tensor->device().is_cpu() && !tensor->requires_grad() &&
                     (!tensor->has_storage() || tensor->storage().nbytes() <= 2 * tensor->nbytes() + 4096);
  // A training state's tensor is a small part of it; only what the tensor alone makes up is kept whole.
  if (plain && value.bytes() <= 2 * tensor->nbytes() + 4096) return value;
  return Value::of<at::Tensor>(
      tensor->detach().to(at::kCPU, tensor->scalar_type(), false, true).contiguous());
}

// Numbers are small and stay in memory.
bool fitsAFile(const Value& value) {
  const at::Tensor* tensor = value.tensor();
  return tensor && tensor->defined() && tensor->layout() == at::kStrided &&
         !safetensorsDtype(tensor->scalar_type()).empty();
}

}  // namespace

at::Tensor tensorFor(const Value& value) {
  if (value.empty()) return {};
  if (value.type().makeTensor) return value.type().makeTensor(value);
  const at::Tensor* tensor = value.tensor();
  return tensor ? *tensor : at::Tensor();
}

bool hasTensor(const TypeInfo& type) { return type.tensor || type.makeTensor; }

Recorder::Recorder(Options options) : options_(std::move(options)) {
  if (!options_.folder.empty()) clearRecordingFolder(options_.folder);
  for (const std::string& port : options_.record) add(port, options_.rule);
  for (const std::string& port : options_.statistics) addStatistics(port);
}

Recorder::~Recorder() {
  {
    const Lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (writer_.joinable()) writer_.join();
}

void Recorder::add(const std::string& port, RecordRule rule) {
  if (rule.every < 1 || rule.last < 0)
    throw Error("recording " + port + " every " + std::to_string(rule.every) + " steps and the last " +
                std::to_string(rule.last) + " is no rule: `every` is at least 1, `last` at least 0");
  const Lock lock(mutex_);
  const auto [place, added] = tracks_.try_emplace(port);
  if (!added) return;
  Track& track = place->second;
  track.port = port;
  track.id = nextTrack_++;
  track.every = rule.every;
  track.last = rule.last;
}

void Recorder::remove(const std::string& port) {
  const Lock lock(mutex_);
  const auto found = tracks_.find(port);
  if (found == tracks_.end()) return;
  Track& track = found->second;
  while (!track.frames.empty()) drop(track, track.frames.begin()->first);
  tracks_.erase(found);
  wake_.notify_all();
  written_.notify_all();
}

void Recorder::addStatistics(const std::string& port) {
  const Lock lock(mutex_);
  rows_[port];
}

void Recorder::removeStatistics(const std::string& port) {
  const Lock lock(mutex_);
  rows_.erase(port);
}

void Recorder::probed(const ProbeEvent& event) {
  bool recorded = false, counted = false;
  {
    const Lock lock(mutex_);
    recorded = tracks_.contains(event.port);
    counted = rows_.contains(event.port);
  }
  if (recorded) record(event);
  if (counted) count(event);
  tell();
}

void Recorder::count(const ProbeEvent& event) {
  const at::Tensor tensor = tensorFor(event.value);
  if (!tensor.defined() || tensor.is_complex()) return;
  const Row row{{event.iteration.begin(), event.iteration.end()}, statisticsOf(tensor)};
  {
    const Lock lock(mutex_);
    if (const auto rows = rows_.find(event.port); rows != rows_.end()) rows->second.push_back(row);
  }
  if (options_.row) options_.row(event.port, row);
}

void Recorder::record(const ProbeEvent& event) {
  Frame frame;
  frame.iteration.assign(event.iteration.begin(), event.iteration.end());
  frame.value = kept(event.value);
  frame.bytes = frame.value.bytes();
  frame.hasFile = fitsAFile(frame.value);
  if (const at::Tensor tensor = tensorFor(frame.value); tensor.defined()) {
    frame.item.dtype = tensor.scalar_type();
    frame.item.shape = tensor.sizes().vec();
  }

  std::vector<Batch> done;  // freed when the lock is no longer held
  Lock lock(mutex_);
  done.swap(done_);
  const auto found = tracks_.find(event.port);
  if (found == tracks_.end()) return;  // removed meanwhile
  Track& track = found->second;
  track.bytes += costOf(frame.bytes);
  bytes_ += costOf(frame.bytes);
  ++track.inMemory;
  const int64_t number = track.seen++;
  track.frames.emplace(number, std::move(frame));
  const bool regular = number % track.every == 0;
  if (!regular) track.others.push_back(number);
  const size_t others = static_cast<size_t>(std::max<int64_t>(track.last, regular ? 0 : 1));
  while (track.others.size() > others) {
    drop(track, track.others.front());
    track.others.pop_front();
  }
  fit(lock);
}

// Waits for the writer where there is one; else thins until all fit, or each is down to its first and last
// frame.
void Recorder::fit(Lock& lock) {
  if (spills() && bytes_ > spillsFrom()) {
    if (!writer_.joinable()) writer_ = std::thread([this] { write(); });
    wake_.notify_all();
  }
  while (bytes_ > options_.mostBytes) {
    if (spills() && (writing_ || fullest()))
      written_.wait(lock);
    else if (!thinLargest())
      return;
  }
}

// The one that takes most memory.
bool Recorder::thinLargest() {
  Track* largest = nullptr;
  for (auto& [port, track] : tracks_) {
    if (track.frames.empty()) continue;
    const bool firstInMemory = track.frames.begin()->second.chunk < 0;
    if (track.inMemory < (firstInMemory ? 3u : 2u) || (largest && track.bytes <= largest->bytes)) continue;
    largest = &track;
  }
  if (largest) thin(*largest);
  return largest != nullptr;
}

void Recorder::thin(Track& track) {
  track.every = std::min(track.every, std::numeric_limits<int64_t>::max() / 2) * 2;
  track.last /= 2;
  const int64_t newest = track.seen - 1;
  const size_t most = static_cast<size_t>(std::max<int64_t>(track.last, newest % track.every ? 1 : 0));
  track.others.clear();
  std::vector<int64_t> gone;
  for (auto each = track.frames.rbegin(); each != track.frames.rend(); ++each) {
    const int64_t number = each->first;
    if (number % track.every == 0) continue;
    if (track.others.size() < most)
      track.others.push_front(number);
    else
      gone.push_back(number);
  }
  for (const int64_t number : gone) drop(track, number);
  if (options_.thinned)
    untold_.push_back([this, port = track.port, every = track.every] { options_.thinned(port, every); });
}

void Recorder::drop(Track& track, int64_t number) {
  const auto found = track.frames.find(number);
  Frame& frame = found->second;
  if (frame.chunk >= 0) {
    leaveChunk(track, frame, number);
  } else {
    track.bytes -= costOf(frame.bytes);
    --track.inMemory;
    if (!frame.writing) bytes_ -= costOf(frame.bytes);  // else the writer holds it still
  }
  track.frames.erase(found);
}

void Recorder::leaveMemory(Track& track, Frame& frame) {
  track.bytes -= costOf(frame.bytes);
  bytes_ -= costOf(frame.bytes);
  --track.inMemory;
  frame.value = {};
  frame.writing = false;
}

void Recorder::tell() {
  std::vector<std::function<void()>> calls;
  {
    const Lock lock(mutex_);
    calls.swap(untold_);
  }
  for (const auto& call : calls) call();
}

Recorder::Track* Recorder::find(const std::string& port, int64_t id) {
  const auto found = tracks_.find(port);
  return found == tracks_.end() || found->second.id != id ? nullptr : &found->second;
}

const Recorder::Track& Recorder::trackOf(const std::string& port) const {
  const auto found = tracks_.find(port);
  if (found == tracks_.end()) throw Error("the port " + port + " was not recorded");
  return found->second;
}

std::vector<Recorder::FrameInfo> Recorder::frames(const std::string& port) const {
  const Lock lock(mutex_);
  std::vector<FrameInfo> all;
  for (const auto& [number, frame] : trackOf(port).frames)
    all.push_back({frame.iteration, frame.bytes, frame.chunk >= 0, frame.item.dtype, frame.item.shape});
  return all;
}

Value Recorder::frame(const std::string& port, std::span<const int64_t> iteration) const {
  int64_t number = -1;
  {
    const Lock lock(mutex_);
    const Track& track = trackOf(port);
    const auto found = std::find_if(track.frames.rbegin(), track.frames.rend(), [&](const auto& each) {
      return std::equal(iteration.begin(), iteration.end(), each.second.iteration.begin(),
                        each.second.iteration.end());
    });
    if (found == track.frames.rend()) return {};
    number = found->first;
  }
  return valueOf(port, number);
}

Recording Recorder::recording(const std::string& port) const {
  std::vector<std::pair<int64_t, std::vector<int64_t>>> all;
  {
    const Lock lock(mutex_);
    for (const auto& [number, frame] : trackOf(port).frames) all.emplace_back(number, frame.iteration);
  }
  Recording recording;
  for (auto& [number, iteration] : all)
    if (Value value = valueOf(port, number); !value.empty())
      recording.frames.push_back({std::move(iteration), std::move(value)});
  return recording;
}

// A frame may be moved to another file between our asking where it is and our opening that.
Value Recorder::valueOf(const std::string& port, int64_t number) const {
  for (int64_t before = -1;;) {
    SafetensorsHeader::Item item;
    int64_t chunk = -1;
    {
      const Lock lock(mutex_);
      const auto track = tracks_.find(port);
      if (track == tracks_.end()) return {};
      const auto found = track->second.frames.find(number);
      if (found == track->second.frames.end()) return {};
      if (found->second.chunk < 0) return found->second.value;
      item = found->second.item;
      chunk = found->second.chunk;
    }
    const std::filesystem::path path = fileOf(port, chunk);
    try {
      const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
      if (file->bytes().size() < item.end) throw Error(file->name() + " is cut short");
      return Value::of<at::Tensor>(viewTensor(file, item).clone());
    } catch (const Error& error) {
      if (chunk == before) throw Error("a frame of " + port + " can't be read again: " + error.what());
      before = chunk;
    }
  }
}

int64_t Recorder::every(const std::string& port) const {
  const Lock lock(mutex_);
  return trackOf(port).every;
}

std::vector<Recorder::Row> Recorder::statistics(const std::string& port) const {
  const Lock lock(mutex_);
  const auto found = rows_.find(port);
  if (found == rows_.end()) throw Error("no statistics of the port " + port + " were kept");
  return found->second;
}

size_t Recorder::bytes() const {
  const Lock lock(mutex_);
  return bytes_;
}

uint64_t Recorder::diskBytes() const {
  const Lock lock(mutex_);
  return diskBytes_;
}

}  // namespace loom
