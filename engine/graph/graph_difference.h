#pragma once
// What two graphs mean differently. Nodes are matched by id; a default that is written out is no difference
// to one left out, and layout, titles and order mean nothing.
#include <string>
#include <vector>

#include "engine/graph/document.h"
#include "engine/node/node_type.h"

namespace loom {

struct GraphDifference {
  enum class Kind { added, removed, changed };
  Kind kind = Kind::changed;
  std::string where;          // "sampling/step", "sampling/step.eta", "exposed input seed"
  std::string before, after;  // as a person reads them; the node's type where one was added or removed

  /// "+ sampling/step (step.ddim)", "- denoise (denoise)", "sampling/step.eta: 0 → 1".
  std::string text() const;
};

struct GraphDifferenceOptions {
  bool layout = false;  // titles, descriptions, order and positions too
};

/// In the order of their places. Both documents are of the registry's versions (see migrated()).
std::vector<GraphDifference> graphDifferences(const Document& a, const Document& b, const Registry& registry,
                                              GraphDifferenceOptions options = {});

}  // namespace loom
