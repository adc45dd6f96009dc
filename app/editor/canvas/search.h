#pragma once
// The popup that adds nodes, and finds those that are there, by a few typed letters.
#include "app/editor/canvas/canvas_state.h"

namespace loom::editor {

/// How well letters fit a text: 0 not at all, more where they begin words and stand together.
int fuzzyScore(std::string_view letters, std::string_view text);

class Search {
 public:
  explicit Search(CanvasState& state) : state_(state) {}

  /// At a pixel; what is added is put at `place`. With a link only what takes it, or gives it, is offered.
  void openAdd(ImVec2 pixel, Point place, std::optional<LinkDrag> link = {});
  void openFind(ImVec2 pixel);
  void draw();
  bool open() const { return open_; }
  void close();

  std::function<void(const std::string& place, const std::string& node)> found;
  std::function<void(Point at)> addNote, addFrame;

 private:
  struct Item {
    std::string id, title, detail, doc, group;
    int fit = 1;  // to the link
    int recent = 0;
    int score = 0;
    enum class What { type, note, frame, node } what = What::type;
    std::string place = {};  // of a node that is found
  };
  void collectTypes();
  void collectNodes();
  void collectNodes(const std::vector<NodePtr>& nodes, const std::string& place);
  int fitOf(const std::vector<PortType>& inputs, const std::vector<PortType>& outputs) const;
  /// The new node moved so that the socket it is linked by lies where the link was dropped.
  Document atSocket(Edited made) const;
  void filter();
  void choose(const Item& item);
  void drawItem(const Item& item, int index, float wide, float line, bool& pressed);

  CanvasState& state_;
  bool open_ = false, fresh_ = false, find_ = false, moved_ = false;
  ImVec2 pixel_;
  Point place_;
  std::optional<LinkDrag> link_;
  std::string text_;
  std::vector<Item> items_;
  std::vector<int> shown_;
  int current_ = 0;
};

}  // namespace loom::editor
