#pragma once
// The CPU's loop of a sampling step. No tensors here.
#include "nodes/kernels/fused_step_element.h"

namespace loom::loops {

/// Elements first to last − 1; the bytes of stepElement.
void fusedStep(const FusedStep& step, const StepPointers& p, int64_t first, int64_t last);

}  // namespace loom::loops
