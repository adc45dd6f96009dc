// The network by itself: reading its sizes off names, refusing what is not one, training and sampling forms
// agreeing, other compute dtypes, dropout, fresh weights.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "tests/nodes/ddpm/fixture.h"

using namespace loom;
using namespace loom::test;

namespace {

UNetConfig small(UNetLayout layout) {
  UNetConfig c;
  c.layout = layout;
  c.ch = 16;
  c.widths = {16, 32, 32};
  c.attention = {false, true, false};
  c.blocks = 2;
  c.timeDim = 64;
  return c;
}

/// Fresh weights start near zero output; these are stirred so that everything matters.
Parameters stirred(const UNetConfig& config, uint64_t seed) {
  Parameters parameters = initialUNet(config, seed);
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (auto& [name, tensor] : parameters)
    if (name != "time_embedding.timembedding.0.weight")
      tensor = tensor + at::randn(tensor.sizes(), generator, at::TensorOptions(at::kFloat)) * 0.05;
  return parameters;
}

double relative(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.std()).item<double>();
}

QString messageOf(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return QString::fromUtf8(error.what());
  }
  return {};
}

at::Tensor pictures(int64_t B, int64_t side) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(7);
  return at::randn({B, 3, side, side}, generator, at::TensorOptions(at::kFloat));
}

}  // namespace

class UNetTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void recognition_data();
  void recognition();
  void publishedSizes();
  void refusals();
  void embedding();
  void trainingAndSamplingAgree_data();
  void trainingAndSamplingAgree();
  void reducedPrecision();
  void gradientsInReducedPrecision();
  void dropout();
  void freshWeights();
  void shapesAreChecked();
};

void UNetTest::recognition_data() {
  QTest::addColumn<int>("layout");
  QTest::addColumn<int>("variant");
  for (int layout = 0; layout < 2; ++layout)
    for (int variant = 0; variant < 5; ++variant)
      QTest::addRow("layout %d, variant %d", layout, variant) << layout << variant;
}

void UNetTest::recognition() {
  QFETCH(int, layout);
  QFETCH(int, variant);
  UNetConfig c = small(static_cast<UNetLayout>(layout));
  if (variant == 1) c.attention = {true, true, true}, c.blocks = 1;
  if (variant == 2) c.widths = {16, 16, 24, 40}, c.attention = {false, false, true, false}, c.timeDim = 32;
  if (variant == 3) c.outChannels = 2, c.inChannels = 1, c.widths = {24}, c.attention = {false};
  if (variant == 4) c.resampleWithConv = layout == 0, c.blocks = 3;
  const Parameters parameters = initialUNet(c, 1);
  QVERIFY(recogniseUNet(shapesOf(parameters)) == c);
  QVERIFY(recogniseUNet(shapesOf(parameters)).widths == c.widths);
}

void UNetTest::publishedSizes() {
  const auto count = [](const UNetConfig& c) {
    int64_t numbers = 0;
    for (const auto& [name, shape] : unetParameters(c)) {
      if (name == "time_embedding.timembedding.0.weight") continue;
      int64_t product = 1;
      for (const int64_t size : shape) product *= size;
      numbers += product;
    }
    return numbers;
  };
  UNetConfig c;
  QCOMPARE(count(c), 35746307);  // CIFAR-10: 35.746 M
  c.layout = UNetLayout::ho;
  QCOMPARE(count(c), 35746307);
  c.widths = {128, 128, 256, 256, 512, 512};
  c.attention = {false, false, false, false, true, false};
  QCOMPARE(count(c), 113673219);  // LSUN and CelebA-HQ 256: 113.67 M
}

void UNetTest::refusals() {
  ShapeMap shapes = shapesOf(initialUNet(small(UNetLayout::ho), 1));
  shapes.erase("mid.attn_1.q.weight");
  shapes["norm_out.weight"] = {17};
  shapes["surprise"] = {1};
  const QString all = messageOf([&] { recogniseUNet(shapes); });
  QVERIFY(all.contains("Missing: mid.attn_1.q.weight [32, 32, 1, 1]"));
  QVERIFY(all.contains("norm_out.weight is [17] and should be [16]"));
  QVERIFY(all.contains("Unknown: surprise [1]"));

  const QString dit = messageOf([] {
    recogniseUNet({{"x_embedder.proj.weight", {4}}, {"t_embedder.mlp.0.weight", {4}}, {"pos_embed", {1}}});
  });
  QVERIFY(dit.contains("DiT"));
  QVERIFY(dit.contains("x_embedder.proj.weight"));
  QVERIFY(messageOf([] { recogniseUNet({}); }).contains("no DDPM U-Net"));

  // Hostile shapes: ranks and sizes that no file of ours has.
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{}, {1}, {-5, 3, 3, 3}, {0, 0, 0, 0}, {int64_t{1} << 60, 3, 3, 3}}) {
    ShapeMap hostile = shapesOf(initialUNet(small(UNetLayout::pytorch_ddpm), 1));
    hostile["head.weight"] = shape;
    QVERIFY(!messageOf([&] { recogniseUNet(hostile); }).isEmpty());
  }
}

