#pragma once
// What the parts of the canvas share: the view, the shapes, what is under the mouse, what a gesture at hand
// wants to be seen. Edits are made through here, so that places that tidy() gave for display are written
// with the first edit that needs them.
#include <QTimer>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "app/editor/canvas/camera.h"
#include "app/editor/canvas/scene.h"
#include "app/editor/session/session.h"

namespace loom::editor {

class ImGuiWidget;

/// What is under the mouse.
struct Hit {
  enum class Kind {
    nothing,
    node,
    header,
    title,
    socket,
    field,
    fieldSign,  // the dice, the folder
    fieldLock,  // of a seed
    thumb,
    wire,
    corner,
    zone,        // a zone's region
    zoneBorder,  // drawn larger from here
    frame,
    frameTitle,
    frameBorder,
    note,
    noteBorder
  };
  Kind kind = Kind::nothing;
  int node = -1, socket = -1, wire = -1, corner = -1;
  std::string id;    // of a frame or note
  std::string port;  // of a thumb
  int edge = 0;      // of borders: 1 left, 2 top, 4 right, 8 bottom
  bool operator==(const Hit&) const = default;
  bool body() const { return kind == Kind::node || kind == Kind::header || kind == Kind::title; }
};

/// A link that is dragged by one end.
struct LinkDrag {
  enum class What { fromOutput, fromInput, detached, allOfOutput };
  What what = What::fromOutput;
  Link from;                // where it begins: fixed, but for fromInput and allOfOutput
  InputSlot to;             // fromInput: where it ends
  Wire wire;                // detached: the one that was taken off
  std::vector<Wire> wires;  // allOfOutput
  std::string type;         // of the fixed end
  Point fixed;              // where that is
  bool wantsInput() const { return what == What::fromOutput || what == What::detached; }
};

struct CanvasState {
  CanvasState(Session& session, ImGuiWidget& host) : session(session), host(host) {}

  Session& session;
  ImGuiWidget& host;
  Camera camera;
  Scene scene;
  bool stale = true;  // the scene is of an earlier document

  // What is seen of gestures
  Point mouse;  // canvas units
  Hit hover;
  double hoverSince = 0;
  std::optional<LinkDrag> link;
  std::string refusal;      // why the link may not end where the mouse is
  int zoneOver = -1;        // that what is dragged would become a member of
  int wireOver = -1;        // that what is dragged would be put into
  std::optional<Rect> box;  // canvas units
  std::vector<Point> cut;   // a line through links
  std::string editing;      // "node.slot" whose field is being typed into
  std::string renaming;     // node, frame or note whose text is being typed
  bool snapping = true;

  std::function<void(const std::string&)> openViewer;
  std::function<void(const std::string&, const std::string&)> openFilePicker;

  // By node
  std::map<std::string, std::vector<std::string>> problems;

  void rebuild();
  void redraw() const;
  Scene::Measure measure();
  /// An edit that may need places: those that were only shown are written with it.
  bool edit(const QString& name, const std::function<Document(const Document&)>& make,
            const std::string& merge = {});
  bool editAndSelect(const QString& name, const std::function<Edited(const Document&)>& make);
  bool editLayout(const QString& name, const std::function<void(Layout&)>& make,
                  const std::string& merge = {});
  Document placed(const Document& document) const;

  bool selected(const std::string& id) const { return session.selection().nodes.count(id) > 0; }
  bool selected(const Wire& wire) const;
  void select(Ids nodes, std::vector<Wire> wires = {});
  std::string port(const std::string& text) const { return session.path() + text; }  // as runs know it
  /// The zone's id at a point, "" at the top.
  std::string zoneIdAt(Point point, const std::set<int>& without = {}) const;
  void findProblems();
  unsigned wireColour(unsigned rgb, double alpha = 1) const;

 private:
  std::unordered_map<std::string, float> widths_[3];
  bool measured_ = false;
};

/// 2: the same type, 1: by conversion, 0: not, for the end of a link that is dragged.
int fitOf(const CanvasState& state, const LinkDrag& link, const NodeShape& node, const SocketShape& socket);

class Pen;
void drawGrid(const Pen& pen);
void drawFrames(const CanvasState& state, const Pen& pen);
void drawZones(const CanvasState& state, const Pen& pen);
void drawWires(const CanvasState& state, const Pen& pen);
void drawNodes(const CanvasState& state, const Pen& pen);
void drawNotes(const CanvasState& state, const Pen& pen);
void drawGestures(const CanvasState& state, const Pen& pen);
void drawSocket(const CanvasState& state, const Pen& pen, const NodeShape& node, int socket);
/// A parameter's field; `ImRect` free, so that a zone's count is drawn by it too.
void drawField(const CanvasState& state, const Pen& pen, const NodeShape& node, const SocketShape& socket);
/// What is wrong with a node: below it, or in a zone's header.
void drawProblem(const CanvasState& state, const Pen& pen, const NodeShape& node);
void drawThumb(const CanvasState& state, const Pen& pen, const Rect& rect, const std::string& port);
/// Under the one node that is selected: what came out of it last.
void drawValues(const CanvasState& state, const Pen& pen);
/// What is told of the thing under the mouse, beside it.
void drawTooltip(const CanvasState& state);

/// Under a point, what a press there would mean; the topmost.
Hit hitAt(const CanvasState& state, Point point);

}  // namespace loom::editor
