#include "app/editor/document/undo.h"

#include <algorithm>

namespace loom::editor {

Undo::Undo(Document first, std::string name) { entries_.push_back({std::move(name), std::move(first), ""}); }

void Undo::push(std::string name, Document document, std::string merge) {
  if (merging_ && !merge.empty() && now_ > 0 && entries_[now_].merge == merge) {
    entries_[now_].document = std::move(document);
    return;
  }
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(now_) + 1, entries_.end());
  merging_ = !merge.empty();
  entries_.push_back({std::move(name), std::move(document), std::move(merge)});
  if (entries_.size() > kMostEntries) entries_.erase(entries_.begin());
  now_ = entries_.size() - 1;
}

void Undo::endMerge() { merging_ = false; }

void Undo::undo() {
  if (canUndo()) go(now_ - 1);
}

void Undo::redo() {
  if (canRedo()) go(now_ + 1);
}

void Undo::go(size_t index) {
  now_ = std::min(index, entries_.size() - 1);
  merging_ = false;
}

}  // namespace loom::editor
