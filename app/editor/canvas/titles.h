#pragma once
// Typing of titles and notes where they stand.
#include "app/editor/canvas/canvas_state.h"

namespace loom::editor {

class Titles {
 public:
  explicit Titles(CanvasState& state) : state_(state) {}
  void begin(const std::string& id);  // of a node, frame or note
  void draw(const Pen& pen);
  bool busy() const { return !state_.renaming.empty(); }
  void cancel();

 private:
  void commit();
  CanvasState& state_;
  std::string text_, before_;
  bool fresh_ = false, note_ = false;
};

}  // namespace loom::editor
