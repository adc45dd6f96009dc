// A fused step against the literal forms it stands for, and its three ways of being computed against each
// other: element by element (which is what a thread of the GPU's kernel does), the CPU's loop, the GPU.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>
#include <cmath>
#include <functional>
#include <optional>

#include "engine/device/cuda_library.h"
#include "engine/device/cuda_start.h"
#include "nodes/samplers/predict.h"
#include "nodes/samplers/step.h"

using namespace loom;

namespace {

at::Tensor random(const std::vector<int64_t>& sizes, uint64_t seed) {
  return at::randn(sizes, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}
double furthest(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}
double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }
bool sameBytes(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes().equals(b.sizes()) && at::equal(a.view(at::kInt), b.view(at::kInt));
}

// The same numbers with gaps between them: for these there is only the literal form.
at::Tensor withGaps(const at::Tensor& x) {
  std::vector<int64_t> wide = x.sizes().vec();
  wide.back() = 2 * wide.back() + 1;
  return at::empty(wide, x.options()).slice(-1, 0, wide.back() - 1, 2).copy_(x);
}

struct Sampler {
  std::optional<DdimOptions> ddim;
  std::optional<AncestralOptions> ancestral;
};

struct Case {
  std::vector<int64_t> sizes;
  Timestep step;
  PredictOptions predict;
  Sampler sampler;
  double guidance = 1;

  bool guided() const { return guidance != 1; }
  FusedStep form(const Schedule& schedule) const {
    FusedStep form = predictForm(schedule, step, predict);
    form.guided = guided();
    form.weight = static_cast<float>(guidance);
    if (sampler.ddim) setDdim(form, schedule, step, *sampler.ddim);
    if (sampler.ancestral) setAncestral(form, schedule, step, *sampler.ancestral);
    return form;
  }
  FusedInputs inputs() const {
    return {.output = random(sizes, 1),
            .unconditional = guided() ? random(sizes, 2) : at::Tensor(),
            .x_t = random(sizes, 3),
            .z = random(sizes, 4)};
  }
};

constexpr FusedWanted kAll{.x0 = true, .epsilon = true, .mean = true, .x_prev = true};

FusedOutputs literal(const Case& c, const Schedule& schedule, const FusedInputs& in) {
  const at::Tensor answer =
      c.guided() ? in.unconditional.add(in.output - in.unconditional, c.guidance) : in.output;
  const X0Epsilon p = predictX0(answer, in.x_t, schedule, c.step, c.predict);
  if (c.sampler.ddim) {
    const at::Tensor next = ddimStep(p.x0, p.epsilon, in.z, schedule, c.step, *c.sampler.ddim);
    DdimOptions calm = *c.sampler.ddim;
    calm.temperature = 0;
    return {p.x0, p.epsilon, ddimStep(p.x0, p.epsilon, {}, schedule, c.step, calm), next};
  }
  const AncestralStep next = ancestralStep(in.x_t, p.x0, {}, in.z, schedule, c.step, *c.sampler.ancestral);
  return {p.x0, p.epsilon, next.mean, next.x_prev};
}

FusedInputs each(const FusedInputs& in, const std::function<at::Tensor(const at::Tensor&)>& f) {
  const auto of = [&](const at::Tensor& x) { return x.defined() ? f(x) : x; };
  return {of(in.output), of(in.unconditional), of(in.x_t), of(in.x0), of(in.epsilon), of(in.z)};
}

// As a thread of the kernel computes them, one after the other.
FusedOutputs byElement(const FusedStep& step, const FusedInputs& in) {
  const auto at = [](const at::Tensor& x, int64_t i) {
    return x.defined() ? x.const_data_ptr<float>()[i] : 0;
  };
  FusedOutputs out{at::empty_like(in.x_t), at::empty_like(in.x_t), at::empty_like(in.x_t),
                   at::empty_like(in.x_t)};
  for (int64_t i = 0; i < in.x_t.numel(); ++i) {
    const StepOutputs one = stepElement(step, {at(in.output, i), at(in.unconditional, i), at(in.x_t, i),
                                               at(in.x0, i), at(in.epsilon, i), at(in.z, i)});
    out.x0.mutable_data_ptr<float>()[i] = one.x0;
    out.epsilon.mutable_data_ptr<float>()[i] = one.epsilon;
    out.mean.mutable_data_ptr<float>()[i] = one.mean;
    out.x_prev.mutable_data_ptr<float>()[i] = one.x_prev;
  }
  return out;
}

void compareBytes(const FusedOutputs& a, const FusedOutputs& b) {
  QVERIFY(sameBytes(a.x0, b.x0));
  QVERIFY(sameBytes(a.epsilon, b.epsilon));
  QVERIFY(sameBytes(a.mean, b.mean));
  QVERIFY(sameBytes(a.x_prev, b.x_prev));
}

}  // namespace
Q_DECLARE_METATYPE(Case)

class FusedStepTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void steps_data();
  void steps();
  void cuda_data();
  void cuda();
  void notFinite();
  void wantedAlone();
  void channelsLast();
  void manyElements();
  void whatItRefuses();

 private:
  const Schedule schedule_ = makeSchedule({});
  std::string noGpu_;
};

void FusedStepTest::initTestCase() {
  // Tests do not lie beside it.
  if (!qEnvironmentVariableIsSet("NOISELOOM_CUDA_LIBRARY"))
    qputenv("NOISELOOM_CUDA_LIBRARY", NOISELOOM_BUILT_CUDA_LIBRARY);
  noGpu_ = startCuda();
}

void FusedStepTest::steps_data() {
  QTest::addColumn<Case>("c");
  const std::vector<std::pair<const char*, Sampler>> samplers{
      {"ddim", {DdimOptions{}, {}}},
      {"ddim eta 1", {DdimOptions{.eta = 1, .temperature = 0.7}, {}}},
      {"ddim first", {DdimOptions{.eta = 0.5, .last = LastAlpha::first}, {}}},
      {"ddpm large", {{}, AncestralOptions{}}},
      {"ddpm small", {{}, AncestralOptions{.variance = Variance::fixed_small, .noiseAtEnd = true}}}};
  const std::vector<Timestep> steps{
      {.t = 999, .t_next = 979}, {.t = 500, .t_next = 499}, {.t = 0, .t_next = -1}};
  const char* const kinds[] = {"epsilon", "x0", "x_prev", "v"};
  const std::vector<std::vector<int64_t>> sizes{{1, 1, 1, 1}, {1, 3, 7, 5}, {2, 4, 16, 17}, {3, 3, 32, 32}};
  size_t row = 0;
  for (const auto& [name, sampler] : samplers)
    for (const Timestep& step : steps)
      for (int kind = 0; kind < 4; ++kind)
        for (const double clip : {0.0, 1.0})
          for (const EpsilonFrom from : {EpsilonFrom::prediction, EpsilonFrom::x0}) {
            if (clip == 0 && from == EpsilonFrom::x0) continue;
            const double guidance = row % 3 == 0 ? 1 : row % 3 == 1 ? 7.5 : 0;
            const Case c{sizes[row % sizes.size()],
                         step,
                         {.kind = static_cast<PredictionKind>(kind), .clip = clip, .epsilon = from},
                         sampler,
                         guidance};
            QTest::addRow("%s t %d %s clip %g%s w %g", name, int(step.t), kinds[kind], clip,
                          from == EpsilonFrom::x0 ? " late" : "", guidance)
                << c;
            ++row;
          }
}