void UNetTest::embedding() {
  const UNet w(small(UNetLayout::pytorch_ddpm), stirred(small(UNetLayout::pytorch_ddpm), 1));
  const UNet ho(small(UNetLayout::ho), stirred(small(UNetLayout::ho), 1));
  const at::NoGradGuard noGrad;
  // All steps at once are the steps one by one.
  const at::Tensor t = at::tensor({999, 400, 0}, at::kLong);
  for (const UNet* net : {&w, &ho})
    for (int64_t i = 0; i < 3; ++i)
      QVERIFY(
          net->embedTime(t).slice(0, i, i + 1).allclose(net->embedTime(t.slice(0, i, i + 1)), 1e-6, 1e-6));
  // Fractional t lies between its neighbours for Ho et al., and is refused where the sinusoid is a table.
  const at::Tensor half = at::tensor({400.5}, at::kFloat);
  QVERIFY(ho.embedTime(half).isfinite().all().item<bool>());
  QVERIFY_THROWS_EXCEPTION(Error, w.embedTime(half));
  QVERIFY(w.embedTime(at::tensor({400.0}, at::kFloat)).equal(w.embedTime(at::tensor({400}, at::kLong))));
  QVERIFY_THROWS_EXCEPTION(Error, w.embedTime(at::tensor({1000}, at::kLong)));
  QVERIFY_THROWS_EXCEPTION(Error, w.embedTime(at::tensor({-1}, at::kLong)));
  // The table is used as given.
  Parameters shifted = w.parameters();
  shifted["time_embedding.timembedding.0.weight"] =
      shifted["time_embedding.timembedding.0.weight"].roll(1, 0);
  QVERIFY(w.withParameters(shifted)
              ->embedTime(at::tensor({401}, at::kLong))
              .equal(w.embedTime(at::tensor({400}, at::kLong))));
}

void UNetTest::trainingAndSamplingAgree_data() {
  QTest::addColumn<int>("layout");
  QTest::addColumn<int>("side");
  QTest::newRow("w86763777, 32") << 0 << 32;
  QTest::newRow("w86763777, 8") << 0 << 8;
  QTest::newRow("Ho et al., 32") << 1 << 32;
  QTest::newRow("Ho et al., 4") << 1 << 4;
}

void UNetTest::trainingAndSamplingAgree() {
  QFETCH(int, layout);
  QFETCH(int, side);
  const UNetConfig c = small(static_cast<UNetLayout>(layout));
  Parameters parameters = stirred(c, 3);
  const at::Tensor x = pictures(2, side), t = at::tensor({10, 900}, at::kLong);
  at::Tensor sampled;
  {
    const at::NoGradGuard noGrad;
    const UNet net(c, parameters);
    sampled = net.forward(x, net.embedTime(t), {});
    QVERIFY(sampled.is_contiguous());
    // One embedding for the whole batch, and each sample by itself, are the same.
    const at::Tensor one = net.forward(x, net.embedTime(at::tensor({10}, at::kLong)), {});
    QCOMPARE_LT(relative(one.slice(0, 0, 1), sampled.slice(0, 0, 1)), 1e-4);
    const at::Tensor alone = net.forward(x.slice(0, 1), net.embedTime(t.slice(0, 1)), {});
    QCOMPARE_LT(relative(alone, sampled.slice(0, 1)), 1e-4);
  }
  for (auto& [name, tensor] : parameters) tensor.requires_grad_(true);
  const UNet net(c, parameters);
  const at::Tensor trained = net.forward(x, net.embedTime(t), {});
  QVERIFY(trained.requires_grad());
  QCOMPARE_LT(relative(trained.detach(), sampled), 1e-4);
  trained.sum().backward();
  for (const auto& [name, tensor] : parameters) {
    if (net.learns(name))
      QVERIFY2(tensor.grad().defined() && tensor.grad().isfinite().all().item<bool>(), name.c_str());
    else
      QVERIFY(!tensor.grad().defined());
  }
}

void UNetTest::reducedPrecision() {
  const UNetConfig c = small(UNetLayout::pytorch_ddpm);
  const UNet net(c, stirred(c, 3));
  const at::NoGradGuard noGrad;
  const at::Tensor x = pictures(2, 16), embedding = net.embedTime(at::tensor({10, 900}, at::kLong));
  const at::Tensor full = net.forward(x, embedding, {});
  for (const auto& [dtype, tolerance] : {std::pair{at::kBFloat16, 0.08}, {at::kHalf, 0.01}}) {
    const at::Tensor y = net.forward(x, embedding, {.compute = dtype});
    QCOMPARE(y.scalar_type(), at::kFloat);
    QVERIFY(!y.equal(full));
    QCOMPARE_LT(relative(y, full), tolerance);
    QVERIFY(net.forward(x, embedding, {.compute = dtype}).equal(y));  // the second time from cast weights
  }
}

