#include "app/editor/watch/selected_wires.h"

#include <algorithm>

namespace loom::editor {

void SelectedWires::keep(const std::string& port) {
  const auto run = session_.shownRun();
  if (port.empty() || !run || run->over() || !run->inWorker()) return;
  if (run_ != run->id) {
    run_ = run->id;
    ports_.clear();
  }
  const auto found = std::find(ports_.begin(), ports_.end(), port);
  if (found != ports_.end()) {
    std::rotate(found, found + 1, ports_.end());  // the last one looked at
    return;
  }
  Frames& frames = session_.frames();
  const auto watched = frames.ports(run->id);
  if (std::find(watched.begin(), watched.end(), port) != watched.end()) return;
  const ValueType* type = session_.catalog().type(reels_.typeOf(*run, port));
  if (!type || !(type->picture || type->numbers)) return;
  ports_.push_back(port);
  frames.watch(run->id, port);
  if (ports_.size() <= kMost) return;
  frames.unwatch(run->id, ports_.front());
  ports_.pop_front();
}

}  // namespace loom::editor
