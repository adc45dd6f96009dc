#pragma once
// What a run will hold in memory, as far as shapes tell before it runs: values by their sizes and lifetimes,
// networks, and what a node works in. Libraries, kept results and recordings come on top.
#include <string>
#include <vector>

#include "engine/plan/plan.h"

namespace loom {

struct Forecast {
  struct Holder {
    std::string what;  // "unet.denoiser", "sampling.x_t, 25 frames", "denoise while it runs"
    int64_t bytes = 0;
  };
  int64_t peakBytes = 0;
  std::string peakAt;                // the node that runs then
  std::vector<Holder> holders;       // of the peak, largest first
  std::vector<std::string> unknown;  // ports and nodes whose size only the run will tell
};

Forecast forecastOf(const Plan& plan);

/// "about 1.2 GiB, while denoise runs: unet.denoiser 34.1 MiB, ..."; with what is not known.
std::string forecastText(const Forecast& forecast);

}  // namespace loom
