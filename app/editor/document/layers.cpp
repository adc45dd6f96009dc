// Sugiyama's method in short: layers by longest path, then sweeps that put each column's boxes where its
// wires are straight, as near as it goes (isotonic regression: Barlow et al. 1972, pool adjacent violators).
#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

#include "app/editor/document/layers.h"

namespace loom::editor {
namespace {

constexpr int kSweeps = 10;

struct End {
  int other = 0;
  float own = 0, there = 0;  // heights at the boxes
};

// One part of a graph that hangs together.
class Component {
 public:
  Component(std::vector<LayerBox>& boxes, const std::vector<std::vector<End>>& in,
            const std::vector<std::vector<End>>& out, std::vector<int> members)
      : boxes_(boxes), allIn_(in), allOut_(out), members_(std::move(members)) {
    local_.reserve(members_.size());
  }

  Point run(std::vector<int>& localOf) {
    for (size_t i = 0; i < members_.size(); ++i) localOf[members_[i]] = static_cast<int>(i);
    const auto localEnds = [&](const std::vector<End>& ends) {
      std::vector<End> local = ends;
      for (End& end : local) end.other = localOf[end.other];
      return local;
    };
    for (int member : members_) {
      in_.push_back(localEnds(allIn_[member]));
      out_.push_back(localEnds(allOut_[member]));
    }
    order();
    layers();
    pullRight();
    columns();
    stack();
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      sweepOnce(sweep);
      keepBest();
    }
    y_ = best_;
    return settle();
  }

 private:
  LayerBox& box(int i) { return boxes_[members_[i]]; }
  const LayerBox& box(int i) const { return boxes_[members_[i]]; }
  int count() const { return static_cast<int>(members_.size()); }

  // What comes first stands first; in a circle, which only a broken graph has, the file's order decides.
  void order() {
    std::vector<int> waiting(members_.size());
    std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
    for (int i = 0; i < count(); ++i) {
      waiting[i] = static_cast<int>(in_[i].size());
      if (!waiting[i]) ready.push(i);
    }
    position_.assign(members_.size(), -1);
    int next = 0;
    while (static_cast<int>(local_.size()) < count()) {
      if (ready.empty()) {
        while (position_[next] >= 0) ++next;
        ready.push(next);
      }
      const int i = ready.top();
      ready.pop();
      if (position_[i] >= 0) continue;
      position_[i] = static_cast<int>(local_.size());
      local_.push_back(i);
      for (const End& end : out_[i])
        if (--waiting[end.other] == 0 && position_[end.other] < 0) ready.push(end.other);
    }
  }

  bool forward(int from, int to) const { return position_[from] < position_[to]; }

  void layers() {
    layer_.assign(members_.size(), 0);
    for (int i : local_)
      for (const End& end : in_[i])
        if (forward(end.other, i)) layer_[i] = std::max(layer_[i], layer_[end.other] + 1);
  }

  static int distinct(const std::vector<End>& ends) {
    std::vector<int> others;
    for (const End& end : ends) others.push_back(end.other);
    std::sort(others.begin(), others.end());
    return static_cast<int>(std::unique(others.begin(), others.end()) - others.begin());
  }

  // Sources stand just before their first reader, and with them what they alone make.
  void pullRight() {
    std::vector<char> free(members_.size(), 1);
    for (int i : local_)
      for (const End& end : in_[i]) free[i] &= free[end.other] && distinct(out_[end.other]) == 1;
    for (auto at = local_.rbegin(); at != local_.rend(); ++at) {
      const int i = *at;
      int first = -1;
      for (const End& end : out_[i])
        if (forward(i, end.other) && (first < 0 || layer_[end.other] < first)) first = layer_[end.other];
      if (first < 0 || (!free[i] && distinct(out_[i]) <= distinct(in_[i]))) continue;
      layer_[i] = std::max(layer_[i], first - 1);
    }
  }

  void columns() {
    std::vector<int> used = layer_;
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    columns_.resize(used.size());
    for (int i : local_) {
      layer_[i] = static_cast<int>(std::lower_bound(used.begin(), used.end(), layer_[i]) - used.begin());
      columns_[layer_[i]].push_back(i);
    }
  }

  void stack() {
    y_.assign(members_.size(), 0);
    for (const std::vector<int>& column : columns_) {
      float y = 0;
      for (int i : column) {
        y_[i] = y;
        y += box(i).height + kRowGap;
      }
    }
  }

  struct Wish {
    int box = 0;
    float key = 0;  // where its wires are
    float top = 0;  // where it would like to be
    float weight = 0;
  };

  Wish wishOf(int i, bool left, bool right) const {
    std::vector<std::pair<float, float>> wires;  // there, and the top that makes the wire straight
    const auto add = [&](float there, float own) { wires.emplace_back(there, there - own); };
    if (left) {
      for (const End& end : in_[i])
        if (layer_[end.other] < layer_[i]) add(y_[end.other] + end.there, end.own);
      for (const LayerBox::Wall& wall : box(i).left) add(wall.wall, wall.own);
    }
    if (right) {
      for (const End& end : out_[i])
        if (layer_[end.other] > layer_[i]) add(y_[end.other] + end.there, end.own);
      for (const LayerBox::Wall& wall : box(i).right) add(wall.wall, wall.own);
    }
    if (wires.empty()) return {i, y_[i] + box(i).height / 2, y_[i], 0.01f};
    std::sort(wires.begin(), wires.end());
    const auto& middle = wires[(wires.size() - 1) / 2];
    return {i, middle.first, middle.second, static_cast<float>(wires.size())};
  }

