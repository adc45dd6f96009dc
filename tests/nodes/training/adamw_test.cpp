#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/optim/adamw.h>

#include <QtTest>

#include "nodes/training/adamw.h"
#include "nodes/training/learning_rate.h"

using namespace loom;

namespace {

std::vector<at::Tensor> draws(const std::vector<std::vector<int64_t>>& shapes, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  std::vector<at::Tensor> all;
  for (const auto& shape : shapes) all.push_back(at::randn(shape, generator, at::TensorOptions(at::kFloat)));
  return all;
}

std::vector<at::Tensor> copies(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> all;
  for (const at::Tensor& tensor : tensors) all.push_back(tensor.clone());
  return all;
}

AdamWTensors copies(const AdamWTensors& t) {
  return {copies(t.weights), copies(t.first), copies(t.second), copies(t.average)};
}

double furthest(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].numel()) most = std::max(most, (a[i] - b[i]).abs().max().item<double>());
  return most;
}

// One tensor larger than a piece of work, one scalar, one that is empty.
const std::vector<std::vector<int64_t>> kShapes{{64, 64, 3, 3}, {64}, {1}, {0}, {50001}};

AdamWTensors start() {
  AdamWTensors t{draws(kShapes, 1), draws(kShapes, 2), draws(kShapes, 3), draws(kShapes, 4)};
  for (at::Tensor& v : t.second) v = v.square() + 0.01;  // steps of at most a few lr
  return t;
}

}  // namespace

class AdamWTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void fusedIsLiteral_data() {
    QTest::addColumn<double>("decay");
    QTest::addColumn<double>("scale");
    QTest::addColumn<int>("step");
    QTest::newRow("first step") << 0.0 << 1.0 << 1;
    QTest::newRow("weight decay, clipped") << 0.1 << 0.3 << 7;
    QTest::newRow("late") << 0.01 << 1.0 << 100000;
  }
  void fusedIsLiteral() {
    QFETCH(double, decay);
    QFETCH(double, scale);
    QFETCH(int, step);
    const AdamWTensors from = start();
    const AdamWTensors fused = copies(from), literal = copies(from);
    const auto gradients = draws(kShapes, 5);
    const AdamW options{
        .lr = 1e-2, .weightDecay = decay, .step = step, .gradientScale = scale, .emaDecay = 0.99};
    adamwStep(fused, fused, gradients, options);
    adamwLiteral(literal, gradients, options);
    // A few roundings of numbers up to 4 in size.
    QVERIFY(furthest(fused.weights, literal.weights) < 2e-6);
    QVERIFY(furthest(fused.first, literal.first) < 1e-6);
    QVERIFY(furthest(fused.second, literal.second) < 3e-6);
    QVERIFY(furthest(fused.average, literal.average) < 2e-6);
  }

  void writingApartLeavesTheOld() {
    const AdamWTensors from = start(), kept = copies(from), to = copies(from), inPlace = copies(from);
    const auto gradients = draws(kShapes, 5);
    adamwStep(from, to, gradients, {});
    adamwStep(inPlace, inPlace, gradients, {});
    QCOMPARE(furthest(from.weights, kept.weights), 0.0);
    QCOMPARE(furthest(from.average, kept.average), 0.0);
    QCOMPARE(furthest(to.weights, inPlace.weights), 0.0);
    QCOMPARE(furthest(to.second, inPlace.second), 0.0);
  }

  void threadsDoNotMatter() {
    const auto gradients = draws(kShapes, 5);
    const int before = at::get_num_threads();
    std::vector<AdamWTensors> results;
    std::vector<double> norms;
    for (const int threads : {1, 4}) {
      at::set_num_threads(threads);
      AdamWTensors t = start();
      adamwStep(t, t, gradients, {});
      results.push_back(t);
      norms.push_back(totalNorm(gradients));
    }
    at::set_num_threads(before);
    QCOMPARE(furthest(results[0].weights, results[1].weights), 0.0);
    QCOMPARE(norms[0], norms[1]);
  }

  void asTorch_data() {
    QTest::addColumn<double>("decay");
    QTest::newRow("Adam") << 0.0;
    QTest::newRow("AdamW") << 0.05;
  }
  void asTorch() {
    QFETCH(double, decay);
    const std::vector<std::vector<int64_t>> shapes{{16, 3}, {16}};
    const auto weights = draws(shapes, 1);
    std::vector<at::Tensor> leaves = copies(weights);
    for (at::Tensor& leaf : leaves) leaf.requires_grad_(true);
    torch::optim::AdamW theirs(leaves,
                               torch::optim::AdamWOptions(1e-2).betas({0.9, 0.99}).weight_decay(decay));
    AdamWTensors ours{copies(weights), {}, {}, copies(weights)};
    for (const at::Tensor& weight : weights) {
      ours.first.push_back(at::zeros_like(weight));
      ours.second.push_back(at::zeros_like(weight));
    }
    for (int step = 1; step <= 50; ++step) {
      const auto gradients = draws(shapes, static_cast<uint64_t>(100 + step));
      for (size_t i = 0; i < leaves.size(); ++i) leaves[i].mutable_grad() = gradients[i].clone();
      theirs.step();
      adamwStep(ours, ours, gradients, {.lr = 1e-2, .beta2 = 0.99, .weightDecay = decay, .step = step});
    }
    std::vector<at::Tensor> result;
    for (const at::Tensor& leaf : leaves) result.push_back(leaf.detach());
    // 50 steps of 1e-2 at a rounding of 1e-7 of each weight.
    QVERIFY(furthest(ours.weights, result) < 5e-6);
  }

  void averageFollowsItsFormula() {
    // e_n = d^n e_0 + (1 − d) Σ d^(n−k) w_k, with weights that stand still: 1 + d^n (e_0 − 1).
    AdamWTensors t{{at::ones({3})}, {at::zeros({3})}, {at::zeros({3})}, {at::full({3}, 5.0f)}};
    for (int step = 1; step <= 20; ++step) adamwStep(t, t, {at::zeros({3})}, {.step = step, .emaDecay = 0.9});
    QVERIFY(std::abs(t.average[0][0].item<double>() - (1 + std::pow(0.9, 20) * 4)) < 1e-5);
    QCOMPARE(t.weights[0][0].item<float>(), 1.0f);
  }

  void normOfAll() {
    const auto gradients = draws(kShapes, 6);
    double sum = 0;
    for (const at::Tensor& g : gradients) sum += g.to(at::kDouble).square().sum().item<double>();
    QVERIFY(std::abs(totalNorm(gradients) / std::sqrt(sum) - 1) < 1e-12);
    QCOMPARE(totalNorm({}), 0.0);
  }

  void learningRates_data() {
    QTest::addColumn<int>("decay");
    QTest::addColumn<int>("step");
    QTest::addColumn<double>("expected");
    QTest::newRow("warm-up begins") << 0 << 0 << 0.1;
    QTest::newRow("warm-up ends") << 0 << 9 << 1.0;
    QTest::newRow("constant") << 0 << 5000 << 1.0;
    QTest::newRow("linear, half way") << 1 << 60 << 0.55;
    QTest::newRow("linear, after the end") << 1 << 500 << 0.1;
    QTest::newRow("cosine, start") << 2 << 10 << 1.0;
    QTest::newRow("cosine, half way") << 2 << 60 << 0.55;
    QTest::newRow("cosine, end") << 2 << 110 << 0.1;
  }
  void learningRates() {
    QFETCH(int, decay);
    QFETCH(int, step);
    QFETCH(double, expected);
    const LearningRate rate{
        .peak = 1, .warmup = 10, .decay = static_cast<Decay>(decay), .total = 110, .floor = 0.1};
    QVERIFY(std::abs(rate.at(step) - expected) < 1e-12);
  }

  void averageWarmsUp() {
    QCOMPARE(warmedUpDecay(0.999, 0), 0.1);
    QCOMPARE(warmedUpDecay(0.999, 90), 0.91);
    QCOMPARE(warmedUpDecay(0.999, 100000), 0.999);
  }
};

QTEST_GUILESS_MAIN(AdamWTest)
#include "adamw_test.moc"
