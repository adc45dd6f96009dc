// Steps by identity, by closed form and by order of convergence.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "nodes/samplers/mixture.h"
#include "nodes/samplers/predict.h"
#include "nodes/samplers/step.h"
#include "nodes/schedules/timesteps.h"

using namespace loom;

namespace {

at::Tensor random(std::vector<int64_t> sizes, uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(sizes, generator, at::TensorOptions(at::kDouble));
}
double furthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

}  // namespace

class StepTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void ddimFollowsTheForwardProcess();
  void lastStepsEndAtX0();
  void etaOneIsTheAncestralStep();
  void learnedRange();
  void logVariances();
  void ancestralKeepsTheMarginal();
  void ddimConvergesAtFirstOrder();
  void refusals();
};

void StepTest::ddimFollowsTheForwardProcess() {
  // With the true x_0 and ε, a deterministic step leads to the x_s of the same ε.
  const Schedule s = makeSchedule({});
  const at::Tensor x0 = random({2, 3, 4, 4}, 1), epsilon = random({2, 3, 4, 4}, 2);
  for (const Timestep& step : {Timestep{.t = 900, .t_next = 500}, Timestep{.t = 500, .t_next = 499}}) {
    const double bar = alphaBar(s, step.t_next);
    const at::Tensor expected = x0 * std::sqrt(bar) + epsilon * std::sqrt(1 - bar);
    QCOMPARE_LT(furthest(ddimStep(x0, epsilon, {}, s, step, {}), expected), 1e-12);
  }
}

void StepTest::lastStepsEndAtX0() {
  const Schedule s = makeSchedule({});
  const at::Tensor x0 = random({2, 3, 4, 4}, 1), x_t = random({2, 3, 4, 4}, 2), z = random({2, 3, 4, 4}, 3);
  const Timestep last{.t = 0, .t_next = -1};
  QCOMPARE_LT(furthest(ancestralStep(x_t, x0, {}, {}, s, last, {}).x_prev, x0), 1e-12);
  for (const double eta : {0.0, 1.0})
    QCOMPARE_LT(furthest(ddimStep(x0, x_t, z, s, last, {.eta = eta}), x0), 1e-12);
  // From any t, once nothing is left to come.
  QCOMPARE_LT(furthest(ddimStep(x0, x_t, z, s, {.t = 300, .t_next = -1}, {.eta = 1}), x0), 1e-12);
  QVERIFY(!ancestralNeedsNoise(last, {}));
  // LDM's end: ᾱ_0 in place of 1.
  const double bar = alphaBar(s, 0);
  QCOMPARE_LT(furthest(ddimStep(x0, x_t, {}, s, {.t = 1, .t_next = -1}, {.last = LastAlpha::first}),
                       x0 * std::sqrt(bar) + x_t * std::sqrt(1 - bar)),
              1e-12);
}

void StepTest::etaOneIsTheAncestralStep() {
  // Song et al., sec. 4.1: σ with η = 1 makes the process the DDPM of variance β̃.
  const Schedule s = makeSchedule({});
  const at::Tensor x_t = random({2, 3, 4, 4}, 1), epsilon = random({2, 3, 4, 4}, 2),
                   z = random({2, 3, 4, 4}, 3);
  for (const Timestep& step : {Timestep{.t = 700, .t_next = 699}, Timestep{.t = 700, .t_next = 400}}) {
    const X0Epsilon p = predictX0(epsilon, x_t, s, step, {});
    const at::Tensor ddim = ddimStep(p.x0, p.epsilon, z, s, step, {.eta = 1});
    const at::Tensor ddpm =
        ancestralStep(x_t, p.x0, {}, z, s, step, {.variance = Variance::fixed_small}).x_prev;
    QCOMPARE_LT(furthest(ddim, ddpm), 1e-9);
  }
}

void StepTest::learnedRange() {
  const Schedule s = makeSchedule({});
  const Timestep step{.t = 700, .t_next = 680};
  const at::Tensor x = random({2, 3, 4, 4}, 1), z = random({2, 3, 4, 4}, 3);
  const auto with = [&](Variance kind, const at::Tensor& raw) {
    return ancestralStep(x, x, raw, z, s, step, {.variance = kind});
  };
  // v = 1 is β, v = −1 is β̃.
  QCOMPARE_LT(furthest(with(Variance::learned_range, at::ones_like(x)).x_prev,
                       with(Variance::fixed_large, {}).x_prev),
              1e-9);
  QCOMPARE_LT(furthest(with(Variance::learned_range, -at::ones_like(x)).x_prev,
                       with(Variance::fixed_small, {}).x_prev),
              1e-9);
  const double log_variance = with(Variance::fixed_small, {}).log_variance.item<double>();
  QCOMPARE_LT(furthest(with(Variance::learned, at::full_like(x, log_variance)).x_prev,
                       with(Variance::fixed_small, {}).x_prev),
              1e-9);
}

