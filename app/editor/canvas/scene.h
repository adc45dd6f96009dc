#pragma once
// What lies on the canvas, as shapes in canvas units: made from the document when it changes, not in every
// frame; what an edit left alone is taken over. Drawing and hit tests read it. A drag moves shapes here until
// it is dropped, and only then becomes an edit.
#include <QColor>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/editor/canvas/geometry.h"
#include "app/editor/document/edits.h"

namespace loom::editor {

enum class FontKind { text, bold, numbers };

struct SocketShape {
  std::string slot, label;
  std::string type;
  std::string value;    // of a parameter, as its field shows it
  unsigned colour = 0;  // 0xRRGGBB
  std::shared_ptr<const PortType> port;
  bool output = false;  // gives a value
  bool inside = false;  // of a zone: seen from its body
  bool adds = false;    // a zone's socket that makes a new state, sequence or collection
  bool state = false;   // goes round in a zone
  bool linked = false;
  bool field = false;    // has a field to edit
  bool changed = false;  // differs from its default
  bool rolled = false;   // a seed that each run draws anew
  std::string exposed;   // the name under which it is seen from outside
  bool hidden = false;   // shown only while a link that fits is dragged
  Point at;              // from the node's corner
  Rect fieldAt;          // likewise
  Rect row;              // likewise: where a drop means this socket
};

struct Thumb {
  std::string port;  // "node.port"
  Rect at;           // from the node's corner
};

struct NodeShape {
  std::string id;
  NodePtr node;
  std::shared_ptr<const Face> face;
  Rect rect;
  std::string title;  // shortened to fit
  bool zone = false, group = false, collapsed = false;
  int parent = -1, depth = 0;
  std::vector<SocketShape> sockets;
  std::vector<Thumb> thumbs;
  std::vector<int> body;  // of a zone
  std::string colour;     // of its header, by the user
  NodeLayout layout;

  bool region() const { return zone && !collapsed; }
  Point at(const SocketShape& socket) const { return corner(rect) + socket.at; }
  Rect header() const { return {rect.x, rect.y, rect.width, region() ? sizes::kZoneHeader : sizes::kHeader}; }
  int find(std::string_view slot, bool output, bool inside) const;
};

struct WireShape {
  Wire wire;
  int from = -1, to = -1;              // nodes
  int fromSocket = -1, toSocket = -1;  // -1: of a collapsed zone's inside
  std::vector<Point> corners;          // that the user gave it
  std::vector<Point> path;             // as drawn
  Rect bounds;
  unsigned colour = 0;
  int constantIn = -1;  // the outermost zone that it enters, for which it is the same in all iterations
  std::string key() const {
    return wire.from.text() + ">" + wire.to.node + "." + wire.to.slot;
  }  // of reroutes
};

struct FrameShape {
  std::string id;
  FrameLayout layout;
};
struct NoteShape {
  std::string id;
  NoteLayout layout;
};

class Scene {
 public:
  /// The width of a text, in units, at a size of 1.
  using Measure = std::function<float(FontKind, const std::string&)>;

  void build(const Document& document, const std::string& place, const Catalog& catalog,
             const Measure& measure);
  void clear() { *this = Scene(); }

  const std::vector<NodeShape>& nodes() const { return nodes_; }
  const std::vector<WireShape>& wires() const { return wires_; }
  const std::vector<FrameShape>& frames() const { return frames_; }
  const std::vector<NoteShape>& notes() const { return notes_; }
  /// Places of all, those that tidy() gave for display too.
  const Layout& layout() const { return layout_; }
  bool someUnplaced() const { return someUnplaced_; }

  int find(std::string_view id) const;  // -1: none
  const NodeShape* node(std::string_view id) const;
  bool inside(int node, int zone) const;  // in it at any depth
  /// All in the zones among them too.
  std::vector<int> withBodies(const Ids& ids) const;
  Rect bounds() const;                                      // of all; empty where nothing is
  std::optional<Rect> rectOf(const std::string& id) const;  // of node, frame, note
  std::map<std::string, Point> sizes() const;               // of all
  std::map<std::string, Point> nodeSizes() const;  // of nodes, not of regions: these follow from their bodies
  /// The innermost zone's region at a point, not one of `without` nor in one of them; -1: none.
  int zoneAt(Point point, const std::set<int>& without = {}) const;

  // Until the next build: what a drag moves
  void move(const std::vector<int>& nodes, const Ids& framesAndNotes, Point by);
  void resize(const std::string& id, Rect to);  // zone, frame, note
  void moveCorner(int wire, int corner, Point to);
  /// Their regions stay as they are until the next build, whatever is dragged out of them.
  void freeze(std::set<int> zones) { frozen_ = std::move(zones); }
  void route();  // regions and wires anew

 private:
  friend class SceneBuilder;
  struct IdHash {
    using is_transparent = void;
    size_t operator()(std::string_view id) const { return std::hash<std::string_view>()(id); }
  };
  using ById = std::unordered_map<std::string, int, IdHash, std::equal_to<>>;
  using Exposed = std::map<std::string, std::vector<std::pair<std::string, std::string>>>;  // port and name
  void regions();
  /// Regions anew, and the wires of nodes that are touched or whose region changed; with `corners` also those
  /// whose corners the layout has elsewhere.
  void reroute(std::vector<char> touched, bool corners);
  std::vector<Point> cornersOf(const WireShape& wire) const;
  void routeWire(WireShape& wire) const;

  std::vector<NodeShape> nodes_;
  std::vector<WireShape> wires_;
  std::vector<FrameShape> frames_;
  std::vector<NoteShape> notes_;
  ById byId_;
  Layout layout_;
  Exposed exposed_;  // by node
  bool someUnplaced_ = false;
  std::set<int> frozen_;
  const void* catalogOf_ = nullptr;  // the catalog's contents that the shapes are made from
  std::string placeOf_;
  Document from_;         // what they were made of
  bool dragged_ = false;  // shapes lie elsewhere than the layout says
};

/// A parameter's value, as one reads and types it.
std::string valueText(const nlohmann::json& value);
/// Shortened in the middle of a path, at the end of other text, to at most `width` units.
std::string shortened(const std::string& text, float width, float size, FontKind font,
                      const Scene::Measure& measure, bool path = false);
/// The name under which setParam() knows a slot.
std::string paramOf(const std::string& slot);
/// From a point to a path of lines.
float distanceTo(const std::vector<Point>& path, Point point);

}  // namespace loom::editor
