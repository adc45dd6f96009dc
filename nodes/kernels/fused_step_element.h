#pragma once
// One element of a sampling step, from the network's answer to x_prev: the arithmetic that the CPU's vector
// loop and the GPU's kernel share. Sums a x + b y are rounded as LibTorch's add(x a, y, b) does on machines
// that join multiply and add. Compile with -ffp-contract=off (nvcc: -fmad=false).
#include <cmath>
#include <cstdint>

#include "engine/device/both_sides.h"

namespace loom {

enum class X0Source : int32_t {
  given,        // x̂_0 is an input
  output,       // the network's answer is x̂_0
  from_x_t,     // x_t a + output b
  from_output,  // output a + x_t b
};
enum class EpsilonSource : int32_t {
  none,             // the step has no use for ε̂
  given,            // ε̂ is an input
  output,           // the network's answer is ε̂
  from_output,      // output a + x_t b
  from_x0,          // x_t a + x̂_0 b, with x̂_0 as it was before it was clipped
  from_clipped_x0,  // x_t a + x̂_0 b
  zero,             // there is no noise to tell
};
enum class NextSource : int32_t {
  none,          // the step ends at x̂_0 and ε̂
  from_epsilon,  // x̂_0 a + ε̂ b + z s
  from_x_t,      // x̂_0 a + x_t b + z s
};

/// a of the first, b of the second.
struct Weights2 {
  float first = 1, second = 0;
};

/// What one step is, the same for all elements. Which inputs it reads follows from it.
struct FusedStep {
  int32_t guided = 0;  // the answer is u + weight (c − u) of an unconditional and a conditional one
  float weight = 1;
  X0Source x0 = X0Source::given;
  Weights2 toX0 = {};
  float clip = 0;  // x̂_0 is kept in [−clip, clip]; 0: as it comes
  EpsilonSource epsilon = EpsilonSource::none;
  Weights2 toEpsilon = {};
  NextSource next = NextSource::none;
  Weights2 toNext = {};
  float noise = 0;  // s; 0: z is not read
};

/// Where its numbers are, all of one size. Of outputs null is not wanted; none is an input as well.
struct StepPointers {
  const float* output = nullptr;         // the network's answer, the conditional one where guided
  const float* unconditional = nullptr;  // guided only
  const float* x_t = nullptr;
  const float* x0In = nullptr;
  const float* epsilonIn = nullptr;
  const float* z = nullptr;
  float* x0 = nullptr;
  float* epsilon = nullptr;
  float* mean = nullptr;  // x_prev before noise
  float* x_prev = nullptr;
};
using FusedStepFunction = int(const FusedStep*, const StepPointers*, int64_t count,
                              void* stream);  // noiseloom_cuda_fused_step

LOOM_BOTH_SIDES float weighted(Weights2 w, float first, float second) {
  return fmaf(second, w.second, first * w.first);
}
/// Classifier-free guidance (Ho & Salimans 2022), ε_u + w (ε_c − ε_u).
LOOM_BOTH_SIDES float guidedAnswer(float weight, float conditional, float unconditional) {
  return fmaf(conditional - unconditional, weight, unconditional);
}
/// NaN stays NaN.
LOOM_BOTH_SIDES float clipped(float x, float limit) { return x < -limit ? -limit : x > limit ? limit : x; }

struct StepInputs {
  float output, unconditional, x_t, x0, epsilon, z;  // what the step doesn't read may be anything
};
struct StepOutputs {
  float x0, epsilon, mean, x_prev;
};

LOOM_BOTH_SIDES StepOutputs stepElement(const FusedStep& step, const StepInputs& in) {
  const float answer = step.guided ? guidedAnswer(step.weight, in.output, in.unconditional) : in.output;
  StepOutputs out{in.x0, 0, 0, 0};
  if (step.x0 == X0Source::output) out.x0 = answer;
  if (step.x0 == X0Source::from_x_t) out.x0 = weighted(step.toX0, in.x_t, answer);
  if (step.x0 == X0Source::from_output) out.x0 = weighted(step.toX0, answer, in.x_t);
  const float before = out.x0;
  if (step.clip > 0) out.x0 = clipped(out.x0, step.clip);

  if (step.epsilon == EpsilonSource::given) out.epsilon = in.epsilon;
  if (step.epsilon == EpsilonSource::output) out.epsilon = answer;
  if (step.epsilon == EpsilonSource::from_output) out.epsilon = weighted(step.toEpsilon, answer, in.x_t);
  if (step.epsilon == EpsilonSource::from_x0) out.epsilon = weighted(step.toEpsilon, in.x_t, before);
  if (step.epsilon == EpsilonSource::from_clipped_x0) out.epsilon = weighted(step.toEpsilon, in.x_t, out.x0);

  if (step.next == NextSource::none) return out;
  out.mean = weighted(step.toNext, out.x0, step.next == NextSource::from_x_t ? in.x_t : out.epsilon);
  out.x_prev = step.noise != 0 ? fmaf(in.z, step.noise, out.mean) : out.mean;
  return out;
}

}  // namespace loom
