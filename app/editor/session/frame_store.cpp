#include "app/editor/session/frame_store.h"

namespace loom::editor {

void FrameStore::Line::toEnd(const FrameEntryPtr& entry) {
  const auto found = places.find(entry.get());
  // An entry that is gone may have left its address to another.
  if (found != places.end()) order.erase(found->second);
  places[entry.get()] = order.insert(order.end(), entry);
}

FrameEntryPtr FrameStore::Line::oldest() {
  while (!order.empty()) {
    if (FrameEntryPtr entry = order.front().lock()) return entry;
    std::erase_if(places, [this](const auto& place) { return place.second == order.begin(); });
    order.pop_front();
  }
  return {};
}

void FrameStore::Line::dropOldest() {
  if (const FrameEntryPtr entry = order.front().lock()) places.erase(entry.get());
  order.pop_front();
}

FrameEntryPtr FrameStore::make() {
  auto entry = std::make_shared<FrameEntry>();
  entry->total = total_;
  return entry;
}

void FrameStore::put(const FrameEntryPtr& entry, PicturePtr picture) {
  const size_t bytes = picture->rgba.size();
  *total_ += bytes - entry->picture.bytes;
  entry->picture.bytes = bytes;
  entry->picture.evicted = false;
  entry->thumbnail = std::move(picture);
  pictures_.toEnd(entry);
  shrink(entry.get());
}

void FrameStore::put(const FrameEntryPtr& entry, ValuesPtr values) {
  const size_t bytes = values->data.size() * sizeof(float);
  *total_ += bytes - entry->number.bytes;
  entry->number.bytes = bytes;
  entry->number.evicted = false;
  entry->values = std::move(values);
  values_.toEnd(entry);
  shrink(entry.get());
}

void FrameStore::used(const FrameEntryPtr& entry) {
  if (entry->values) values_.toEnd(entry);
  if (entry->thumbnail) pictures_.toEnd(entry);
}

void FrameStore::setBudget(size_t bytes) {
  budget_ = bytes;
  shrink(nullptr);
}

// Whatever the budget, what came last is held: else nothing larger could be looked at.
void FrameStore::shrink(const FrameEntry* but) {
  while (*total_ > budget_) {
    FrameEntryPtr oldest = values_.oldest();
    if (!oldest || oldest.get() == but) break;
    *total_ -= oldest->number.bytes;
    oldest->number = {.evicted = true};
    oldest->values.reset();
    values_.dropOldest();
  }
  while (*total_ > budget_) {
    FrameEntryPtr oldest = pictures_.oldest();
    if (!oldest || oldest.get() == but) break;
    *total_ -= oldest->picture.bytes;
    oldest->picture = {.evicted = true};
    oldest->thumbnail.reset();
    pictures_.dropOldest();
  }
}

}  // namespace loom::editor
