#include "nodes/kernels/fused_step_loops.h"

#include <algorithm>

#include "nodes/kernels/simd.h"

namespace loom::loops {
namespace {

constexpr int64_t kBlock = 512;  // elements: what lies between two stages stays in the first-level cache

LOOM_INLINE void combine(Weights2 w, const float* first, const float* second, float* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = weighted(w, first[i], second[i]);
}

/// One block, stage by stage: each is a loop without branches.
struct Block {
  const FusedStep& step;
  const StepPointers& p;
  int64_t at, count;

  LOOM_INLINE const float* in(const float* pointer) const { return pointer ? pointer + at : nullptr; }

  LOOM_INLINE const float* answer(float* room) const {
    const float* output = in(p.output);
    if (!step.guided) return output;
    const float* unconditional = in(p.unconditional);
    for (int64_t i = 0; i < count; ++i) room[i] = guidedAnswer(step.weight, output[i], unconditional[i]);
    return room;
  }

  /// x̂_0 before it is clipped.
  LOOM_INLINE const float* x0(const float* answer, float* room) const {
    switch (step.x0) {
      case X0Source::given:
        return in(p.x0In);
      case X0Source::output:
        return answer;
      case X0Source::from_x_t:
        combine(step.toX0, in(p.x_t), answer, room, count);
        return room;
      case X0Source::from_output:
        combine(step.toX0, answer, in(p.x_t), room, count);
        return room;
    }
    return nullptr;
  }

  LOOM_INLINE const float* epsilon(const float* answer, const float* before, const float* x0,
                                   float* room) const {
    switch (step.epsilon) {
      case EpsilonSource::none:
        return nullptr;
      case EpsilonSource::given:
        return in(p.epsilonIn);
      case EpsilonSource::output:
        return answer;
      case EpsilonSource::from_output:
        combine(step.toEpsilon, answer, in(p.x_t), room, count);
        return room;
      case EpsilonSource::from_x0:
        combine(step.toEpsilon, in(p.x_t), before, room, count);
        return room;
      case EpsilonSource::from_clipped_x0:
        combine(step.toEpsilon, in(p.x_t), x0, room, count);
        return room;
      case EpsilonSource::zero:
        std::fill_n(room, count, 0.0f);
        return room;
    }
    return nullptr;
  }

  LOOM_INLINE void put(const float* from, float* to) const {
    if (to) std::copy_n(from, count, to + at);
  }

  LOOM_INLINE void run() const {
    float answers[kBlock], plain[kBlock], limited[kBlock], epsilons[kBlock], means[kBlock];
    const float* said = answer(answers);
    const float* before = x0(said, plain);
    const float* after = before;
    if (step.clip > 0) {
      for (int64_t i = 0; i < count; ++i) limited[i] = clipped(before[i], step.clip);
      after = limited;
    }
    const float* noise = epsilon(said, before, after, epsilons);
    put(after, p.x0);
    put(noise, p.epsilon);
    if (step.next == NextSource::none) return;

    combine(step.toNext, after, step.next == NextSource::from_x_t ? in(p.x_t) : noise, means, count);
    put(means, p.mean);
    if (!p.x_prev) return;
    if (step.noise == 0) return put(means, p.x_prev);
    // Copied, and told apart, so that the compiler need not fear that writing `out` changes them.
    const float much = step.noise;
    const float* __restrict z = in(p.z);
    float* __restrict out = p.x_prev + at;
    for (int64_t i = 0; i < count; ++i) out[i] = fmaf(z[i], much, means[i]);
  }
};

}  // namespace

LOOM_FOR_EVERY_CPU void fusedStep(const FusedStep& step, const StepPointers& p, int64_t first, int64_t last) {
  for (int64_t at = first; at < last; at += kBlock) Block{step, p, at, std::min(kBlock, last - at)}.run();
}

}  // namespace loom::loops