  void sweepOnce(int sweep) {
    const bool last = sweep >= kSweeps - 3, toRight = sweep % 2 == 0;
    const int size = static_cast<int>(columns_.size());
    for (int step = 0; step < size; ++step) {
      const int at = toRight ? step : size - 1 - step;
      std::vector<Wish> wishes;
      for (int i : columns_[at]) wishes.push_back(wishOf(i, last || toRight, last || !toRight));
      if (!last)
        std::stable_sort(wishes.begin(), wishes.end(),
                         [](const Wish& a, const Wish& b) { return a.key < b.key; });
      for (size_t i = 0; i < wishes.size(); ++i) columns_[at][i] = wishes[i].box;
      grant(wishes);
    }
  }

  // The nearest places to those wished that keep the order and the gaps: least squares.
  void grant(const std::vector<Wish>& wishes) {
    struct Block {
      double sum = 0, weight = 0;
      size_t count = 0;
      double mean() const { return sum / weight; }
    };
    std::vector<Block> blocks;
    std::vector<double> offset(wishes.size());
    double down = 0;
    for (size_t i = 0; i < wishes.size(); ++i) {
      offset[i] = down;
      down += static_cast<double>(box(wishes[i].box).height + kRowGap);
      const double weight = static_cast<double>(wishes[i].weight);
      blocks.push_back({(static_cast<double>(wishes[i].top) - offset[i]) * weight, weight, 1});
      while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
        const Block top = blocks.back();
        blocks.pop_back();
        blocks.back().sum += top.sum;
        blocks.back().weight += top.weight;
        blocks.back().count += top.count;
      }
    }
    size_t i = 0;
    for (const Block& block : blocks)
      for (size_t k = 0; k < block.count; ++k, ++i)
        y_[wishes[i].box] = static_cast<float>(std::round(block.mean() + offset[i]));
  }

  double cost() const {
    double sum = 0;
    for (int i = 0; i < count(); ++i) {
      for (const End& end : out_[i])
        sum += std::abs(static_cast<double>(y_[i] + end.own - y_[end.other] - end.there));
      for (const auto* walls : {&box(i).left, &box(i).right})
        for (const LayerBox::Wall& wall : *walls)
          sum += 0.5 * std::abs(static_cast<double>(y_[i] + wall.own - wall.wall));
    }
    return sum;
  }

  void keepBest() {
    const double now = cost();
    if (!best_.empty() && now >= bestCost_) return;
    best_ = y_;
    bestCost_ = now;
  }

  Point settle() {
    float top = y_[0], bottom = y_[0];
    for (int i = 0; i < count(); ++i) {
      top = std::min(top, y_[i]);
      bottom = std::max(bottom, y_[i] + box(i).height);
    }
    float x = 0;
    for (const std::vector<int>& column : columns_) {
      float width = 0;
      for (int i : column) {
        box(i).x = x;
        box(i).y = y_[i] - top;
        width = std::max(width, box(i).width);
      }
      x += width + kColumnGap;
    }
    return {x - kColumnGap, bottom - top};
  }

  std::vector<LayerBox>& boxes_;
  const std::vector<std::vector<End>>& allIn_;
  const std::vector<std::vector<End>>& allOut_;
  std::vector<int> members_;
  std::vector<std::vector<End>> in_, out_;
  std::vector<int> local_, position_, layer_;  // order, place in it, column
  std::vector<std::vector<int>> columns_;
  std::vector<float> y_, best_;
  double bestCost_ = 0;
};

int rootOf(std::vector<int>& parent, int i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

Point layOutInLayers(std::vector<LayerBox>& boxes, const std::vector<LayerWire>& wires) {
  std::vector<std::vector<End>> in(boxes.size()), out(boxes.size());
  std::vector<int> parent(boxes.size());
  std::iota(parent.begin(), parent.end(), 0);
  for (const LayerWire& wire : wires) {
    if (wire.from == wire.to) continue;
    out[wire.from].push_back({wire.to, wire.fromY, wire.toY});
    in[wire.to].push_back({wire.from, wire.toY, wire.fromY});
    parent[rootOf(parent, wire.from)] = rootOf(parent, wire.to);
  }
  std::vector<std::vector<int>> components;
  std::vector<int> componentOf(boxes.size(), -1);
  for (size_t i = 0; i < boxes.size(); ++i) {
    int& component = componentOf[rootOf(parent, static_cast<int>(i))];
    if (component < 0) {
      component = static_cast<int>(components.size());
      components.emplace_back();
    }
    components[component].push_back(static_cast<int>(i));
  }
  std::vector<int> localOf(boxes.size());
  std::vector<Point> sizes;
  float widest = 0, area = 0;
  for (const std::vector<int>& members : components) {
    sizes.push_back(Component(boxes, in, out, members).run(localOf));
    widest = std::max(widest, sizes.back().x);
    area += (sizes.back().x + kColumnGap) * (sizes.back().y + kRowGap);
  }
  // Parts side by side, in rows about as wide as the whole is high.
  const float room = std::max(widest, 1.4f * std::sqrt(area));
  float x = 0, y = 0, high = 0, wide = 0;
  for (size_t c = 0; c < components.size(); ++c) {
    if (x > 0 && x + sizes[c].x > room) {
      y += high + 2 * kRowGap;
      x = high = 0;
    }
    for (int i : components[c]) {
      boxes[i].x += x;
      boxes[i].y += y;
    }
    x += sizes[c].x + kColumnGap;
    wide = std::max(wide, x - kColumnGap);
    high = std::max(high, sizes[c].y);
  }
  return {wide, y + high};
}

}  // namespace loom::editor
