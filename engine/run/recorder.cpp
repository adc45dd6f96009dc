#include "engine/run/recorder.h"

#include <ATen/ATen.h>

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

// The value, and what keeping one costs besides.
size_t costOf(const Recording::Frame& frame) { return frame.value.empty() ? 0 : frame.value.bytes() + 512; }

}  // namespace

at::Tensor tensorFor(const Value& value) {
  if (value.empty()) return {};
  if (value.is<Int>()) return at::scalar_tensor(value.as<Int>(), at::kLong);
  if (value.is<Real>()) return at::scalar_tensor(value.as<Real>(), at::kDouble);
  if (value.is<Bool>()) return at::scalar_tensor(value.as<Bool>(), at::kBool);
  const at::Tensor* tensor = value.tensor();
  return tensor ? *tensor : at::Tensor();
}

bool hasTensor(const TypeInfo& type) {
  return type.tensor || &type == &typeOf<Int>() || &type == &typeOf<Real>() || &type == &typeOf<Bool>();
}

Recorder::Recorder(Options options) : options_(std::move(options)) {
  for (const std::string& port : options_.record) tracks_[port];
  for (const std::string& port : options_.statistics) rows_[port];
}

void Recorder::probed(const ProbeEvent& event) {
  if (const auto track = tracks_.find(event.port); track != tracks_.end()) record(track->second, event);
  const auto rows = rows_.find(event.port);
  if (rows == rows_.end()) return;
  const at::Tensor tensor = tensorFor(event.value);
  if (!tensor.defined() || tensor.is_complex()) return;
  rows->second.push_back({{event.iteration.begin(), event.iteration.end()}, statisticsOf(tensor)});
  if (options_.row) options_.row(event.port, rows->second.back());
}

void Recorder::record(Track& track, const ProbeEvent& event) {
  drop(track, track.last);
  Recording::Frame frame{{event.iteration.begin(), event.iteration.end()}, kept(event.value)};
  track.bytes += costOf(frame);
  bytes_ += costOf(frame);
  if (track.seen++ % track.every == 0)
    track.frames.push_back(std::move(frame));
  else
    track.last = std::move(frame);
  fit();
}

void Recorder::drop(Track& track, Recording::Frame& frame) {
  const size_t bytes = costOf(frame);
  track.bytes -= bytes;
  bytes_ -= bytes;
  frame = {};
}

// Thins whichever recording takes most until all fit, or each is down to its first and last frame.
void Recorder::fit() {
  while (bytes_ > options_.mostBytes) {
    const std::string* port = nullptr;
    Track* largest = nullptr;
    for (auto& [name, track] : tracks_) {
      if (track.frames.size() < 2 || (largest && track.bytes <= largest->bytes)) continue;
      port = &name;
      largest = &track;
    }
    if (!largest) return;
    thin(*largest);
    if (options_.thinned) options_.thinned(*port, largest->every);
  }
}

void Recorder::thin(Track& track) {
  const bool endsAtLast = track.frames.size() % 2 == 0 && track.last.value.empty();
  if (endsAtLast) {
    track.last = std::move(track.frames.back());
    track.frames.pop_back();
  }
  track.every *= 2;
  size_t out = 0;
  for (size_t i = 0; i < track.frames.size(); ++i) {
    if (i % 2) {
      drop(track, track.frames[i]);
    } else {
      if (out != i) track.frames[out] = std::move(track.frames[i]);
      ++out;
    }
  }
  track.frames.resize(out);
}

const Recorder::Track& Recorder::trackOf(const std::string& port) const {
  const auto found = tracks_.find(port);
  if (found == tracks_.end()) throw Error("the port " + port + " was not recorded");
  return found->second;
}

Recording Recorder::recording(const std::string& port) const {
  const Track& track = trackOf(port);
  Recording recording{track.frames};
  if (!track.last.value.empty()) recording.frames.push_back(track.last);
  return recording;
}

int64_t Recorder::every(const std::string& port) const { return trackOf(port).every; }

const std::vector<Recorder::Row>& Recorder::statistics(const std::string& port) const {
  const auto found = rows_.find(port);
  if (found == rows_.end()) throw Error("no statistics of the port " + port + " were kept");
  return found->second;
}

}  // namespace loom
