#pragma once
// The mouse on the canvas: one gesture at a time, from a press to a release. What a gesture changes is seen
// at once and becomes an edit when it is dropped.
#include "app/editor/canvas/canvas_state.h"
#include "app/editor/canvas/parameters.h"
#include "app/editor/canvas/search.h"

namespace loom::editor {

class Gestures {
 public:
  Gestures(CanvasState& state, Parameters& parameters, Search& search)
      : state_(state), parameters_(parameters), search_(search) {}

  /// Once a frame. `over`: the mouse is on the canvas, and on nothing that lies on it.
  void update(bool over);
  bool idle() const { return doing_ == Doing::nothing; }
  void cancel();
  /// The shapes are about to be made anew: what held on to them ends.
  void documentChanged();

  std::function<void(const Hit&, Point)> openMenu;    // a right click
  std::function<void(const std::string& id)> rename;  // a double click on a title
  std::function<void(const NodeShape& group)> enter;  // a double click on a group's node

 private:
  enum class Doing {
    nothing,
    pressed,  // not yet moved: a click, or the begin of any of these
    panning,
    boxing,
    moving,
    linking,
    cornering,
    resizing,
    cutting,
    scrubbing
  };

  void wheel(bool over);
  void press(int button);
  void pressLeft();
  void doubleClick();
  void selectPressed();
  void beginDrag();
  void drag();
  void drop();
  void click();

  void beginMove();
  void dragMove();
  void dropMove();
  void findInsertion();
  void beginLink();
  void dragLink();
  void dropLink();
  void snapToPort();
  bool linkFrom(Link& from, InputSlot& to) const;
  void selectBox();
  void beginResize();
  void dragResize();
  void dropResize();
  void dropCut();
  void addCorner(const Hit& hit, Point at);
  void disconnectWire(int wire);
  void edgePan();

  CanvasState& state_;
  Parameters& parameters_;
  Search& search_;
  Doing doing_ = Doing::nothing;
  int button_ = 0;
  ImVec2 from_{};  // the press, in pixels
  Point start_;    // in canvas units
  Hit pressed_;
  bool selectOnClick_ = false, shift_ = false, ctrl_ = false, alt_ = false, twice_ = false;
  // Of a move
  std::vector<int> moving_;
  Ids movingIds_, movingTop_;
  Ids framesAndNotes_;
  Point anchor_, movedBy_;
  // Of a box
  Ids before_;
  // Of a resize, a corner
  Rect rectBefore_;
  std::string refusalFor_;
};

}  // namespace loom::editor
