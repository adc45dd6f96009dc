#pragma once
// Layers, for tidy(): boxes with wires in between get places, left to right. Knows nothing of graphs.
#include <vector>

#include "app/editor/document/layout.h"

namespace loom::editor {

inline constexpr float kColumnGap = 70, kRowGap = 28;

struct LayerBox {
  float width = 0, height = 0;
  float x = 0, y = 0;  // the result: from (0, 0)
  // Where wires come from the wall at the left, or go to the one at the right: heights there and at the box.
  struct Wall {
    float wall = 0, own = 0;
  };
  std::vector<Wall> left, right;
};
struct LayerWire {
  int from = 0, to = 0;
  float fromY = 0, toY = 0;  // from the tops of the boxes
};

/// Gives all boxes places in which none overlaps another; returns what they take together.
Point layOutInLayers(std::vector<LayerBox>& boxes, const std::vector<LayerWire>& wires);

}  // namespace loom::editor
