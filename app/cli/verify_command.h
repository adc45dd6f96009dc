#pragma once
// `noiseloom verify`: makes pictures again from the graphs they hold and says whether they come out the same.
// A picture is a stranger's file: its graph may read what `run` would let it read, and writes into a
// temporary folder alone.
#include <string>
#include <vector>

#include "app/cli/environment_difference.h"
#include "engine/node/node_type.h"
#include "nodes/images/picture_difference.h"

namespace loom {

/// Other kernels, threads or processors change the last digits of floats, and so now and then a rounding.
inline constexpr double kVerifyBound = 1;  // of 255 levels

struct VerifyRequest {
  std::vector<std::string> pictures;
  std::vector<std::string> allow;  // further folders that the graphs may read
  bool exact = false, json = false;
};

struct Verdict {
  enum class Kind { exact, within, differs, unknown };
  Kind kind = Kind::unknown;
  std::string reason;  // of unknown, and of differs where there is no difference to measure
  PictureDifference difference;
  std::vector<EnvironmentDifference> environment;
  std::vector<std::string>
      missing;  // files that the graph reads and that can't be read here, with the reason
  double seconds = 0;
};

/// Exit code 0: all agree; 1: one does not; 2: of one it can't be told; 130: stopped.
int verifyCommand(const VerifyRequest& request, const Registry& registry);

}  // namespace loom
