#include "app/editor/document/undo.h"

#include <algorithm>

namespace loom::editor {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;  // of all entries, about
constexpr size_t kFewestEntries = 50;

// What a document does not share with others: its lists of nodes, and its layout.
size_t bytesOf(const Document& document) {
  size_t entries = document.layout.size();
  for (const nlohmann::json& part : document.layout) entries += part.size();
  size_t nodes = document.graph.nodes.size();
  for (const auto& [name, group] : document.groups) nodes += group.nodes.size();
  return nodes * sizeof(NodePtr) + entries * 400 + 4096;
}

}  // namespace

Undo::Undo(Document first, std::string name) { entries_.push_back({std::move(name), std::move(first), ""}); }

void Undo::push(std::string name, Document document, std::string merge) {
  if (merging_ && !merge.empty() && now_ > 0 && entries_[now_].merge == merge) {
    entries_[now_].document = std::move(document);
    return;
  }
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(now_) + 1, entries_.end());
  merging_ = !merge.empty();
  entries_.push_back({std::move(name), std::move(document), std::move(merge)});
  size_t bytes = 0, kept = 0;
  while (kept < entries_.size() && kept < kMostEntries) {
    bytes += bytesOf(entries_[entries_.size() - 1 - kept].document);
    if (bytes > kMostBytes && kept >= kFewestEntries) break;
    ++kept;
  }
  entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(kept));
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
