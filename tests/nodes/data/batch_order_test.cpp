#include "nodes/data/batch_order.h"

#include <ATen/ATen.h>

#include <QtTest>
#include <set>

#include "nodes/data/dataset.h"
#include "nodes/types/types.h"
#include "tests/nodes/images/node_call.h"

namespace loom {
NodeType dataBatch();
}
using namespace loom;
using namespace loom::test;

namespace {

std::vector<int64_t> order(int64_t n, uint64_t seed, uint64_t epoch) {
  const EpochOrder permutation(n, seed, epoch);
  std::vector<int64_t> all;
  for (int64_t i = 0; i < n; ++i) all.push_back(permutation.at(i));
  return all;
}

Dataset numbered(int64_t n) {
  Dataset data;
  data.images = at::arange(n, at::kByte).view({n, 1, 1, 1}).expand({n, 3, 2, 2}).contiguous();
  for (int64_t i = 0; i < n; ++i) data.names.push_back(std::to_string(i));
  data.groups = data.subgroups = data.names;
  data.source = "numbers";
  setClasses(data, ClassBy::name);
  return data;
}

NodeCall batchCall(const Dataset& data, int64_t size, std::vector<int64_t> iteration) {
  NodeCall call(dataBatch());
  call.set<Dataset>("dataset", data).set<Int>("batch", size).set<Seed>("seed", Seed{7});
  call.iteration = std::move(iteration);
  return call;
}

}  // namespace

class BatchOrderTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void isPermutation_data() {
    QTest::addColumn<int>("n");
    for (int n : {1, 2, 3, 4, 5, 16, 17, 100, 1600, 3655, 4096, 4097}) QTest::addRow("%d", n) << n;
  }
  void isPermutation() {
    QFETCH(int, n);
    const std::vector<int64_t> all = order(n, 42, 3);
    const std::set<int64_t> distinct(all.begin(), all.end());
    QCOMPARE(distinct.size(), size_t(n));
    QCOMPARE(*distinct.begin(), int64_t(0));
    QCOMPARE(*distinct.rbegin(), int64_t(n - 1));
  }

  void epochsAndSeedsDiffer() {
    QVERIFY(order(100, 1, 0) != order(100, 1, 1));
    QVERIFY(order(100, 1, 0) != order(100, 2, 0));
    QCOMPARE(order(100, 1, 5), order(100, 1, 5));
  }

  // 8 pictures, 8 places, 4,000 epochs: each of the 64 counts expects 500; chi-squared with 49 degrees of
  // freedom is above 85 in one case of a thousand.
  void placesAreUniform() {
    constexpr int n = 8, epochs = 4000;
    std::array<std::array<int, n>, n> counts{};
    for (int e = 0; e < epochs; ++e) {
      const EpochOrder permutation(n, 9, static_cast<uint64_t>(e));
      for (int i = 0; i < n; ++i) ++counts[i][permutation.at(i)];
    }
    double chi2 = 0;
    for (const auto& row : counts)
      for (int c : row) chi2 += (c - epochs / n) * (c - epochs / n) / double(epochs / n);
    QVERIFY2(chi2 < 85, qPrintable(QString::number(chi2)));
  }

  // Neighbouring places must not hold neighbouring pictures more often than chance would have it.
  void orderHasNoRuns() {
    constexpr int n = 1600;
    int neighbours = 0;
    for (uint64_t e = 0; e < 50; ++e) {
      const auto all = order(n, 3, e);
      for (int i = 1; i < n; ++i) neighbours += std::abs(all[i] - all[i - 1]) == 1;
    }
    // Expected 2 per epoch, so 100, deviation about 10.
    QVERIFY2(neighbours > 50 && neighbours < 150, qPrintable(QString::number(neighbours)));
  }

  void everyPictureOncePerEpoch() {
    constexpr int n = 10, batch = 4;  // batches straddle epochs
    std::vector<int64_t> seen;
    for (int64_t iteration = 0; iteration < 5; ++iteration)
      for (const Pick& pick : batchPicks(n, batch, 1, iteration)) seen.push_back(pick.index);
    QCOMPARE((std::set<int64_t>(seen.begin(), seen.begin() + n).size()), size_t(n));
    QCOMPARE((std::set<int64_t>(seen.begin() + n, seen.end()).size()), size_t(n));
  }

  void coinIsFair() {
    int heads = 0;
    for (int64_t i = 0; i < 100; ++i)
      for (const Pick& pick : batchPicks(50, 100, 5, i)) heads += pick.mirrored;
    QVERIFY2(heads > 4800 && heads < 5200, qPrintable(QString::number(heads)));  // 4 deviations
  }

  void nodeGivesPicturesAndLabels() {
    const Dataset data = numbered(20);
    const auto out = batchCall(data, 6, {3}).run();
    const at::Tensor x = out.at("images").as<Latent>().x;
    const at::Tensor index = out.at("indices").as<at::Tensor>();
    QCOMPARE(x.sizes().vec(), (std::vector<int64_t>{6, 3, 2, 2}));
    QCOMPARE(x.scalar_type(), at::kFloat);
    QVERIFY(at::equal(index, out.at("labels").as<at::Tensor>()));
    QVERIFY(at::allclose((x.select(1, 0).select(1, 0).select(1, 0) + 1) * 127.5, index.to(at::kFloat)));
  }

  // A run that is stopped and resumed at iteration 5 sees what one that was not stopped sees.
  void resumedRunSeesTheSame() {
    const Dataset data = numbered(23);
    std::vector<at::Tensor> whole;
    for (int64_t i = 0; i < 10; ++i)
      whole.push_back(batchCall(data, 4, {i}).run().at("indices").as<at::Tensor>());
    for (int64_t i = 9; i >= 5; --i)
      QVERIFY(at::equal(batchCall(data, 4, {i}).run().at("indices").as<at::Tensor>(), whole[i]));
    QVERIFY(!at::equal(whole[0], whole[1]));
  }

  void outerZonesMatter() {
    const Dataset data = numbered(50);
    const auto indices = [&](std::vector<int64_t> iteration) {
      return batchCall(data, 8, std::move(iteration)).run().at("indices").as<at::Tensor>();
    };
    QVERIFY(!at::equal(indices({0, 2}), indices({1, 2})));
    QVERIFY(at::equal(indices({1, 2}), indices({1, 2})));
  }

  void mirrorFlipsColumns() {
    Dataset data = numbered(4);
    data.images = at::arange(4 * 3 * 2 * 2, at::kByte).view({4, 3, 2, 2});
    NodeCall call = batchCall(data, 64, {0});
    call.set<Bool>("mirror", true);
    const auto out = call.run();
    const at::Tensor x = out.at("images").as<Latent>().x;
    const at::Tensor plain =
        data.images.index_select(0, out.at("indices").as<at::Tensor>()).to(at::kFloat) / 127.5 - 1;
    int flipped = 0;
    for (int64_t i = 0; i < 64; ++i) {
      const bool same = at::allclose(x[i], plain[i]), mirrored = at::allclose(x[i], plain[i].flip(2));
      QVERIFY(same || mirrored);
      flipped += mirrored;
    }
    QVERIFY(flipped > 10 && flipped < 54);
  }

  void emptyDatasetIsRefused() {
    Dataset none;
    none.images = at::empty({0, 3, 8, 8}, at::kByte);
    QVERIFY_EXCEPTION_THROWN(batchCall(none, 4, {0}).run(), Error);
  }
};

QTEST_GUILESS_MAIN(BatchOrderTest)
#include "batch_order_test.moc"