void UNetTest::gradientsInReducedPrecision() {
  const UNetConfig c = small(UNetLayout::pytorch_ddpm);
  Parameters parameters = stirred(c, 3);
  for (auto& [name, tensor] : parameters) tensor.requires_grad_(true);
  const UNet net(c, parameters);
  const at::Tensor x = pictures(2, 16), t = at::tensor({10, 900}, at::kLong);
  std::vector<at::Tensor> norms;
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    for (int twice = 0; twice < 2; ++twice) {
      for (auto& [name, tensor] : parameters) tensor.mutable_grad() = at::Tensor();
      net.forward(x, net.embedTime(t), {.compute = dtype}).square().mean().backward();
      norms.push_back(parameters.at("downblocks.0.block1.2.weight").grad().clone());
    }
  QVERIFY(norms[0].equal(norms[1]));
  QVERIFY(norms[2].equal(norms[3]));  // no stale graph, no stale cast
  QCOMPARE_LT(((norms[2] - norms[0]).norm() / norms[0].norm()).item<double>(), 0.1);
}

void UNetTest::dropout() {
  const UNetConfig c = small(UNetLayout::pytorch_ddpm);
  const UNet net(c, stirred(c, 3));
  const at::NoGradGuard noGrad;
  const at::Tensor x = pictures(2, 16), embedding = net.embedTime(at::tensor({10, 900}, at::kLong));
  const auto with = [&](double p, uint64_t seed) {
    return net.forward(x, embedding, {.dropout = p, .dropoutSeed = seed});
  };
  QVERIFY(with(0.1, 1).equal(with(0.1, 1)));
  QVERIFY(!with(0.1, 1).equal(with(0.1, 2)));
  QVERIFY(!with(0.1, 1).equal(with(0, 1)));
  at::manual_seed(5);
  const at::Tensor first = at::rand({4});
  at::manual_seed(5);
  with(0.5, 9);
  QVERIFY(at::rand({4}).equal(first));  // the global generator is left alone
}

void UNetTest::freshWeights() {
  for (const UNetLayout layout : {UNetLayout::pytorch_ddpm, UNetLayout::ho}) {
    const UNetConfig c = small(layout);
    const Parameters a = initialUNet(c, 1), b = initialUNet(c, 1), other = initialUNet(c, 2);
    for (const auto& [name, tensor] : a) QVERIFY(tensor.equal(b.at(name)));
    const std::string conv =
        layout == UNetLayout::ho ? "down.1.block.0.conv1.weight" : "downblocks.3.block1.2.weight";
    QVERIFY(!a.at(conv).equal(other.at(conv)));
    // Xavier: U(−a, a), a = √(6 / (9 (16 + 32))).
    const double bound = std::sqrt(6.0 / (9 * 48));
    QCOMPARE_LE(a.at(conv).abs().max().item<double>(), bound);
    QCOMPARE_LT(std::abs(a.at(conv).std().item<double>() - bound / std::sqrt(3.0)), 0.02 * bound);
    // The net starts as nearly nothing.
    const at::NoGradGuard noGrad;
    const UNet net(c, a);
    QCOMPARE_LT(predict(net, pictures(1, 16), 100).abs().max().item<double>(), 1e-3);
  }
}

void UNetTest::shapesAreChecked() {
  const UNetConfig c = small(UNetLayout::pytorch_ddpm);
  const UNet net(c, stirred(c, 3));
  const at::NoGradGuard noGrad;
  const at::Tensor embedding = net.embedTime(at::tensor({10}, at::kLong));
  QVERIFY_THROWS_EXCEPTION(Error, net.forward(at::zeros({1, 4, 16, 16}), embedding, {}));
  QVERIFY_THROWS_EXCEPTION(Error, net.forward(at::zeros({1, 3, 18, 16}), embedding, {}));
  QVERIFY_THROWS_EXCEPTION(Error, net.forward(at::zeros({3, 16, 16}), embedding, {}));
  QVERIFY_THROWS_EXCEPTION(Error, net.forward(at::zeros({3, 3, 16, 16}), embedding.expand({2, -1}), {}));
  QVERIFY_THROWS_EXCEPTION(Error, net.forward(at::zeros({1, 3, 16, 16}), embedding.slice(1, 1), {}));
  Parameters wrong = net.parameters();
  wrong.erase("head.bias");
  QVERIFY_THROWS_EXCEPTION(Error, net.withParameters(wrong));
}

QTEST_GUILESS_MAIN(UNetTest)
#include "unet_test.moc"
