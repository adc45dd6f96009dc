#pragma once
// `noiseloom nodes`: what there is to build graphs of.
#include <string>

#include "engine/node/node_type.h"

namespace loom {

struct NodesRequest {
  std::string type;  // empty: all
  bool json = false;
};

int nodesCommand(const NodesRequest& request, const Registry& registry);

/// A node type as JSON: ports with types, defaults, ranges, choices and docs.
nlohmann::json describeNode(const NodeType& type);

}  // namespace loom
