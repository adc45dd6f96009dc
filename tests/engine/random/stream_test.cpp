#include <ATen/ATen.h>

#include <QtTest>

#include "engine/core/error.h"
#include "engine/random/stream.h"
#include "engine/random/torch_stream.h"

using namespace loom;

namespace {

// The values of Random123's kat_vectors file for philox4x32, 10 rounds.
struct Known {
  const char* name;
  PhiloxWords counter;
  std::array<uint32_t, 2> key;
  PhiloxWords words;
};
const Known kKnown[] = {
    {"zeros", {0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {"ones", {~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {"digits of pi",
     {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

// Box and Muller in double precision.
std::array<double, 2> exactPair(uint32_t a, uint32_t b) {
  const double u = a * 0x1p-32 + 0x1p-33, v = b * 0x1p-32;
  const double radius = std::sqrt(-2 * std::log(u));
  return {radius * std::cos(2 * M_PI * v), radius * std::sin(2 * M_PI * v)};
}

}  // namespace

class StreamTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void knownAnswers_data() {
    QTest::addColumn<int>("row");
    for (int i = 0; i < 3; ++i) QTest::newRow(kKnown[i].name) << i;
  }
  void knownAnswers() {
    QFETCH(int, row);
    const Known& known = kKnown[row];
    QVERIFY(philox4x32(known.counter, known.key) == known.words);
  }

  void tensorsHoldTheStreamsWords() {
    const Stream stream{0x123456789ABCDEF0, 77, 5, 40};
    const at::Tensor u = uniform(stream, {3, 1030});  // more than one chunk, and a remainder
    const at::Tensor z = gaussian(stream, {3, 1030});
    double worst = 0;
    for (int64_t b = 0; b < 3; ++b)
      for (int64_t e = 0; e < 1030; ++e) {
        const PhiloxWords words = wordsOf(stream, 40 + b, e / 4);
        QCOMPARE(u[b][e].item<float>(), static_cast<float>(words[e % 4] >> 8) * 0x1p-24f);
        const int pair = e % 4 / 2 * 2;
        const double exact = exactPair(words[pair], words[pair + 1])[e % 2];
        worst = std::max(worst, std::abs(z[b][e].item<double>() - exact));
      }
    // Near u = 1, where R is small, float32 holds 1 − u to 2^-24 only: R may be off by some 3e-4 there, but
    // in 3,090 draws the smallest R is about 0.02, its error some 3e-6.
    QVERIFY2(worst < 2e-5, qPrintable(QString::number(worst)));
  }

  void extremeWordsStayFinite() {
    // Seeds can't be made to give chosen words; the transform is tested through many draws instead.
    const at::Tensor z = gaussian({1, 2, 3, 0}, {64, 65536});
    QVERIFY(z.isfinite().all().item<bool>());
    QVERIFY(z.abs().max().item<double>() < 6.77);
    QVERIFY(z.abs().max().item<double>() > 4.5);
  }

  void aSampleDoesNotDependOnItsBatch_data() {
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("batch");
    QTest::newRow("alone") << 5 << 1;
    QTest::newRow("first of a few") << 5 << 3;
    QTest::newRow("last of a few") << 3 << 3;
    QTest::newRow("in a large batch") << 0 << 64;
  }
  void aSampleDoesNotDependOnItsBatch() {
    QFETCH(int, first);
    QFETCH(int, batch);
    const auto alone = gaussian({9, 8, 7, 5}, {1, 3, 17, 5});
    const auto together = gaussian({9, 8, 7, first}, {batch, 3, 17, 5});
    QVERIFY(at::equal(alone[0], together[5 - first]));
    const auto drawn = integers({9, 8, 7, first}, 0, 1000, {batch, 3});
    QVERIFY(at::equal(integers({9, 8, 7, 5}, 0, 1000, {1, 3})[0], drawn[5 - first]));
  }

  void threadsDoNotMatter() {
    const int before = at::get_num_threads();
    const Stream stream{42, 1, 2, 3};
    at::set_num_threads(1);
    const auto one = gaussian(stream, {16, 3, 64, 64});
    at::set_num_threads(4);
    const auto four = gaussian(stream, {16, 3, 64, 64});
    at::set_num_threads(before);
    QVERIFY(at::equal(one, four));
  }

  void sameBytesEverywhere() {
    // Written down once: a change here changes every picture ever made with a seed.
    const at::Tensor z = gaussian({42, nodeHash("noise"), 0, 0}, {1, 4});
    const uint32_t* bits = static_cast<const uint32_t*>(z.const_data_ptr());
    QString found;
    for (int i = 0; i < 4; ++i) found += QString::number(bits[i], 16) + " ";
    QCOMPARE(found, QString("bf44cad7 3ece5817 3f1d4ef1 3f8c7c0b "));
  }

  void streamsDiffer_data() {
    QTest::addColumn<quint64>("seed");
    QTest::addColumn<quint32>("node");
    QTest::addColumn<quint32>("step");
    QTest::newRow("seed") << quint64(2) << quint32(1) << quint32(1);
    QTest::newRow("seed's high half") << quint64(1 | 1ull << 40) << quint32(1) << quint32(1);
    QTest::newRow("node") << quint64(1) << quint32(2) << quint32(1);
    QTest::newRow("step") << quint64(1) << quint32(1) << quint32(2);
  }
  void streamsDiffer() {
    QFETCH(quint64, seed);
    QFETCH(quint32, node);
    QFETCH(quint32, step);
    const auto a = gaussian({1, 1, 1, 0}, {4, 10000}), b = gaussian({seed, node, step, 0}, {4, 10000});
    // Of 40,000 independent pairs the correlation has a deviation of 0.005.
    QVERIFY(std::abs((a * b).mean().item<double>()) < 0.02);
  }

  void moments() {
    const at::Tensor z = gaussian({7, 7, 7, 0}, {1000, 1000}).to(at::kDouble);
    // Standard errors of a million draws: 0.001, 0.0014, 0.0024, 0.0098; five of them are allowed.
    QVERIFY(std::abs(z.mean().item<double>()) < 0.005);
    QVERIFY(std::abs(z.square().mean().item<double>() - 1) < 0.007);
    QVERIFY(std::abs(z.pow(3).mean().item<double>()) < 0.02);
    QVERIFY(std::abs(z.pow(4).mean().item<double>() - 3) < 0.05);
    // Pairs from one block are uncorrelated, and samples are.
    const at::Tensor pairs = z.view({-1, 4});
    const at::Tensor covariance = at::mm(pairs.t(), pairs) / pairs.size(0);
    QVERIFY((covariance - at::eye(4, at::kDouble)).abs().max().item<double>() < 0.015);
    QVERIFY(std::abs((z[0] * z[1]).mean().item<double>()) < 0.2);
  }

  void integersCoverTheirRange() {
    const at::Tensor drawn = integers({1, 2, 3, 0}, -3, 7, {100000});
    QCOMPARE(drawn.min().item<int64_t>(), int64_t{-3});
    QCOMPARE(drawn.max().item<int64_t>(), int64_t{6});
    const at::Tensor counts = at::bincount(drawn + 3);
    // 10,000 expected in each, deviation 95.
    QVERIFY((counts - 10000).abs().max().item<int64_t>() < 500);
    QVERIFY_THROWS_EXCEPTION(Error, integers({}, 5, 5, {1}));
  }

  void uniformIsUniform() {
    const at::Tensor u = uniform({1, 2, 3, 0}, {1000, 1000}).to(at::kDouble);
    QVERIFY(u.min().item<double>() >= 0 && u.max().item<double>() < 1);
    QVERIFY(std::abs(u.mean().item<double>() - 0.5) < 0.0015);
    QVERIFY(std::abs(u.var().item<double>() - 1 / 12.0) < 0.001);
  }

  void stepsOfZones() {
    const auto step = [](std::vector<int64_t> path) { return stepOf(path); };
    QCOMPARE(step({}), 0u);
    QCOMPARE(step({0}), 1u);
    QCOMPARE(step({999}), 1000u);
    std::set<uint32_t> seen{0};
    for (int64_t i = 0; i < 100; ++i) seen.insert(step({i}));
    for (int64_t i = 0; i < 100; ++i)
      for (int64_t k = 0; k < 100; ++k) seen.insert(step({i, k}));
    QCOMPARE(seen.size(), size_t{1 + 100 + 100 * 100});
  }

  void hostileShapes() {
    QVERIFY_THROWS_EXCEPTION(Error, gaussian({}, {}));
    QVERIFY_THROWS_EXCEPTION(Error, gaussian({}, {-1, 3}));
    QVERIFY_THROWS_EXCEPTION(Error, gaussian({}, {2, int64_t{1} << 40, int64_t{1} << 40}));
    QVERIFY_THROWS_EXCEPTION(Error, gaussian({0, 0, 0, (int64_t{1} << 32) - 1}, {2, 3}));
    QCOMPARE(gaussian({}, {0, 3}).numel(), int64_t{0});
  }

  void torchStreamContinues() {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(11);
    std::vector<at::Tensor> draws;
    for (int i = 0; i < 6; ++i)
      draws.push_back(at::randn({2, 3, 5}, generator, at::TensorOptions(at::kFloat)));
    for (const int64_t i : {0, 1, 2, 5, 3, 3, 0, 4})  // forward, skipping, back
      QVERIFY(at::equal(torchGaussian(11, i, {2, 3, 5}), draws[i]));
    QVERIFY(!at::equal(torchGaussian(12, 0, {2, 3, 5}), draws[0]));
  }
};

QTEST_GUILESS_MAIN(StreamTest)
#include "stream_test.moc"
