#include "app/editor/document/undo.h"

#include <algorithm>
#include <utility>

namespace loom::editor {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;  // of all entries, about
constexpr size_t kFewestEntries = 50;

// What a document does not share with the one before: its lists of nodes, and a layout of its own.
size_t bytesOf(const Document& document, const Document* before) {
  size_t entries = 0;
  if (!before || !document.layout.sharedWith(before->layout)) {
    entries = document.layout->size();
    for (const nlohmann::json& part : *document.layout) entries += part.size();
  }
  size_t nodes = document.graph.nodes.size();
  for (const auto& [name, group] : document.groups) nodes += group.nodes.size();
  return nodes * sizeof(NodePtr) + entries * 400 + 4096;
}

}  // namespace

Undo::Undo(Document first, std::string name) { entries_.push_back({std::move(name), std::move(first), ""}); }

std::vector<Document> Undo::push(std::string name, Document document, std::string merge) {
  std::vector<Document> gone;
  if (merging_ && !merge.empty() && now_ > 0 && entries_[now_].merge == merge) {
    gone.push_back(std::exchange(entries_[now_].document, std::move(document)));
    return gone;
  }
  const auto drop = [&](size_t from, size_t to) {
    const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(from),
               end = entries_.begin() + static_cast<std::ptrdiff_t>(to);
    for (auto each = begin; each != end; ++each) gone.push_back(std::move(each->document));
    entries_.erase(begin, end);
  };
  drop(now_ + 1, entries_.size());
  merging_ = !merge.empty();
  entries_.push_back({std::move(name), std::move(document), std::move(merge)});
  size_t bytes = 0, kept = 0;
  while (kept < entries_.size() && kept < kMostEntries) {
    const size_t at = entries_.size() - 1 - kept;
    bytes += bytesOf(entries_[at].document, at > 0 ? &entries_[at - 1].document : nullptr);
    if (bytes > kMostBytes && kept >= kFewestEntries) break;
    ++kept;
  }
  drop(0, entries_.size() - kept);
  now_ = entries_.size() - 1;
  return gone;
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
