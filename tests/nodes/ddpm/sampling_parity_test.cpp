// Whole runs against the original samplers: ancestral in every variance and mean type, DDIM, subsequences.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <QtTest>

#include "tests/nodes/ddpm/fixture.h"

using namespace loom;
using namespace loom::test;

namespace {

struct Loop {
  const UNet& net;
  Schedule schedule;
  Timesteps timesteps;
  PredictOptions predict;

  /// Goes over the steps; `step(x, x0 and epsilon, timestep)` gives the next x.
  template <class Step>
  at::Tensor run(at::Tensor x, Step step) const {
    const at::NoGradGuard noGrad;
    for (int64_t i = 0; i < static_cast<int64_t>(timesteps.t.size()); ++i) {
      const Timestep at = timesteps.at(i);
      const at::Tensor output = net.forward(x, net.embedTime(at::full({1}, at.t, at::kLong)), {});
      x = step(x, predictX0(output, x, schedule, at, predict), at);
    }
    return x;
  }
  at::Tensor ancestral(const at::Tensor& x, std::vector<at::Tensor> tape, AncestralOptions options) const {
    return run(x,
               [&, draw = size_t{0}](const at::Tensor& x_t, const X0Epsilon& p, const Timestep& at) mutable {
                 const at::Tensor z = ancestralNeedsNoise(at, options) ? tape.at(draw++) : at::Tensor();
                 return ancestralStep(x_t, p.x0, {}, z, schedule, at, options).x_prev;
               });
  }
};

}  // namespace

class SamplingParityTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); }
  void pytorchDdpm_data();
  void pytorchDdpm();
  void hoAncestral_data();
  void hoAncestral();
  void ddim_data();
  void ddim();
  void ddpmSteps();
};

void SamplingParityTest::pytorchDdpm_data() {
  QTest::addColumn<QString>("run");
  QTest::addColumn<int>("T");
  QTest::addColumn<int>("kind");
  QTest::addColumn<int>("variance");
  const auto row = [](const char* run, int T, PredictionKind kind, Variance variance) {
    QTest::newRow(run) << run << T << static_cast<int>(kind) << static_cast<int>(variance);
  };
  row("epsilon_fixedlarge", 10, PredictionKind::epsilon, Variance::fixed_large);
  row("epsilon_fixedsmall", 10, PredictionKind::epsilon, Variance::fixed_small);
  row("xstart_fixedlarge", 3, PredictionKind::x0, Variance::fixed_large);
  row("xprev_fixedlarge", 3, PredictionKind::x_prev, Variance::fixed_large);
}

void SamplingParityTest::pytorchDdpm() {
  QFETCH(QString, run);
  QFETCH(int, T);
  QFETCH(int, kind);
  QFETCH(int, variance);
  const parity::Case c("ddpm_w");
  const auto net = filledUNet(c, "fill_ema_model");
  const Loop loop{*net,
                  makeSchedule({.steps = T, .precision = SchedulePrecision::float32_beta}),
                  spacedTimesteps(T, T, Spacing::all),
                  {.kind = static_cast<PredictionKind>(kind)}};
  const at::Tensor x = loop.ancestral(c.tensor("in.x"), c.tape(run.toStdString()),
                                      {.variance = static_cast<Variance>(variance)});
  COMPARE_TO_CASE(c, "out.sample_" + run.toStdString(), x.clamp(-1, 1));  // only the final picture is clipped
}

void SamplingParityTest::hoAncestral_data() {
  QTest::addColumn<QString>("run");
  QTest::addColumn<int>("variance");
  QTest::newRow("fixedlarge") << "fixedlarge" << static_cast<int>(Variance::fixed_large);
  QTest::newRow("fixedsmall") << "fixedsmall" << static_cast<int>(Variance::fixed_small);
}

void SamplingParityTest::hoAncestral() {
  QFETCH(QString, run);
  QFETCH(int, variance);
  const parity::Case c("ddpm_ho");
  const auto net = filledUNet(c, "fill");
  const Loop loop{*net, makeSchedule({.steps = 10}), spacedTimesteps(10, 10, Spacing::all), {.clip = 1}};
  const at::Tensor x = loop.ancestral(c.tensor("in.x"), c.tape(run.toStdString()),
                                      {.variance = static_cast<Variance>(variance)});
  COMPARE_TO_CASE(c, "out.sample_" + run.toStdString(), x);
}

void SamplingParityTest::ddim_data() {
  QTest::addColumn<QString>("run");
  QTest::addColumn<int>("spacing");
  QTest::addColumn<double>("eta");
  QTest::newRow("uniform, eta 0") << "ddim_uniform_eta0" << static_cast<int>(Spacing::uniform) << 0.0;
  QTest::newRow("uniform, eta 1") << "ddim_uniform_eta1" << static_cast<int>(Spacing::uniform) << 1.0;
  QTest::newRow("quadratic, eta 0") << "ddim_quad_eta0" << static_cast<int>(Spacing::quadratic) << 0.0;
}

void SamplingParityTest::ddim() {
  QFETCH(QString, run);
  QFETCH(int, spacing);
  QFETCH(double, eta);
  const parity::Case c("ddpm_ho");
  const auto net = filledUNet(c, "fill");
  const Loop loop{*net,
                  makeSchedule({.precision = SchedulePrecision::float32}),
                  spacedTimesteps(1000, 10, static_cast<Spacing>(spacing)),
                  {}};
  at::Tensor x0;
  const auto tape = c.tape(run.toStdString());
  const DdimOptions options{.eta = eta};
  const at::Tensor x =
      loop.run(c.tensor("in.x"), [&](const at::Tensor&, const X0Epsilon& p, const Timestep& at) {
        x0 = p.x0;
        const at::Tensor z = eta > 0 ? tape.at(static_cast<size_t>(at.index)) : at::Tensor();
        return ddimStep(p.x0, p.epsilon, z, loop.schedule, at, options);
      });
  COMPARE_TO_CASE(c, "out." + run.toStdString(), x);
  COMPARE_TO_CASE(c, "out." + run.toStdString() + ".x0", x0);
}

void SamplingParityTest::ddpmSteps() {
  // ermongroup/ddim's "ddpm_noisy": ancestral steps over a subsequence.
  const parity::Case c("ddpm_ho");
  const auto net = filledUNet(c, "fill");
  const Loop loop{*net,
                  makeSchedule({.precision = SchedulePrecision::float32}),
                  spacedTimesteps(1000, 10, Spacing::uniform),
                  {.clip = 1}};
  COMPARE_TO_CASE(c, "out.ddpm_steps_uniform",
                  loop.ancestral(c.tensor("in.x"), c.tape("ddpm_steps_uniform"), {}));
}

QTEST_GUILESS_MAIN(SamplingParityTest)
#include "sampling_parity_test.moc"
