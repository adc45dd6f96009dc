#include "app/cli/terminal_observer.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>

namespace loom {
namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(200);

int widthOf(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 79;
  return size.ws_col - 1;
}

}  // namespace

TerminalObserver::TerminalObserver(Options options) : options_(std::move(options)) {
  if (options_.bar) drawer_ = std::thread([this] { keepDrawing(); });
}

TerminalObserver::~TerminalObserver() { finish(); }

void TerminalObserver::finish() {
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    erase();
  }
  wake_.notify_all();
  if (drawer_.joinable()) drawer_.join();
}

double TerminalObserver::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void TerminalObserver::keepDrawing() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kRedrawEvery, [this] { return ended_; })) draw();
}

void TerminalObserver::draw() {
  const std::string line = progressLine(zones_, node_, now(), widthOf(options_.stream));
  if (line == drawn_) return;
  std::fprintf(options_.stream, "\r%s\033[K", line.c_str());
  std::fflush(options_.stream);
  drawn_ = line;
}

void TerminalObserver::erase() {
  if (drawn_.empty()) return;
  std::fputs("\r\033[K", options_.stream);
  std::fflush(options_.stream);
  drawn_.clear();
}

void TerminalObserver::nodeStarted(const std::string& path) {
  std::lock_guard lock(mutex_);
  node_ = {path, 0, 0, now()};
}

void TerminalObserver::nodeFinished(const std::string& path, double, bool fromCache) {
  std::lock_guard lock(mutex_);
  node_ = {};
  if (!fromCache || !options_.bar) return;
  erase();
  std::fprintf(options_.stream, "%s  known from an earlier run\n", path.c_str());
  std::fflush(options_.stream);
}

void TerminalObserver::zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) {
  std::lock_guard lock(mutex_);
  ZoneProgress zone{path, first, first, count, now(), {}};
  if (depth == 1) zone.unit = options_.unit;
  zone.pace.start(zone.started, first);
  zones_.push_back(std::move(zone));
}

void TerminalObserver::stepFinished(const StepEvent& event) {
  std::lock_guard lock(mutex_);
  if (zones_.empty()) return;
  ZoneProgress& zone = zones_.back();
  zone.done = event.done;
  zone.pace.step(now(), event.done);
}

void TerminalObserver::zoneFinished(const std::string&, int depth) {
  std::lock_guard lock(mutex_);
  if (zones_.empty()) return;
  if (options_.bar && depth == 1) {
    erase();
    std::fprintf(options_.stream, "%s\n", finishedLine(zones_.back(), now()).c_str());
    std::fflush(options_.stream);
  }
  zones_.pop_back();
}

void TerminalObserver::progress(const std::string& node, int64_t done, int64_t total) {
  std::lock_guard lock(mutex_);
  if (node_.path != node) node_ = {node, 0, 0, now()};
  node_.done = done;
  node_.total = total;
}

void TerminalObserver::log(const std::string& node, const std::string& message) {
  std::lock_guard lock(mutex_);
  if (!options_.messages) return;
  erase();
  std::fprintf(options_.stream, "%s%s%s\n", node.c_str(), node.empty() ? "" : ": ", message.c_str());
  std::fflush(options_.stream);
}

}  // namespace loom
