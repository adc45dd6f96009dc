#pragma once
// `noiseloom check` and `noiseloom plan`: what a graph would do, without doing it.
#include "app/cli/prepared_graph.h"

namespace loom {

struct CheckRequest {
  GraphRequest graph;
  bool json = false;
};

int checkCommand(const CheckRequest& request, const Registry& registry);
int planCommand(const CheckRequest& request, const Registry& registry);

}  // namespace loom
