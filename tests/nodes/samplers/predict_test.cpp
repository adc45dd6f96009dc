// Whatever a network predicts, x_0 and ε come back exactly from x_t made of them.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "nodes/samplers/predict.h"
#include "nodes/samplers/q_sample.h"

using namespace loom;

namespace {
at::Tensor random(uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn({2, 3, 4, 4}, generator, at::TensorOptions(at::kFloat));
}
double furthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }
}  // namespace

class PredictTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void recovers_data();
  void recovers();
  void clipping();
  void noSignal();
  void shapes();
  void qSampleIsPerSample();
};

void PredictTest::recovers_data() {
  QTest::addColumn<int>("kind");
  QTest::addColumn<int>("t");
  for (const int t : {0, 1, 300, 600})
    for (const auto& [name, kind] : {std::pair{"epsilon", PredictionKind::epsilon},
                                     {"x0", PredictionKind::x0},
                                     {"x_prev", PredictionKind::x_prev},
                                     {"v", PredictionKind::v}})
      QTest::addRow("%s at %d", name, t) << static_cast<int>(kind) << t;
}

void PredictTest::recovers() {
  QFETCH(int, kind);
  QFETCH(int, t);
  const Schedule s = makeSchedule({});
  const Timestep step{.t = t, .t_next = t - 1};
  const double bar = alphaBar(s, t);
  // In double: the roundings of float32 are not what is tested here.
  const at::Tensor x0 = random(1).to(at::kDouble), epsilon = random(2).to(at::kDouble);
  const at::Tensor x_t = x0 * std::sqrt(bar) + epsilon * std::sqrt(1 - bar);
  const Posterior p = posterior(s, step);
  const std::map<PredictionKind, at::Tensor> outputs{
      {PredictionKind::epsilon, epsilon},
      {PredictionKind::x0, x0},
      {PredictionKind::x_prev, x0 * p.fromX0 + x_t * p.fromXt},
      {PredictionKind::v, epsilon * std::sqrt(bar) - x0 * std::sqrt(1 - bar)}};
  const auto which = static_cast<PredictionKind>(kind);
  const X0Epsilon ours = predictX0(outputs.at(which), x_t, s, step, {.kind = which});
  QCOMPARE_LT(furthest(ours.x0, x0), 1e-9);
  QCOMPARE_LT(furthest(ours.epsilon, epsilon), 1e-8);
}

void PredictTest::clipping() {
  const Schedule s = makeSchedule({});
  const Timestep step{.t = 500, .t_next = 499};
  const at::Tensor x_t = random(1), output = random(2);
  const X0Epsilon raw = predictX0(output, x_t, s, step, {});
  const X0Epsilon kept = predictX0(output, x_t, s, step, {.clip = 0.5});
  QVERIFY(kept.x0.equal(raw.x0.clamp(-0.5, 0.5)));
  QVERIFY(kept.epsilon.equal(output));
  const X0Epsilon again = predictX0(output, x_t, s, step, {.clip = 0.5, .epsilon = EpsilonFrom::x0});
  const double bar = alphaBar(s, 500);
  QCOMPARE_LT(furthest(again.x0 * std::sqrt(bar) + again.epsilon * std::sqrt(1 - bar), x_t), 1e-5);
}

void PredictTest::noSignal() {
  const Schedule s = makeSchedule({.zeroTerminalSnr = true});
  const Timestep step{.t = 999, .t_next = 998};
  QVERIFY_THROWS_EXCEPTION(Error, predictX0(random(1), random(2), s, step, {}));
  const X0Epsilon v = predictX0(random(1), random(2), s, step, {.kind = PredictionKind::v});
  QVERIFY(v.x0.equal(-random(1)));
  QVERIFY(v.epsilon.equal(random(2)));
}

void PredictTest::shapes() {
  const Schedule s = makeSchedule({});
  QVERIFY_THROWS_EXCEPTION(Error,
                           predictX0(at::zeros({2, 6, 4, 4}), random(1), s, {.t = 5, .t_next = 4}, {}));
  QVERIFY_THROWS_EXCEPTION(Error, predictX0(random(2), random(1), s, {.t = 1000, .t_next = 999}, {}));
}

void PredictTest::qSampleIsPerSample() {
  const Schedule s = makeSchedule({});
  const at::Tensor x0 = random(1), epsilon = random(2), t = at::tensor({3, 700}, at::kLong);
  const at::Tensor both = qSample(s, x0, t, epsilon);
  const at::Tensor second = qSample(s, x0.slice(0, 1), t.slice(0, 1), epsilon.slice(0, 1));
  QVERIFY(both.slice(0, 1).equal(second));
  const double bar = alphaBar(s, 700);
  QCOMPARE_LT(furthest(second, x0.slice(0, 1) * std::sqrt(bar) + epsilon.slice(0, 1) * std::sqrt(1 - bar)),
              1e-6);
  QVERIFY_THROWS_EXCEPTION(Error, qSample(s, x0, at::tensor({3, 1000}, at::kLong), epsilon));
  QVERIFY_THROWS_EXCEPTION(Error, qSample(s, x0, at::tensor({3}, at::kLong), epsilon));
}

QTEST_GUILESS_MAIN(PredictTest)
#include "predict_test.moc"
