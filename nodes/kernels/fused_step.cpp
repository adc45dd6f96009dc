#include "nodes/kernels/fused_step.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <array>

#include "engine/core/error.h"
#include "engine/device/cuda_library.h"
#include "nodes/kernels/fused_step_loops.h"
#include "nodes/kernels/parallel.h"

namespace loom {
namespace {

constexpr int64_t kGrain = 32768;  // elements a thread at least, LibTorch's own measure

std::array<const at::Tensor*, 6> allOf(const FusedInputs& in) {
  return {&in.output, &in.unconditional, &in.x_t, &in.x0, &in.epsilon, &in.z};
}

const at::Tensor* firstOf(const FusedInputs& in) {
  for (const at::Tensor* tensor : allOf(in))
    if (tensor->defined()) return tensor;
  return nullptr;
}

/// Elsewhere fmaf is a call, and the plain operations round otherwise.
bool joinsMultiplyAndAdd() {
#if defined(__x86_64__)
  static const bool joins = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
  return joins;
#elif defined(__aarch64__)
  return true;
#else
  return false;
#endif
}

void need(const at::Tensor& tensor, bool needed, const char* name) {
  if (needed && !tensor.defined())
    throw Error("a fused step reads " + std::string(name) + ", which is missing");
}

void checkInputs(const FusedStep& step, const FusedInputs& in, FusedWanted wanted) {
  const auto epsilonIs = [&](EpsilonSource source) { return step.epsilon == source; };
  const bool answers =
      step.x0 != X0Source::given || epsilonIs(EpsilonSource::output) || epsilonIs(EpsilonSource::from_output);
  need(in.output, answers, "the network's answer");
  need(in.unconditional, answers && step.guided, "the unconditional answer");
  need(in.x0, step.x0 == X0Source::given, "x_0");
  need(in.epsilon, epsilonIs(EpsilonSource::given), "epsilon");
  need(in.x_t,
       step.x0 == X0Source::from_x_t || step.x0 == X0Source::from_output ||
           epsilonIs(EpsilonSource::from_output) || epsilonIs(EpsilonSource::from_x0) ||
           epsilonIs(EpsilonSource::from_clipped_x0) || step.next == NextSource::from_x_t,
       "x_t");
  need(in.z, step.next != NextSource::none && step.noise != 0 && wanted.x_prev, "z");
  const bool next = step.next != NextSource::none, told = !epsilonIs(EpsilonSource::none);
  if ((step.next == NextSource::from_epsilon || wanted.epsilon) && !told)
    throw Error("a fused step that needs epsilon must say where from");
  if ((wanted.mean || wanted.x_prev) && !next) throw Error("a fused step without a next x has none to give");
}

const float* dataOf(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

float* makeOut(at::Tensor& tensor, bool wanted, const at::Tensor& like) {
  if (!wanted) return nullptr;
  tensor = at::empty_like(like);
  return tensor.mutable_data_ptr<float>();
}

}  // namespace

bool fusedStepApplies(const FusedInputs& inputs) {
  const at::Tensor* first = firstOf(inputs);
  if (!first) return false;
  for (const at::Tensor* tensor : allOf(inputs)) {
    if (!tensor->defined()) continue;
    if (tensor->scalar_type() != at::kFloat || tensor->layout() != at::kStrided || !tensor->has_storage() ||
        tensor->is_neg() || !tensor->is_non_overlapping_and_dense() || tensor->device() != first->device() ||
        !tensor->sizes().equals(first->sizes()) || !tensor->strides().equals(first->strides()) ||
        (c10::GradMode::is_enabled() && tensor->requires_grad()))
      return false;
  }
  return first->is_cpu() ? joinsMultiplyAndAdd() : cudaLibraryFor(first->device()) != nullptr;
}

FusedOutputs fusedStep(const FusedStep& step, const FusedInputs& in, FusedWanted wanted) {
  if (!fusedStepApplies(in))
    throw Error("a fused step takes dense float32 tensors of one shape and layout on one device");
  checkInputs(step, in, wanted);
  const at::Tensor& like = *firstOf(in);
  FusedOutputs out;
  const StepPointers p{.output = dataOf(in.output),
                       .unconditional = dataOf(in.unconditional),
                       .x_t = dataOf(in.x_t),
                       .x0In = dataOf(in.x0),
                       .epsilonIn = dataOf(in.epsilon),
                       .z = dataOf(in.z),
                       .x0 = makeOut(out.x0, wanted.x0, like),
                       .epsilon = makeOut(out.epsilon, wanted.epsilon, like),
                       .mean = makeOut(out.mean, wanted.mean, like),
                       .x_prev = makeOut(out.x_prev, wanted.x_prev, like)};
  if (like.is_cpu()) {
    parallelFor(0, like.numel(), kGrain,
                [&](int64_t first, int64_t last) { loops::fusedStep(step, p, first, last); });
    return out;
  }
  constexpr const char* kKernel = "noiseloom_cuda_fused_step";
  const auto launch = cudaLibraryFor(like.device())->find<FusedStepFunction>(kKernel);
  launchCuda(like.device(), kKernel, [&](void* on) { return launch(&step, &p, like.numel(), on); });
  return out;
}

}  // namespace loom
