#pragma once
// A sampling step in one pass over memory: guidance, x̂_0 and ε̂, the next x, as far as the FusedStep goes. On
// the CPU a vector loop, on a GPU our CUDA kernel. Without gradients. Free functions, on any thread.
#include <ATen/core/Tensor.h>

#include "nodes/kernels/fused_step_element.h"

namespace loom {

/// What the step reads; others stay undefined.
struct FusedInputs {
  at::Tensor output = {}, unconditional = {}, x_t = {}, x0 = {}, epsilon = {}, z = {};
};
/// What it is to give. `mean` is x_prev before noise.
struct FusedWanted {
  bool x0 = false, epsilon = false, mean = false, x_prev = false;
};
struct FusedOutputs {
  at::Tensor x0 = {}, epsilon = {}, mean = {}, x_prev = {};
};

/// Whether there is a loop for them: float32, all of one shape, one layout without gaps, one device, which is
/// a CPU that joins multiply and add or a GPU with our CUDA library; and nobody wants gradients.
bool fusedStepApplies(const FusedInputs& inputs);

/// New tensors in the layout of the inputs. Rounded as the plain operations are on such machines. Throws
/// Error where fusedStepApplies is false or an input is missing that the step reads.
FusedOutputs fusedStep(const FusedStep& step, const FusedInputs& inputs, FusedWanted wanted);

}  // namespace loom
