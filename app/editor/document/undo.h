#pragma once
// What was done to a document, to be undone: whole documents, which share all that an edit left alone.
#include <chrono>
#include <string>
#include <vector>

#include "engine/graph/document.h"

namespace loom::editor {

class Undo {
 public:
  struct Entry {
    std::string name;  // "Set steps", "Add Denoise"
    Document document;
    std::string merge;  // edits in a row with the same one (not empty) are one: a drag
  };

  explicit Undo(Document first, std::string name = "Opened");

  const Document& document() const { return entries_[now_].document; }
  const std::vector<Entry>& entries() const { return entries_; }
  size_t now() const { return now_; }  // index of the document at hand
  /// Gives the documents that are held no longer: to free large ones takes its time.
  std::vector<Document> push(std::string name, Document document, std::string merge = "");
  void endMerge();  // the next push is an entry of its own
  bool canUndo() const { return now_ > 0; }
  bool canRedo() const { return now_ + 1 < entries_.size(); }
  void undo();
  void redo();
  void go(size_t index);

 private:
  static constexpr size_t kMostEntries = 1000;
  std::vector<Entry> entries_;
  size_t now_ = 0;
  bool merging_ = false;
};

}  // namespace loom::editor
