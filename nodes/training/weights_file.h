#pragma once
// Trained weights as a file to sample from: a published layout's names, and beside them in the safetensors
// metadata what a file of weights alone does not tell.
#include "nodes/training/train_state.h"

namespace loom {

struct WeightsFileOptions {
  at::ScalarType dtype = at::kHalf;  // of weights; fixed tables keep float32
  PredictionKind kind = PredictionKind::epsilon;
  Schedule schedule;
};

/// Parameters in the chosen dtype, contiguous on the CPU. Throws Error where a weight does not fit float16's
/// range.
Parameters convertedWeights(const DenoiserNet& net, at::ScalarType dtype);

/// {"architecture", "prediction", "image_size", "steps", "schedule": {"steps", "beta_start", "beta_end",
/// "beta": [...]}}: betas are listed in full, so that any schedule can be read back.
nlohmann::json weightsMeta(const TrainState& state, const WeightsFileOptions& options);

}  // namespace loom
