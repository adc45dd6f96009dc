#pragma once
// The shape of one node: its rows, sockets, fields and places for pictures, and how wide it is for them.
#include "app/editor/canvas/scene.h"

namespace loom::editor {

/// Shapes of many nodes of a graph, which nobody changes meanwhile.
class NodeShapes {
 public:
  NodeShapes(const Document& document, const std::string& place, const Catalog& catalog,
             const Scene::Measure& measure)
      : catalog_(catalog), measure_(measure), faces_(document, place, catalog) {}

  /// At the origin. What its surroundings decide is missing: who feeds from it, how it is exposed, and of a
  /// zone how large its body makes it.
  NodeShape of(const NodePtr& node, const NodeLayout& layout);

 private:
  SocketShape socketOf(const std::shared_ptr<const Face>& face, const Socket& socket, bool output) const;
  SocketShape whenOf(const Node& node) const;
  void fill(SocketShape& socket, const Node& node) const;
  void layOutNode(NodeShape& shape) const;
  void addThumbs(NodeShape& shape, float wide, float& y) const;
  void collapse(NodeShape& shape) const;
  void layOutZone(NodeShape& shape) const;
  float width(FontKind font, float size, const std::string& text) const {
    return measure_(font, text) * size;
  }
  bool scalar(const std::string& type) const;

  const Catalog& catalog_;
  const Scene::Measure& measure_;
  Faces faces_;
};

}  // namespace loom::editor
