#include "app/worker/live_previews.h"

namespace loom {

LivePreviews::LivePreviews(Told told, Previewer::Refused refused)
    : told_(std::move(told)),
      previewer_([this](const std::string& port, const std::vector<int64_t>& iteration,
                        const Preview& preview) { write(port, iteration, preview); },
                 std::move(refused)) {}

void LivePreviews::add(const std::string& port, const PreviewOptions& options) {
  {
    const std::lock_guard lock(mutex_);
    const uint64_t bytes = static_cast<uint64_t>(options.longestSide * options.longestSide) * 4;
    std::unique_ptr<SharedFrames>& slot = slots_[port];
    if (!slot || slot->mostBytes() < bytes) slot = std::make_unique<SharedFrames>(bytes);
  }
  previewer_.add(port, options);
}

void LivePreviews::remove(const std::string& port) {
  previewer_.remove(port);
  const std::lock_guard lock(mutex_);
  slots_.erase(port);
}

std::string LivePreviews::slotOf(const std::string& port) const {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(port);
  return found == slots_.end() || !found->second ? "" : found->second->memory().path();
}

void LivePreviews::write(const std::string& port, const std::vector<int64_t>& iteration,
                         const Preview& preview) {
  std::string path;
  uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(port);
    if (found == slots_.end() || preview.rgba.size() > found->second->mostBytes()) return;
    const std::vector<int64_t> shown(iteration.begin(),
                                     iteration.begin() + std::min<int64_t>(8, std::ssize(iteration)));
    generation = found->second->write({.iteration = shown,
                                       .width = static_cast<uint32_t>(preview.width),
                                       .height = static_cast<uint32_t>(preview.height)},
                                      std::as_bytes(std::span(preview.rgba)));
    path = found->second->memory().path();
  }
  if (told_) told_({port, iteration, generation, path, preview});
}

}  // namespace loom
