#pragma once
// Random small graphs of nested zones, and an interpreter of documents that is as plain as can be: no plan,
// no order, no slots; every value is worked out when it is asked for. What the engine computes must equal it
// exactly.
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/graph/document.h"

namespace loom::test {

/// A number, or nothing where a `when` was false.
using Maybe = std::optional<double>;

class Reference {
 public:
  explicit Reference(const Graph& graph);
  /// The value of "node.port" as seen outside of all zones.
  Maybe value(const std::string& link);
  /// The frames of a collection.
  struct Frame {
    std::vector<int64_t> iteration;
    double value;
  };
  std::vector<Frame> recording(const std::string& link);

 private:
  struct Level {  // one for each zone that goes round, the first for the graph itself
    const Node* zone = nullptr;
    int64_t index = 0, count = 0;
    std::map<std::string, Maybe> ports;                // states and items
    std::map<std::string, Maybe> known;                // nodes of this level, in this iteration
    std::map<std::string, std::vector<Frame>> frames;  // collections of zones of this level
  };
  struct Home {
    const Node* node;
    size_t level;
  };

  void learn(const std::vector<NodePtr>& nodes, size_t level);
  Maybe at(const Link& link, size_t level);
  void goRound(const Node& node, size_t level);
  Maybe compute(const Node& node, size_t level);
  Maybe input(const Node& node, const char* port, size_t level, double fallback);
  bool isSkipped(const Node& node, size_t level);
  std::vector<double> rungs(const Node& ladder) const;

  const Graph& graph_;
  std::map<std::string, Home> homes_;
  std::vector<Level> levels_;
};

/// A graph whose every number stays small and exact. All numbers at the root are exposed as "o0", "o1", ...,
/// collections as "c0", ... With `tensors` numbers travel as tensors of one element, through nodes that write
/// in place where they may; else through sums, products, noise and networks.
struct RandomGraph {
  std::string text;
  std::vector<std::string> numbers, collections;  // links of o0.., c0..
};
RandomGraph randomGraph(uint64_t seed, bool tensors);

}  // namespace loom::test
