#pragma once
// The parts of the canvas, put together.
#include <QObject>

#include "app/editor/canvas/canvas.h"
#include "app/editor/canvas/canvas_state.h"
#include "app/editor/canvas/gestures.h"
#include "app/editor/canvas/menus.h"
#include "app/editor/canvas/minimap.h"
#include "app/editor/canvas/parameters.h"
#include "app/editor/canvas/search.h"
#include "app/editor/canvas/titles.h"

namespace loom::editor {

class Canvas::Implementation : public CanvasState {
 public:
  Implementation(Canvas& canvas, Session& session, ImGuiWidget& host);

  void draw(ImVec2 at, ImVec2 size);
  void fit(const Rect& rect);
  Ids selectedNodes() const;  // of the selection, those that are nodes
  Point pastePoint() const;   // under the mouse, where it is on the canvas, else in the middle
  void addNote(Point at);
  void addFrame(Rect rect);
  void enter(const NodeShape& group);
  void leaveTo(size_t depth);
  std::optional<Wire> bestWire(const NodeShape& from, const NodeShape& to) const;
  void setMode(NodeMode mode, const QString& name);

  Canvas& canvas;
  Parameters parameters{*this};
  Search search{*this};
  Gestures gestures{*this, parameters, search};
  Titles titles{*this};
  Minimap minimap;
  Menus menus;
  QObject context;
  bool fitNext = true;  // with the next frame, when the view's size is known

 private:
  void documentChanged();
  void firstLook();
  void followTextSize();
  void drawBreadcrumb();
  void drawHint(const Pen& pen);
  void drawTip(bool over);
  bool keysTaken() const;

  QTimer rebuild_, hoverTimer_;
  Hit tipFor_;           // whose tip is shown
  bool atRest_ = false;  // the mouse has not moved since the document changed
  bool mouseInside_ = false, keys_ = false;
  std::string place_;
  std::map<std::string, std::pair<Point, float>> cameras_;  // by place
  Camera shown_;                                            // as the first look left it
  std::vector<NodePtr> opened_;  // the nodes of the document as it was opened: another one is another
  size_t entries_ = 0;
};

}  // namespace loom::editor
