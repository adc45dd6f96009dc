#include "app/editor/session/live_slots.h"

#include "engine/core/error.h"
#include "engine/live/shared_frames_reader.h"

namespace loom::editor {

LiveSlots::LiveSlots() = default;
LiveSlots::~LiveSlots() = default;

std::optional<LiveSlots::Live> LiveSlots::read(const QString& run, const std::string& port,
                                               const std::string& slot, uint64_t after, const Picture& like) {
  Open& open = open_[{run, port}];
  try {
    if (!open.reader || open.slot != slot) {
      open.slot = slot;
      open.reader = std::make_unique<SharedFramesReader>(slot);
      after = 0;
    }
    const auto got = open.reader->newest(after);
    if (!got) return {};
    const SharedFrame& frame = got->frame;
    const auto need = static_cast<size_t>(frame.width) * frame.height * 4;
    if (frame.channels != 4 || frame.dtype != FrameDtype::uint8 || need == 0 || got->payload.size() != need)
      return {};
    auto picture = std::make_shared<Picture>(like);
    picture->id = nextPictureId();
    picture->width = static_cast<int>(frame.width);
    picture->height = static_cast<int>(frame.height);
    const auto* bytes = reinterpret_cast<const uint8_t*>(got->payload.data());
    picture->rgba.assign(bytes, bytes + need);
    return Live{std::move(picture), frame.iteration, frame.generation};
  } catch (const Error&) {
    open_.erase({run, port});
    return {};
  }
}

void LiveSlots::close(const QString& run) {
  std::erase_if(open_, [&](const auto& each) { return each.first.first == run; });
}

void LiveSlots::closeAll() { open_.clear(); }

}  // namespace loom::editor
