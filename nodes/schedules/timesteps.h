#pragma once
// Which steps of a schedule a sampler takes. Each spacing follows the program it is named after, rounding
// included.
#include <cstdint>

#include "nodes/types/types.h"

namespace loom {

enum class Spacing {
  all,        // every step
  uniform,    // range(0, T, T // S) (ermongroup/ddim, LDM): where S does not divide T, more than S steps
  quadratic,  // ⌊linspace(0, √(0.8 T), S)²⌋ (ermongroup/ddim, LDM): closer together near 0
  leading,    // (0, 1, … S−1) · (T // S) (diffusers)
  trailing,   // round(T, T − T/S, …) − 1 (diffusers): ends at T − 1
  linspace,   // round(linspace(0, T − 1, S)) (diffusers): both ends
  spaced,  // an accumulated stride of (T − 1)/(S − 1), rounded (improved-diffusion's "S"; DiT, MAR): both
           // ends
};

/// Descending timesteps, `offset` added to each (LDM and Stable Diffusion: 1). Throws Error where T has no S
/// steps, or an offset leads beyond T − 1.
Timesteps spacedTimesteps(int64_t T, int64_t S, Spacing spacing, int64_t offset = 0);

/// Throws Error unless they descend (equal neighbours pass) and none is negative.
Timesteps checkedTimesteps(std::vector<int64_t> t);

}  // namespace loom
