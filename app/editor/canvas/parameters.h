#pragma once
// Editing of parameters where they stand on a node: dragged, typed, toggled, chosen from a list.
#include "app/editor/canvas/canvas_state.h"

namespace loom::editor {

class Parameters {
 public:
  explicit Parameters(CanvasState& state) : state_(state) {}

  /// A click on a field, or its sign at the right.
  void clicked(const Hit& hit, bool twice);
  /// From the keyboard: the first field of a node, or the one after `slot`.
  bool begin(const std::string& node, const std::string& slot = {});
  bool beginNext(int by);
  void draw(const Pen& pen);
  bool busy() const { return mode_ != Mode::none; }  // has the keyboard
  void cancel();

  bool canScrub(const Hit& hit) const;
  void beginScrub(const Hit& hit);
  void scrub(float pixels, bool fine, bool coarse);
  void endScrub(bool keep);

  bool set(const std::string& node, const std::string& slot, const nlohmann::json& value,
           const std::string& merge = {});
  void drawSeed(const std::string& node, const std::string& slot);    // another one
  void toggleLock(const std::string& node, const SocketShape& seed);  // whether each run draws another one

 private:
  enum class Mode { none, line, lines, list, toggle };
  const SocketShape* socket() const;
  const NodeShape* node() const { return state_.scene.node(node_); }
  void open(const std::string& node, const SocketShape& socket);
  void drawLine(const Pen& pen, const Rect& field);
  void drawLines(const Pen& pen, const Rect& field);
  void drawList(const Pen& pen, const Rect& field);
  void drawToggle(const Pen& pen, const Rect& field);
  void check();
  bool commit();
  void close();

  CanvasState& state_;
  Mode mode_ = Mode::none;
  std::string node_, slot_, text_, error_;
  bool fresh_ = false;  // in its first frame
  int choice_ = 0;
  // A drag
  nlohmann::json before_;
  double start_ = 0;
  bool wasOwn_ = false;
};

/// What was typed, as the port takes it; throws Error with the reason.
nlohmann::json parsed(const PortType& port, const std::string& text);
/// A parameter's value now: the node's own, else the default.
nlohmann::json valueOf(const Node& node, const SocketShape& socket);

}  // namespace loom::editor
