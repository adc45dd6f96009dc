#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "engine/files/npy.h"
#include "engine/files/safetensors.h"
#include "engine/random/torch_stream.h"
#include "nodes/noise/spherical.h"
#include "nodes/noise/tape.h"
#include "nodes/types/types.h"
#include "tests/nodes/images/node_call.h"

namespace loom {
NodeType noiseGaussian();
NodeType noiseFile();
NodeType noiseInterpolate();
}  // namespace loom

using namespace loom;
using loom::test::NodeCall;

namespace {

at::Tensor drawn(NodeCall& call) { return call.run().at("noise").as<Noise>().z; }

NodeCall gaussianCall(const nlohmann::json& params, std::vector<int64_t> iteration = {}) {
  NodeCall call(noiseGaussian());
  for (const auto& [name, value] : params.items()) call.param(name, value);
  call.iteration = std::move(iteration);
  return call;
}

}  // namespace

class NoiseTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void gaussianTakesItsShape_data() {
    QTest::addColumn<bool>("like");
    QTest::newRow("from batch and shape") << false;
    QTest::newRow("from another value") << true;
  }
  void gaussianTakesItsShape() {
    QFETCH(bool, like);
    NodeCall call = gaussianCall({{"batch", 2}, {"shape", {3, 8, 8}}, {"seed", 5}});
    if (like) call.set("like", Latent{at::zeros({4, 1, 16, 16})});
    const at::Tensor z = drawn(call);
    QCOMPARE(z.sizes().vec(), (like ? std::vector<int64_t>{4, 1, 16, 16} : std::vector<int64_t>{2, 3, 8, 8}));
  }

  void stepsDiffer() {
    const nlohmann::json params{{"shape", {3, 8, 8}}, {"seed", 5}};
    std::vector<NodeCall> calls;
    for (const auto& iteration : std::vector<std::vector<int64_t>>{{}, {0}, {1}, {0, 0}, {1, 0}, {0, 1}})
      calls.push_back(gaussianCall(params, iteration));
    for (size_t i = 0; i < calls.size(); ++i)
      for (size_t k = 0; k < i; ++k) QVERIFY(!at::equal(drawn(calls[i]), drawn(calls[k])));
    QVERIFY(at::equal(drawn(calls[2]), drawn(calls[2])));
  }

  void firstSampleContinuesTheBatch() {
    NodeCall all = gaussianCall({{"batch", 8}, {"shape", {3, 4, 4}}});
    NodeCall tail = gaussianCall({{"batch", 3}, {"shape", {3, 4, 4}}, {"first_sample", 5}});
    QVERIFY(at::equal(drawn(all).narrow(0, 5, 3), drawn(tail)));
  }

  // What a Python loop draws: x_T first, then one randn a step, from one generator.
  void torchSourceIsTorchsLoop() {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(42);
    const auto next = [&] { return at::randn({2, 3, 4, 4}, generator, at::TensorOptions(at::kFloat)); };
    const nlohmann::json params{{"batch", 2}, {"shape", {3, 4, 4}}, {"seed", 42}, {"source", "torch"}};
    NodeCall start = gaussianCall(params);
    QVERIFY(at::equal(drawn(start), next()));
    nlohmann::json inZone = params;
    inZone["skip"] = 1;
    std::vector<at::Tensor> draws;
    for (int64_t i = 0; i < 4; ++i) draws.push_back(next());
    for (const int64_t i : {0, 1, 3, 2, 0}) {
      NodeCall step = gaussianCall(inZone, {i});
      QVERIFY(at::equal(drawn(step), draws[static_cast<size_t>(i)]));
    }
  }

  void gaussianRefuses() {
    NodeCall call = gaussianCall({});
    call.set("like", Text("no tensor"));
    QVERIFY_THROWS_EXCEPTION(Error, call.run());
  }

  void keys_data() {
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("key");
    QTest::newRow("none") << "noise"
                          << "noise";
    QTest::newRow("plain") << "draw.{step}"
                           << "draw.7";
    QTest::newRow("padded") << "tape.run.{step:04}.randn"
                            << "tape.run.0007.randn";
    QTest::newRow("twice") << "{step}/{step:2}"
                           << "7/07";
    QTest::newRow("unknown name") << "{index}"
                                  << "";
    QTest::newRow("unknown format") << "{step:x}"
                                    << "";
    QTest::newRow("too long") << "{step:99999999999}"
                              << "";
    QTest::newRow("open") << "a{step"
                          << "";
  }
  void keys() {
    QFETCH(QString, pattern);
    QFETCH(QString, key);
    if (key.isEmpty())
      QVERIFY_THROWS_EXCEPTION(Error, keyAt(pattern.toStdString(), 7));
    else
      QCOMPARE(QString::fromStdString(keyAt(pattern.toStdString(), 7)), key);
  }

  void draws() {
    Weights file;
    file.tensors = {
        {"a.0000", at::full({2}, 1.0f)}, {"a.0001", at::full({2}, 2.0f)}, {"n", at::ones({2}, at::kLong)}};
    QVERIFY(at::equal(drawOf(file, "a.{step:04}", TapeLayout::named, 1), file.tensors.at("a.0001")));
    QVERIFY_THROWS_EXCEPTION(Error, drawOf(file, "a.{step:04}", TapeLayout::named, 2));
    QVERIFY_THROWS_EXCEPTION(Error, drawOf(file, "", TapeLayout::named, 0));
    QVERIFY_THROWS_EXCEPTION(Error, drawOf(file, "n", TapeLayout::named, 0));
    Weights one;
    one.tensors["all"] = at::arange(6, at::kFloat).view({3, 2});
    QVERIFY(at::equal(drawOf(one, "", TapeLayout::stacked, 2), at::tensor({4.f, 5.f})));
    QVERIFY_THROWS_EXCEPTION(Error, drawOf(one, "", TapeLayout::stacked, 3));
  }

  void sphereKeepsUnitNoise() {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(1);
    const at::TensorOptions options(at::kFloat);
    const at::Tensor a = at::randn({3, 3, 32, 32}, generator, options),
                     b = at::randn({3, 3, 32, 32}, generator, options);
    // The formula's roundings, in double and back to float32.
    QVERIFY((sphericalBetween(a, b, 0) - a).abs().max().item<double>() < 1e-6);
    QVERIFY((sphericalBetween(a, b, 1) - b).abs().max().item<double>() < 1e-6);
    for (const double w : {0.25, 0.5, 0.8})  // 3,072 numbers: the deviation is known to 1.3 %
      QVERIFY(std::abs(sphericalBetween(a, b, w)[1].std().item<double>() - 1) < 0.06);
    QVERIFY((sphericalBetween(a, a, 0.3) - a).abs().max().item<double>() < 1e-6);
    QVERIFY_THROWS_EXCEPTION(Error, sphericalBetween(a, b.narrow(0, 0, 1), 0.5));
  }

  void walkIsABatch() {
    NodeCall call(noiseInterpolate());
    const at::Tensor a = torchGaussian(1, 0, {1, 3, 4, 4}), b = torchGaussian(2, 0, {1, 3, 4, 4});
    call.set("a", Noise{a}).set("b", Noise{b}).param("count", 5);
    const at::Tensor walk = drawn(call);
    QCOMPARE(walk.size(0), int64_t{5});
    QVERIFY((walk[0] - a[0]).abs().max().item<double>() < 1e-6);
    QVERIFY((walk[4] - b[0]).abs().max().item<double>() < 1e-6);
  }
};

QTEST_GUILESS_MAIN(NoiseTest)
#include "noise_test.moc"