void FusedStepTest::steps() {
  QFETCH(Case, c);
  const FusedInputs in = c.inputs();
  const FusedStep form = c.form(schedule_);
  if (!fusedStepApplies(in)) QSKIP("this CPU does not join multiply and add: steps are computed literally");
  const FusedOutputs fused = fusedStep(form, in, kAll);
  compareBytes(fused, byElement(form, in));

  // Of the literal form in float32, where it rounds alike: LibTorch's loops join multiply and add, too.
  const FusedOutputs plain = literal(c, schedule_, each(in, withGaps));
  // Of the literal form in float64. Every value is a few sums, each rounded to 6e-8 of its largest term; what
  // is between clip's ends is as wrong as the x̂_0 that was clipped, and ε̂ from x̂_0 divides by √(1 − ᾱ).
  const FusedOutputs exact =
      literal(c, schedule_, each(in, [](const at::Tensor& x) { return x.to(at::kDouble); }));
  Case loose = c;
  loose.predict.clip = 0;
  const double bar = alphaBar(schedule_, c.step.t);
  const double w = 1 + 2 * std::abs(c.guidance);
  const double x0 = w * std::max(5.0, largest(literal(loose, schedule_, in).x0));
  const double unit = 1e-6;
  const double forX0 = unit * x0, forEpsilon = unit * (x0 + 5) / std::sqrt(1 - bar) + forX0;
  for (const FusedOutputs& other : {plain, exact}) {
    QCOMPARE_LT(furthest(fused.x0, other.x0), forX0);
    QCOMPARE_LT(furthest(fused.epsilon, other.epsilon), forEpsilon);
    QCOMPARE_LT(furthest(fused.mean, other.mean), forX0 + forEpsilon);
    QCOMPARE_LT(furthest(fused.x_prev, other.x_prev), forX0 + forEpsilon);
  }
}

void FusedStepTest::cuda_data() {
  if (!noGpu_.empty()) QSKIP(("no GPU: " + noGpu_).c_str());
  if (!cudaLibraryFor(c10::Device(c10::kCUDA, 0)))
    QSKIP(("no CUDA library: " + cudaLibrary().missing()).c_str());
  steps_data();
}

void FusedStepTest::cuda() {
  QFETCH(Case, c);
  const FusedInputs in = c.inputs();
  const FusedStep form = c.form(schedule_);
  const FusedOutputs there = fusedStep(form, each(in, [](const at::Tensor& x) { return x.cuda(); }), kAll);
  // Bytes: the kernel joins multiply and add where the CPU does, and nothing in a step but sums is rounded.
  compareBytes({there.x0.cpu(), there.epsilon.cpu(), there.mean.cpu(), there.x_prev.cpu()},
               byElement(form, in));
}

void FusedStepTest::notFinite() {
  // A NaN is never clipped away, an infinity is; neither reaches its neighbours.
  const Case c{{1, 1, 3, 11}, {.t = 500, .t_next = 499}, {.clip = 1}, {DdimOptions{}, {}}};
  FusedInputs in = c.inputs();
  if (!fusedStepApplies(in)) QSKIP("this CPU does not join multiply and add: steps are computed literally");
  in.output[0][0][1][2] = NAN;
  in.output[0][0][1][3] = INFINITY;
  const FusedOutputs out = fusedStep(c.form(schedule_), in, kAll);
  QVERIFY(std::isnan(out.x0[0][0][1][2].item<float>()));
  QCOMPARE(out.x0[0][0][1][3].item<float>(), -1.0f);
  QCOMPARE(out.x0.isfinite().sum().item<int64_t>(), int64_t{32});
  QVERIFY(at::equal(out.x0.isnan(), literal(c, schedule_, each(in, withGaps)).x0.isnan()));
}

