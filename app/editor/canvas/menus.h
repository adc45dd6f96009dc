#pragma once
// What a right click offers, by what it is on.
#include "app/editor/canvas/canvas.h"
#include "app/editor/canvas/canvas_state.h"
#include "app/editor/canvas/parameters.h"

namespace loom::editor {

class Menus {
 public:
  Menus(Canvas& canvas, CanvasState& state, Parameters& parameters)
      : canvas_(canvas), state_(state), parameters_(parameters) {}

  void open(const Hit& hit, Point at);
  /// From the keyboard: at the place, not at the mouse.
  void openThere(const Hit& hit, Point at);
  void draw();
  bool shown() const { return shown_; }

  std::function<void(Point)> addAt;  // search-to-add there
  std::function<void(Point)> addFrame, addNote;
  std::function<void(const std::string& id)> rename;

 private:
  void node();
  void zone();
  void socket();
  void parameter();
  void wire();
  void frameOrNote();
  void canvas();
  void selection();
  void colours(const std::string& id);
  const NodeShape* shape() const { return state_.scene.node(node_); }

  Canvas& canvas_;
  CanvasState& state_;
  Parameters& parameters_;
  Hit hit_;
  Point at_;
  std::string node_, id_;
  SocketShape socket_;  // a copy: the scene may be made anew while the menu is open
  Wire wire_;
  std::string key_;
  int corner_ = -1;
  bool opening_ = false, shown_ = false, there_ = false;
};

}  // namespace loom::editor
