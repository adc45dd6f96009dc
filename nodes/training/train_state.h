#pragma once
// What a training zone carries from step to step: a network's weights, AdamW's moments, the moving average. A
// value like any other: its parts are shared until a step writes, and a part that nobody else holds is
// written in place.
#include <memory>

#include "nodes/training/adamw.h"
#include "nodes/training/learning_rate.h"
#include "nodes/types/types.h"

namespace loom {

/// AdamW's moments m and v by parameter; parameters that are fixed have none.
struct Moments {
  Parameters first, second;
};

struct TrainState {
  std::shared_ptr<const DenoiserNet>
      net;  // live weights: float32 leaves that ask for gradients, and fixed tables
  std::shared_ptr<const DenoiserNet> ema;  // the moving average of them, without gradients
  std::shared_ptr<const Moments> moments;
  int64_t step = 0;       // steps taken
  int64_t imageSize = 0;  // of the denoiser; 0: any
};

LOOM_VALUE_TYPE(TrainState)

/// A state before its first step: weights copied from the net (float32, on `device`), the average equal to
/// them.
TrainState freshState(const DenoiserNet& net, int64_t imageSize, c10::Device device);

/// The state with its tensors on a device; the same state where they are there.
TrainState onDevice(TrainState state, c10::Device device);

/// Gradients by name, of a scalar loss that was computed with state.net. The loss's graph is used up.
/// Throws Error where the loss does not depend on the weights.
Parameters gradientsOf(const at::Tensor& loss, const TrainState& state);

struct StepOptions {
  LearningRate lr = {};
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0;
  double clip = 1;  // largest norm of all gradients together; 0: no limit
  double emaDecay = 0.9999;
};
struct StepReport {
  double gradientNorm = 0;  // before clipping
  double lr = 0;
};

/// Takes one AdamW step. Throws Error where a gradient is not finite; the state is then lost only if it was
/// unique.
TrainState stepped(TrainState state, const Parameters& gradients, const StepOptions& options,
                   StepReport* report = nullptr);

/// On disk: "net.*", "ema.*", "first.*", "second.*" and the step. Reading refuses what does not fit together.
Archive saveTrainState(const TrainState& state);
TrainState loadTrainState(const Archive& archive);

}  // namespace loom