void FusedStepTest::wantedAlone() {
  // What isn't wanted is not made, and changes nothing of what is.
  const Case c{{2, 3, 5, 7}, {.t = 500, .t_next = 400}, {.clip = 1}, {DdimOptions{.eta = 1}, {}}, 3};
  const FusedInputs in = c.inputs();
  if (!fusedStepApplies(in)) QSKIP("this CPU does not join multiply and add: steps are computed literally");
  const FusedStep form = c.form(schedule_);
  const FusedOutputs all = fusedStep(form, in, kAll), one = fusedStep(form, in, {.x_prev = true});
  QVERIFY(!one.x0.defined() && !one.epsilon.defined() && !one.mean.defined());
  QVERIFY(sameBytes(one.x_prev, all.x_prev));
}

void FusedStepTest::channelsLast() {
  const Case c{{2, 3, 5, 7}, {.t = 500, .t_next = 400}, {.clip = 1}, {{}, AncestralOptions{}}};
  const FusedInputs in = c.inputs();
  if (!fusedStepApplies(in)) QSKIP("this CPU does not join multiply and add: steps are computed literally");
  const FusedInputs last =
      each(in, [](const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); });
  QVERIFY(fusedStepApplies(last));
  const FusedOutputs out = fusedStep(c.form(schedule_), last, kAll);
  QVERIFY(out.x_prev.is_contiguous(at::MemoryFormat::ChannelsLast));
  QVERIFY(sameBytes(out.x_prev.contiguous(), fusedStep(c.form(schedule_), in, kAll).x_prev));
  // Two layouts at once have no loop.
  QVERIFY(!fusedStepApplies({.output = in.output, .x_t = last.x_t}));
}

void FusedStepTest::manyElements() {
  // More than a thread's share, and no multiple of anything.
  const Case c{{1, 1, 331, 607}, {.t = 500, .t_next = 400}, {}, {DdimOptions{.eta = 1}, {}}};
  const FusedInputs in = c.inputs();
  if (!fusedStepApplies(in)) QSKIP("this CPU does not join multiply and add: steps are computed literally");
  compareBytes(fusedStep(c.form(schedule_), in, kAll), byElement(c.form(schedule_), in));
}

void FusedStepTest::whatItRefuses() {
  const at::Tensor x = random({1, 3, 4, 4}, 1);
  QVERIFY(!fusedStepApplies({}));
  QVERIFY(!fusedStepApplies({.x_t = x.to(at::kDouble)}));
  QVERIFY(!fusedStepApplies({.x_t = x, .x0 = random({1, 3, 4, 5}, 2)}));
  QVERIFY(!fusedStepApplies({.x_t = withGaps(x)}));
  QVERIFY(!fusedStepApplies({.x_t = x.clone().requires_grad_(true)}));
  QVERIFY_EXCEPTION_THROWN(fusedStep({}, {.x_t = withGaps(x)}, {.x0 = true}), Error);
  if (!fusedStepApplies({.x_t = x})) return;
  QVERIFY_EXCEPTION_THROWN(fusedStep({}, {.x_t = x}, {.x0 = true}), Error);                  // no x_0
  QVERIFY_EXCEPTION_THROWN(fusedStep({}, {.x0 = x}, {.x_prev = true}), Error);               // no next
  QVERIFY_EXCEPTION_THROWN(fusedStep({}, {.x0 = x}, {.x0 = true, .epsilon = true}), Error);  // no ε̂
  FusedStep form = predictForm(schedule_, {.t = 500, .t_next = 400}, {});
  form.guided = 1;
  QVERIFY_EXCEPTION_THROWN(fusedStep(form, {.output = x, .x_t = x}, {.x0 = true}), Error);
  setDdim(form, schedule_, {.t = 500, .t_next = 400}, {.eta = 1});
  form.guided = 0;
  QVERIFY_EXCEPTION_THROWN(fusedStep(form, {.output = x, .x_t = x}, {.x_prev = true}), Error);  // no z
  QVERIFY_EXCEPTION_THROWN(
      setAncestral(form, schedule_, {.t = 5, .t_next = 4}, {.variance = Variance::learned}), Error);
}

QTEST_GUILESS_MAIN(FusedStepTest)
#include "fused_step_test.moc"