void StepTest::logVariances() {
  const Schedule s = makeSchedule({});
  const auto options = at::TensorOptions(at::kDouble);
  const auto value = [&](Variance kind, const Timestep& step) {
    return logVariance(kind, {}, s, step, options).item<double>();
  };
  const double second = std::log(s.posterior_variance[1].item<double>());
  QCOMPARE(value(Variance::fixed_small, {.t = 0, .t_next = -1}), second);
  QCOMPARE(value(Variance::fixed_large, {.t = 0, .t_next = -1}), second);
  QCOMPARE(value(Variance::fixed_large, {.t = 7, .t_next = 6}), std::log(s.beta[7].item<double>()));
  // Over a subsequence the step before is the subsequence's.
  const Timesteps taken = spacedTimesteps(1000, 10, Spacing::uniform);
  QCOMPARE(value(Variance::fixed_small, taken.at(9)),
           std::log(posterior(s, {.t = 100, .t_next = 0}).variance));
}

void StepTest::ancestralKeepsTheMarginal() {
  // x_0 ~ N(0, s²): the true x̂_0 is linear in x_t, and the variance of every x_t is known. fixed_small plus
  // the spread of x_0 given x_t is exact; here only the mean is checked, through the variance it leaves.
  const Schedule schedule = makeSchedule({});
  const double own = 0.5;
  for (const Timestep& step : {Timestep{.t = 900, .t_next = 899}, Timestep{.t = 500, .t_next = 480}}) {
    const double bar = alphaBar(schedule, step.t), next = alphaBar(schedule, step.t_next);
    const double total = bar * own * own + 1 - bar, gain = std::sqrt(bar) * own * own / total;
    const double left = own * own * (1 - bar) / total;  // Var[x_0 | x_t]
    const Posterior p = posterior(schedule, step);
    const double mean = p.fromX0 * gain + p.fromXt;
    const double variance = mean * mean * total + p.variance + p.fromX0 * p.fromX0 * left;
    QCOMPARE_LT(std::abs(variance - (next * own * own + 1 - next)), 1e-10);
  }
}

void StepTest::ddimConvergesAtFirstOrder() {
  // DDIM is a first-order solver of the probability flow: for one Gaussian its end is known, and twice the
  // steps halve the error.
  const Schedule s = makeSchedule({});
  const double own = 0.5;
  Mixture one{{1.0}, {own}, at::zeros({1, 3}, at::kDouble)};
  const MixtureNet net(one, s, PredictionKind::epsilon);
  const at::Tensor x_T = random({4, 3, 1, 1}, 1);
  // The flow scales x by the ratio of standard deviations.
  const double bar_T = alphaBar(s, 999), bar_0 = alphaBar(s, 0);
  const auto deviation = [&](double bar) { return std::sqrt(bar * own * own + 1 - bar); };
  const at::Tensor exact = x_T * (deviation(bar_0) / deviation(bar_T));
  std::vector<double> errors;
  for (const int64_t steps : {38, 75, 149, 297}) {  // from 999 to 0, the strides halving
    at::Tensor x = x_T;
    const Timesteps taken = spacedTimesteps(1000, steps, Spacing::spaced);
    for (int64_t i = 0; i + 1 < steps; ++i) {
      const Timestep step = taken.at(i);
      const X0Epsilon p =
          predictX0(net.forward(x, net.embedTime(at::full({1}, step.t, at::kLong)), {}), x, s, step, {});
      x = ddimStep(p.x0, p.epsilon, {}, s, step, {});
    }
    errors.push_back(furthest(x, exact));
  }
  for (size_t i = 1; i < errors.size(); ++i) {
    const double order = std::log2(errors[i - 1] / errors[i]);
    QVERIFY2(order > 0.85 && order < 1.2,
             qPrintable(QString("order %1, error %2").arg(order).arg(errors[i])));
  }
}

void StepTest::refusals() {
  const Schedule s = makeSchedule({});
  const at::Tensor x = random({2, 3, 4, 4}, 1);
  const Timestep step{.t = 5, .t_next = 4};
  QVERIFY_THROWS_EXCEPTION(Error, ancestralStep(x, x, {}, {}, s, step, {}));
  QVERIFY_THROWS_EXCEPTION(Error, ancestralStep(x, x, {}, random({1, 3, 4, 4}, 1), s, step, {}));
  QVERIFY_THROWS_EXCEPTION(Error, ancestralStep(x, x, {}, x, s, step, {.variance = Variance::learned}));
  QVERIFY_THROWS_EXCEPTION(Error, ddimStep(x, random({2, 3, 4, 5}, 1), {}, s, step, {}));
  QVERIFY_THROWS_EXCEPTION(Error, ddimStep(x, x, {}, s, step, {.eta = 1}));
}

QTEST_GUILESS_MAIN(StepTest)
#include "step_test.moc"
