#pragma once
// `noiseloom info`: what a file is, told by its content: weights, a picture and what it was made with, a
// graph.
#include <string>

#include "engine/node/node_type.h"

namespace loom {

struct InfoRequest {
  std::string file;
  bool tensors = false;  // of weights: all of them, not the largest alone
  bool json = false;
};

int infoCommand(const InfoRequest& request, const Registry& registry);

/// The same as JSON. Throws Error for a file that is none of these.
nlohmann::json describeFile(const InfoRequest& request, const Registry& registry);

}  // namespace loom
