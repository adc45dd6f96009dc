#include "engine/node/inside.h"

#include <algorithm>

#include "engine/core/error.h"

namespace loom {

void requireInsides(const InsideWatch& watch, const std::vector<std::string>& there) {
  for (const std::string& name : watch.names()) {
    if (std::find(there.begin(), there.end(), name) != there.end()) continue;
    std::string all;
    for (const std::string& each : there) all += (all.empty() ? "" : ", ") + each;
    throw Error("shows nothing called " + name +
                " of its inside; there is: " + (all.empty() ? "nothing" : all));
  }
}

}  // namespace loom
