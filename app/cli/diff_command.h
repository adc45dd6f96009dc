#pragma once
// `noiseloom diff`: two graphs, pictures, recordings, files of tensors, or folders of these.
#include <string>

#include "app/cli/compared_files.h"

namespace loom {

struct DiffRequest {
  std::string a, b;
  double bound = 0;
  bool layout = false, json = false;
};

/// Exit code 0: equal; 1: different; 2: can't be read or compared.
int diffCommand(const DiffRequest& request, const Registry& registry);

}  // namespace loom
