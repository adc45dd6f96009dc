// Schedules against the buffers of the original programs, and by what must hold of any.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "nodes/schedules/schedule.h"
#include "nodes/schedules/timesteps.h"
#include "tests/nodes/parity/parity_case.h"

using namespace loom;

namespace {

at::Tensor overSteps(const Schedule& s, double (*f)(const Schedule&, int64_t)) {
  at::Tensor table = at::empty({s.steps()}, at::kDouble);
  for (int64_t t = 0; t < s.steps(); ++t) table.mutable_data_ptr<double>()[t] = f(s, t);
  return table;
}
Posterior posteriorAt(const Schedule& s, int64_t t) { return posterior(s, {.t = t, .t_next = t - 1}); }

}  // namespace

class ScheduleTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void latentDiffusion_data();
  void latentDiffusion();
  void pytorchDdpm();
  void knownValues();
  void zeroTerminalSnr();
  void respacingKeepsAlphaBar();
  void respacedStepsAreThoseOfTheSubsequence();
  void refusals();
};

void ScheduleTest::latentDiffusion_data() {
  QTest::addColumn<QString>("upstream");
  QTest::addColumn<int>("kind");
  QTest::newRow("linear") << "linear" << static_cast<int>(ScheduleKind::scaled_linear);
  QTest::newRow("cosine") << "cosine" << static_cast<int>(ScheduleKind::cosine);
  QTest::newRow("sqrt_linear") << "sqrt_linear" << static_cast<int>(ScheduleKind::linear);
  QTest::newRow("sqrt") << "sqrt" << static_cast<int>(ScheduleKind::sqrt);
}

void ScheduleTest::latentDiffusion() {
  QFETCH(QString, upstream);
  QFETCH(int, kind);
  const parity::Case c("ldm_schedules");
  const ScheduleOptions options{
      .kind = static_cast<ScheduleKind>(kind), .betaStart = 0.00085, .betaEnd = 0.012};
  const Schedule s = makeSchedule(options);
  const std::string key = "out." + upstream.toStdString() + ".v0.";
  const at::Tensor bar = s.alpha_bar;
  COMPARE_TO_CASE(c, key + "betas", s.beta);
  COMPARE_TO_CASE(c, key + "alphas_cumprod", bar);
  COMPARE_TO_CASE(c, key + "alphas_cumprod_prev",
                  overSteps(s, [](const Schedule& z, int64_t t) { return alphaBar(z, t - 1); }));
  COMPARE_TO_CASE(c, key + "sqrt_alphas_cumprod", bar.sqrt());
  COMPARE_TO_CASE(c, key + "sqrt_one_minus_alphas_cumprod", (1 - bar).sqrt());
  COMPARE_TO_CASE(c, key + "log_one_minus_alphas_cumprod", (1 - bar).log());
  COMPARE_TO_CASE(c, key + "sqrt_recip_alphas_cumprod", (1 / bar).sqrt());
  COMPARE_TO_CASE(c, key + "sqrt_recipm1_alphas_cumprod", (1 / bar - 1).sqrt());
  COMPARE_TO_CASE(c, key + "posterior_variance", s.posterior_variance);
  // LDM does not take the second step's variance for the first, it clips at 1e-20.
  COMPARE_TO_CASE(c, key + "posterior_log_variance_clipped", s.posterior_variance.clamp_min(1e-20).log());
  COMPARE_TO_CASE(c, key + "posterior_mean_coef1",
                  overSteps(s, [](const Schedule& z, int64_t t) { return posteriorAt(z, t).fromX0; }));
  COMPARE_TO_CASE(c, key + "posterior_mean_coef2",
                  overSteps(s, [](const Schedule& z, int64_t t) { return posteriorAt(z, t).fromXt; }));
  if (kind != static_cast<int>(ScheduleKind::scaled_linear) && kind != static_cast<int>(ScheduleKind::cosine))
    return;
  ScheduleOptions withV = options;
  withV.vPosterior = 1;
  const std::string keyV = "out." + upstream.toStdString() + ".v1.";
  COMPARE_TO_CASE(c, keyV + "posterior_variance", makeSchedule(withV).posterior_variance);
  COMPARE_TO_CASE(c, keyV + "posterior_log_variance_clipped",
                  makeSchedule(withV).posterior_variance.clamp_min(1e-20).log());
}

