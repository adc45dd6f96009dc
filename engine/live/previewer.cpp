#include "engine/live/previewer.h"

#include <utility>

namespace loom {

Previewer::Previewer(Sink sink, Refused refused)
    : sink_(std::move(sink)), refused_(std::move(refused)), thread_([this] { make(); }) {}

Previewer::~Previewer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Previewer::add(const std::string& port, PreviewOptions options) {
  const std::lock_guard lock(mutex_);
  Port& place = ports_[port];
  place.options = options;
  place.asked = ++asks_;
  place.refused = false;
  asked_.store(ports_.size(), std::memory_order_relaxed);
}

void Previewer::remove(const std::string& port) {
  Value waiting;  // let go without the lock: it may be large
  const std::lock_guard lock(mutex_);
  const auto found = ports_.find(port);
  if (found == ports_.end()) return;
  waiting = std::move(found->second.newest);
  if (!waiting.empty()) {
    --waiting_;
    ++counts_.dropped;
  }
  ports_.erase(found);
  asked_.store(ports_.size(), std::memory_order_relaxed);
  idle_.notify_all();
}

void Previewer::probed(const ProbeEvent& event) {
  if (asked_.load(std::memory_order_relaxed) == 0 || event.value.empty()) return;
  Value before;  // let go without the lock: it may be large
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = ports_.find(event.port);
    if (found == ports_.end() || found->second.refused) return;
    Port& port = found->second;
    before = std::exchange(port.newest, event.value);
    port.iteration.assign(event.iteration.begin(), event.iteration.end());
    if (before.empty())
      ++waiting_;
    else
      ++counts_.dropped;
    // Waking a thread costs more than all the rest; one that is at work will look by itself.
    wake = std::exchange(sleeping_, false);
  }
  if (wake) wake_.notify_one();
}

// Each port in its turn, so that a port that always has something new leaves time for the others.
std::map<std::string, Previewer::Port>::iterator Previewer::nextWaiting() {
  auto place = ports_.upper_bound(last_);
  for (size_t i = 0; i < ports_.size(); ++i, ++place) {
    if (place == ports_.end()) place = ports_.begin();
    if (!place->second.newest.empty()) return place;
  }
  return ports_.end();
}

void Previewer::make() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (waiting_ == 0) idle_.notify_all();
    while (!ending_ && waiting_ == 0) {
      sleeping_ = true;
      wake_.wait(lock);
    }
    sleeping_ = false;
    if (ending_) return;
    const auto place = nextWaiting();
    last_ = place->first;
    const PreviewOptions options = place->second.options;
    const uint64_t asked = place->second.asked;
    const std::vector<int64_t> iteration = std::move(place->second.iteration);
    Value value = std::exchange(place->second.newest, {});
    lock.unlock();

    std::string why;
    try {
      sink_(last_, iteration, previewOf(value, options));
    } catch (const std::exception& error) {
      why = error.what();
    }
    value = {};  // without the lock: it may be large
    if (!why.empty() && refused_) refused_(last_, why);

    lock.lock();
    --waiting_;  // only now: settle() waits for what is being made too
    ++(why.empty() ? counts_.made : counts_.refused);
    if (!why.empty()) refuse(last_, asked);
  }
}

void Previewer::refuse(const std::string& name, uint64_t asked) {
  const auto found = ports_.find(name);
  if (found == ports_.end() || found->second.asked != asked) return;  // added again meanwhile
  found->second.refused = true;
  if (found->second.newest.empty()) return;
  found->second.newest = {};
  --waiting_;
  ++counts_.dropped;
}

void Previewer::settle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return waiting_ == 0; });
}

Previewer::Counts Previewer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace loom
