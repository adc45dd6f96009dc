#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <QtTest>

#include "nodes/training/losses.h"
#include "nodes/training/train_state.h"
#include "tests/nodes/ddpm/fixture.h"

using namespace loom;

namespace {

at::Tensor draw(const std::vector<int64_t>& shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}

struct Setting {
  Schedule schedule = makeSchedule({});
  at::Tensor t = at::tensor({0, 1, 500, 999}, at::kLong);
  at::Tensor x0 = draw({4, 3, 8, 8}, 1).clamp(-1, 1), noise = draw({4, 3, 8, 8}, 2);
  at::Tensor x_t = qSample(schedule, x0, t, noise);
};

double furthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

void kinds() {
  QTest::addColumn<int>("kind");
  QTest::newRow("eps") << static_cast<int>(PredictionKind::epsilon);
  QTest::newRow("x0") << static_cast<int>(PredictionKind::x0);
  QTest::newRow("v") << static_cast<int>(PredictionKind::v);
}

}  // namespace

class LossesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); }

  // w86763777/pytorch-ddpm: loss of each element and norms of gradients, with its weights, pictures and
  // noise.
  void parityWithTheOriginal() {
    const parity::Case reference("ddpm_w");
    const TrainState state = freshState(*test::filledUNet(reference, "fill_net_model"), 16, at::kCPU);
    const Schedule schedule = makeSchedule({.precision = SchedulePrecision::float32_beta});
    const at::Tensor t = reference.tensor("in.train_t"), noise = reference.tape("train").at(0);
    const at::Tensor x0 = reference.tensor("in.x_0"), x_t = qSample(schedule, x0, t, noise);
    const Prediction prediction{.mean = state.net->forward(x_t, state.net->embedTime(t), {}), .variance = {}};
    const at::Tensor target = targetOf(PredictionKind::epsilon, x0, noise, x_t, schedule, t);
    COMPARE_TO_CASE(reference, "out.train_loss", elementError(prediction.mean, target, ErrorNorm::l2));
    const at::Tensor loss = sampleLoss(prediction, x0, noise, x_t, schedule, t, {}).mean();
    COMPARE_TO_CASE(reference, "out.train_loss_mean", loss);
    const Parameters gradients = gradientsOf(loss, state);
    for (const char* name : {"head.weight", "middleblocks.0.attn.proj_v.weight",
                             "time_embedding.timembedding.1.weight", "tail.2.bias"})
      COMPARE_TO_CASE(reference, std::string("out.gradnorm.") + name, gradients.at(name).norm());
  }

  void targetsGiveX0Back_data() { kinds(); }
  void targetsGiveX0Back() {
    QFETCH(int, kind);
    const auto what = static_cast<PredictionKind>(kind);
    const Setting s;
    const at::Tensor target = targetOf(what, s.x0, s.noise, s.x_t, s.schedule, s.t);
    const at::Tensor back = predictedX0(what, target, s.x_t, s.schedule, s.t);
    // From ε at t = 999, where √ᾱ is 0.0063, float32's rounding grows 160 times.
    QVERIFY(furthest(back, s.x0) < (what == PredictionKind::epsilon ? 2e-4 : 2e-6));
  }

  void targetsGiveThePosteriorsMean_data() { kinds(); }
  void targetsGiveThePosteriorsMean() {
    QFETCH(int, kind);
    const auto what = static_cast<PredictionKind>(kind);
    const Setting s;
    const at::Tensor mean = targetOf(PredictionKind::x_prev, s.x0, s.noise, s.x_t, s.schedule, s.t);
    const at::Tensor target = targetOf(what, s.x0, s.noise, s.x_t, s.schedule, s.t);
    QVERIFY(furthest(predictedMean(what, target, s.x_t, s.schedule, s.t), mean) < 1e-5);
  }

  // The weight of an error is the weight of the x_0 error it stands for: w_kind · err_kind = min(SNR, γ) ·
  // err_x0.
  void minSnrIsTheSameForAllKinds_data() { kinds(); }
  void minSnrIsTheSameForAllKinds() {
    QFETCH(int, kind);
    const auto what = static_cast<PredictionKind>(kind);
    Setting s;
    s.t = at::tensor({1, 50, 500, 900}, at::kLong);
    s.x_t = qSample(s.schedule, s.x0, s.t, s.noise);
    const at::Tensor x0Guess = s.x0 + 0.1 * draw({4, 3, 8, 8}, 3);
    const at::Tensor guessNoise = (s.x_t - gathered(s.schedule.alpha_bar.sqrt(), s.t, 4) * x0Guess) /
                                  gathered((1 - s.schedule.alpha_bar).sqrt(), s.t, 4);
    const at::Tensor guess = targetOf(what, x0Guess, guessNoise, s.x_t, s.schedule, s.t);
    const Prediction prediction{.mean = guess, .variance = {}};
    const at::Tensor loss =
        sampleLoss(prediction, s.x0, s.noise, s.x_t, s.schedule, s.t, {.kind = what, .minSnrGamma = 5});
    const at::Tensor snr = s.schedule.alpha_bar / (1 - s.schedule.alpha_bar);
    const at::Tensor expected =
        gathered(snr.clamp_max(5), s.t, 1) * (x0Guess - s.x0).square().flatten(1).mean(1);
    QVERIFY(((loss - expected).abs() / expected).max().item<double>() < 2e-3);
  }

  void minSnrHoldsWithoutSignal() {
    const Schedule schedule = makeSchedule({.zeroTerminalSnr = true});
    const at::Tensor t = at::tensor({999}, at::kLong);
    QCOMPARE(minSnrWeight(PredictionKind::v, schedule, t, 5).item<float>(), 0.0f);
    QCOMPARE(minSnrWeight(PredictionKind::epsilon, schedule, t, 5).item<float>(), 1.0f);
    QVERIFY_THROWS_EXCEPTION(Error, minSnrWeight(PredictionKind::x_prev, schedule, t, 5));
  }

  void klClosedForm() {
    const auto number = [](double v) { return at::scalar_tensor(v, at::kDouble); };
    // Equal distributions; means a deviation apart: 1/2; variance e² against 1: (e² − 1)/2 − 1.
    QCOMPARE(gaussianKl(number(3), number(0.7), number(3), number(0.7)).item<double>(), 0.0);
    QVERIFY(std::abs(gaussianKl(number(2), number(0), number(1), number(0)).item<double>() - 0.5) < 1e-12);
    const double e2 = std::exp(2.0);
    QVERIFY(std::abs(gaussianKl(number(0), number(2), number(0), number(0)).item<double>() -
                     ((e2 - 1) / 2 - 1)) < 1e-12);
  }

  void binsOfThePictureSumToOne_data() {
    QTest::addColumn<double>("mean");
    QTest::addColumn<double>("deviation");
    QTest::newRow("narrow") << 0.1 << 0.02;
    QTest::newRow("wide") << -0.4 << 0.5;
    QTest::newRow("beyond the range") << 1.5 << 0.3;
  }
  void binsOfThePictureSumToOne() {
    QFETCH(double, mean);
    QFETCH(double, deviation);
    const at::Tensor levels = at::arange(256, at::kDouble) / 127.5 - 1;
    const at::Tensor nll = discretisedNll(levels, at::full({256}, mean, at::kDouble),
                                          at::full({256}, 2 * std::log(deviation), at::kDouble));
    // The bins tile the line, so only the floor of 1e-12 a bin remains.
    QVERIFY(std::abs((-nll).exp().sum().item<double>() - 1) < 1e-9);
  }

  // Where everything is known in closed form: the true mean and a variance of β̃ make the bound's KL zero; of
  // β: (β̃/β − 1 + log β/β̃) / 2.
  void boundClosedForm() {
    const Setting s;
    const at::Tensor mean = targetOf(PredictionKind::x_prev, s.x0, s.noise, s.x_t, s.schedule, s.t);
    const at::Tensor low = at::full_like(s.x0, -1), high = at::ones_like(s.x0);
    const at::Tensor none =
        boundTerm(mean, learnedLogVariance(low, s.schedule, s.t), s.x0, s.x_t, s.schedule, s.t);
    const at::Tensor beta =
        boundTerm(mean, learnedLogVariance(high, s.schedule, s.t), s.x0, s.x_t, s.schedule, s.t);
    const PosteriorTables tables = posteriorTables(s.schedule);
    for (int i = 1; i < 4; ++i) {
      QVERIFY(std::abs(none[i].item<double>()) < 1e-5);
      const int64_t t = s.t[i].item<int64_t>();
      const double ratio =
          tables.log_variance_clipped[t].exp().item<double>() / s.schedule.beta[t].item<double>();
      const double expected = 0.5 * (ratio - 1 - std::log(ratio)) / std::log(2.0);
      QVERIFY(std::abs(beta[i].item<double>() - expected) < 1e-5);
    }
    QVERIFY(none[0].item<double>() > 0);  // the decoder's term
  }

  void theBoundTrainsOnlyTheVariance() {
    const Setting s;
    at::Tensor mean = draw({4, 3, 8, 8}, 4).requires_grad_(true),
               raw = draw({4, 3, 8, 8}, 5).requires_grad_(true);
    const at::Tensor both =
        sampleLoss({mean, raw}, s.x0, s.noise, s.x_t, s.schedule, s.t, {.boundWeight = 1});
    const auto withBound = torch::autograd::grad({both.sum()}, {mean, raw});
    const at::Tensor simple = sampleLoss({mean, {}}, s.x0, s.noise, s.x_t, s.schedule, s.t, {});
    QVERIFY(at::equal(withBound[0], torch::autograd::grad({simple.sum()}, {mean})[0]));
    QVERIFY(withBound[1].abs().max().item<double>() > 0);
  }

  void wrongShapesAreRefused() {
    const Setting s;
    const Prediction half{.mean = draw({4, 3, 4, 4}, 1), .variance = {}};
    QVERIFY_THROWS_EXCEPTION(Error, sampleLoss(half, s.x0, s.noise, s.x_t, s.schedule, s.t, {}));
  }
};

QTEST_GUILESS_MAIN(LossesTest)
#include "losses_test.moc"