void ScheduleTest::pytorchDdpm() {
  const parity::Case c("ddpm_w");
  const Schedule s = makeSchedule({.steps = 10, .precision = SchedulePrecision::float32_beta});
  COMPARE_TO_CASE(c, "out.buf.betas", s.beta);
  COMPARE_TO_CASE(c, "out.buf.posterior_var", s.posterior_variance);
  COMPARE_TO_CASE(c, "out.buf.posterior_log_var_clipped", overSteps(s, [](const Schedule& z, int64_t t) {
                    return posteriorLogVarianceClipped(z, {.t = t, .t_next = t - 1});
                  }));
  COMPARE_TO_CASE(c, "out.buf.posterior_mean_coef1",
                  overSteps(s, [](const Schedule& z, int64_t t) { return posteriorAt(z, t).fromX0; }));
  COMPARE_TO_CASE(c, "out.buf.posterior_mean_coef2",
                  overSteps(s, [](const Schedule& z, int64_t t) { return posteriorAt(z, t).fromXt; }));
  COMPARE_TO_CASE(c, "out.buf.sqrt_recip_alphas_bar", (1 / s.alpha_bar).sqrt());
  COMPARE_TO_CASE(c, "out.buf.sqrt_recipm1_alphas_bar", (1 / s.alpha_bar - 1).sqrt());
  // The thousand float32 β that ermongroup/ddim starts from.
  const parity::Case ho("ddpm_ho");
  const Schedule ddim = makeSchedule({.precision = SchedulePrecision::float32});
  QVERIFY(ddim.beta.to(at::kFloat).equal(ho.tensor("in.ddim_betas")));
}

void ScheduleTest::knownValues() {
  // Ho et al.: β from 1e-4 to 0.02 leaves ᾱ_T of 4.04e-5.
  const Schedule ho = makeSchedule({});
  QCOMPARE_LT(std::abs(alphaBar(ho, 999) - 4.0358e-5), 1e-9);
  const Schedule jsd = makeSchedule({.kind = ScheduleKind::jsd, .steps = 4});
  QVERIFY(jsd.beta.allclose(at::tensor({0.25, 1.0 / 3, 0.5, 1.0}, at::kDouble)));
  const Schedule constant = makeSchedule({.kind = ScheduleKind::constant, .steps = 3, .betaEnd = 0.1});
  QCOMPARE_LT(std::abs(alphaBar(constant, 2) - 0.9 * 0.9 * 0.9), 1e-12);
  const Schedule sigmoid = makeSchedule({.kind = ScheduleKind::sigmoid, .steps = 3});
  QCOMPARE_LT(std::abs(sigmoid.beta[1].item<double>() - (1e-4 + 0.02) / 2), 1e-12);
}

void ScheduleTest::zeroTerminalSnr() {
  const ScheduleOptions plain{.kind = ScheduleKind::scaled_linear, .betaStart = 0.00085, .betaEnd = 0.012};
  ScheduleOptions zero = plain;
  zero.zeroTerminalSnr = true;
  const Schedule before = makeSchedule(plain), after = makeSchedule(zero);
  QCOMPARE(alphaBar(after, 999), 0.0);
  QCOMPARE_LT(std::abs(alphaBar(after, 0) - alphaBar(before, 0)), 1e-12);
  QVERIFY((after.alpha_bar.slice(0, 1) < after.alpha_bar.slice(0, 0, -1)).all().item<bool>());
}

void ScheduleTest::respacingKeepsAlphaBar() {
  const Schedule s = makeSchedule({.kind = ScheduleKind::cosine});
  const Timesteps taken = spacedTimesteps(1000, 25, Spacing::spaced);
  const Schedule r = respaced(s, taken);
  QCOMPARE(r.steps(), 25);
  for (int64_t i = 0; i < 25; ++i)
    QCOMPARE_LT(std::abs(alphaBar(r, i) / alphaBar(s, taken.t[static_cast<size_t>(24 - i)]) - 1), 1e-9);
  // Over every step it is the schedule itself.
  QVERIFY(respaced(s, spacedTimesteps(1000, 1000, Spacing::all)).beta.allclose(s.beta, 1e-10, 0));
}

void ScheduleTest::respacedStepsAreThoseOfTheSubsequence() {
  const Schedule s = makeSchedule({});
  const Timesteps taken = spacedTimesteps(1000, 10, Spacing::uniform);
  const Schedule r = respaced(s, taken);
  for (int64_t i = 0; i < 10; ++i) {
    const Timestep step = taken.at(i), same{.t = 9 - i, .t_next = 8 - i};
    const Posterior a = posterior(s, step), b = posterior(r, same);
    QCOMPARE_LT(std::abs(a.fromX0 - b.fromX0), 1e-12);
    QCOMPARE_LT(std::abs(a.fromXt - b.fromXt), 1e-12);
    QCOMPARE_LT(std::abs(a.variance - b.variance), 1e-12);
    QCOMPARE_LT(std::abs(posteriorLogVarianceClipped(s, step) - posteriorLogVarianceClipped(r, same)), 1e-9);
  }
}

void ScheduleTest::refusals() {
  QVERIFY_THROWS_EXCEPTION(Error, makeSchedule({.steps = 0}));
  QVERIFY_THROWS_EXCEPTION(Error, scheduleFromBetas(at::tensor({0.1, 1.5}, at::kDouble)));
  QVERIFY_THROWS_EXCEPTION(Error, scheduleFromBetas(at::tensor({0.1, NAN}, at::kDouble)));
  QVERIFY_THROWS_EXCEPTION(Error, alphaBar(makeSchedule({.steps = 10}), 10));
}

QTEST_GUILESS_MAIN(ScheduleTest)
#include "schedule_test.moc"
