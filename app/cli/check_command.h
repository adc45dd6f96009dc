#pragma once
// `noiseloom check` and `noiseloom plan`: what a graph would do, without doing it.
#include "app/cli/prepared_graph.h"
#include "engine/plan/flatten.h"

namespace loom {

/// What does not run because of muted nodes: [{"node", "because"}].
nlohmann::json lostJson(const std::vector<LostNode>& lost);

struct CheckRequest {
  GraphRequest graph;
  bool json = false;
};

/// What is known of a value: {"type", "dtype", "shape"}, the last two where they are.
nlohmann::json describeSpec(const Spec& spec);

int checkCommand(const CheckRequest& request, const Registry& registry);
int planCommand(const CheckRequest& request, const Registry& registry);

}  // namespace loom
