#pragma once
// The whole graph, small, in a corner; a press in it moves the view.
#include <imgui.h>

#include "app/editor/canvas/canvas_state.h"

namespace loom::editor {

class Minimap {
 public:
  bool shown = true;
  void draw(CanvasState& state, ImDrawList* list);
  bool contains(ImVec2 pixel) const;  // as last drawn
  /// True while it has the mouse.
  bool update(CanvasState& state, bool over);

 private:
  bool visible_ = false, dragging_ = false;
  ImVec2 at_, size_;
  Rect whole_;
  float scale_ = 1;
};

}  // namespace loom::editor
