#pragma once
// Large graphs, and how long the event loop is held up by what is done to them.
#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <ctime>
#include <string>
#include <utility>

#include "app/editor/document/layout.h"
#include "engine/graph/document.h"

namespace loom::editor::testing {

/// The longest time for which the event loop did not come round, from its making on, and the most processor
/// time that this thread took meanwhile, in which other programs do not count.
class Gaps : public QObject {
 public:
  Gaps() {
    connect(&timer_, &QTimer::timeout, this, &Gaps::look);
    clock_.start();
    timer_.start(1);
  }
  double longest() const { return longest_; }  // milliseconds
  double busiest() const { return busiest_; }
  void stop() { timer_.stop(); }

 private:
  static double processorTime() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  }
  void look() {
    const double now = processorTime();
    busiest_ = std::max(busiest_, now - std::exchange(before_, now));
    longest_ = std::max(longest_, static_cast<double>(clock_.nsecsElapsed()) / 1e6);
    clock_.restart();
  }
  QTimer timer_;
  QElapsedTimer clock_;
  double longest_ = 0, busiest_ = 0, before_ = processorTime();
};

inline std::string largeId(int number) { return QStringLiteral("n%1").arg(number).toStdString(); }

inline std::shared_ptr<Node> largeNode(const std::string& id, const std::string& from) {
  auto node = std::make_shared<Node>();
  node->id = id;
  node->type = from.empty() ? "noise.gaussian" : "tensor.clip";
  if (from.empty()) {
    node->params = {{"seed", id.size()}, {"batch", 2}, {"shape", {3, 8, 8}}};
  } else {
    node->params = {{"limit", 1.5}};
    const size_t dot = from.find('.');
    node->inputs["tensor"] = Input{{{from.substr(0, dot), from.substr(dot + 1)}}, false};
  }
  return node;
}

/// Rows of nodes called stem0, stem1, ..., each feeding the next. `from`: what feeds every row; without one
/// each begins with a node of noise.
inline void addRows(std::vector<NodePtr>& nodes, Layout& layout, const std::string& stem, int count,
                    const std::string& from = {}) {
  constexpr int kLong = 40;
  for (int i = 0; i < count; ++i) {
    const std::string before = stem + std::to_string(i - 1);
    const bool first = i % kLong == 0, second = i % kLong == 1;
    const std::string port = second && from.empty() ? ".noise" : ".tensor";
    const NodePtr node = largeNode(stem + std::to_string(i), first ? from : before + port);
    layout.nodes[node->id].at =
        Point{static_cast<float>(i % kLong) * 240, static_cast<float>(i / kLong) * 170};
    nodes.push_back(node);
  }
}

inline Document largeChains(int nodes) {
  Document document;
  document.title = "Chains";
  Layout layout;
  addRows(document.graph.nodes, layout, "n", nodes);
  return withLayout(document, "", layout);
}

/// Half of the nodes in zones of 100, three in ten in one group, a tenth in groups of 100, the others at the
/// top: "n0" and on, "zone0" and on, "many", "few0" and on.
inline Document largeNested(int nodes) {
  constexpr int kEach = 100;
  Document document;
  document.title = "Nested";
  Layout layout;
  std::vector<NodePtr>& top = document.graph.nodes;
  addRows(top, layout, "n", nodes / 10);
  float y = 6000;
  for (int i = 0; i < nodes / 2 / kEach; ++i, y += 800) {
    const std::string id = "zone" + std::to_string(i), stem = id + "_";
    Zone zone;
    zone.count = 3;
    Layout inside;
    addRows(zone.nodes, inside, stem, kEach, id + ".x");
    for (auto& [inner, laid] : inside.nodes)
      layout.nodes[inner].at = Point{laid.at->x + 40, laid.at->y + y + 60};
    zone.state.push_back({"x", {"n0", "noise"}, {stem + std::to_string(kEach - 1), "tensor"}});
    auto node = std::make_shared<Node>();
    node->id = id;
    node->type = kZoneType;
    node->zone = std::make_shared<const Zone>(std::move(zone));
    layout.nodes[id].at = Point{0, y};
    top.push_back(std::move(node));
  }
  const auto addGroup = [&](const std::string& name, int count) {
    Graph& group = document.groups[name];
    Layout inside;
    addRows(group.nodes, inside, "g", count);
    group.outputs.push_back({"out", "", {"g" + std::to_string(count - 1), "tensor"}});
    auto node = std::make_shared<Node>();
    node->id = name;
    node->type = std::string(kGroupPrefix) + name;
    layout.nodes[name].at = Point{10'000, y += 200};
    top.push_back(std::move(node));
    document = withLayout(document, name, inside);
  };
  addGroup("many", nodes * 3 / 10);
  for (int i = 0; i < nodes / 10 / kEach; ++i) addGroup("few" + std::to_string(i), kEach);
  return withLayout(document, "", layout);
}

}  // namespace loom::editor::testing
