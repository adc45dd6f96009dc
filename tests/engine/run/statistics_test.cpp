// Six numbers of a tensor, against the same in plain loops.
#include <ATen/ATen.h>

#include <QtTest>

#include "engine/run/statistics.h"

using namespace loom;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

class StatisticsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void againstALiteral_data() {
    QTest::addColumn<int>("dtype");
    QTest::addColumn<bool>("strided");
    for (const auto dtype :
         {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kByte, at::kBool})
      for (const bool strided : {false, true})
        QTest::addRow("%s%s", c10::toString(dtype), strided ? ", strided" : "")
            << static_cast<int>(dtype) << strided;
  }
  void againstALiteral() {
    QFETCH(int, dtype);
    QFETCH(bool, strided);
    at::manual_seed(3);
    at::Tensor t = (at::rand({17, 40}) * 9).to(static_cast<at::ScalarType>(dtype));
    if (strided) t = t.t().slice(0, 1, 39, 3);
    const at::Tensor plain = t.to(at::kDouble).contiguous();
    std::vector<double> x(plain.const_data_ptr<double>(), plain.const_data_ptr<double>() + plain.numel());
    double sum = 0, squares = 0, spread = 0;
    for (double v : x) sum += v, squares += v * v;
    const double mean = sum / static_cast<double>(x.size());
    for (double v : x) spread += (v - mean) * (v - mean);
    const Statistics s = statisticsOf(t);
    // Sums of fewer than 700 numbers below 10 in double precision: 1e-12 is some thousand roundings.
    QCOMPARE(s.min, *std::min_element(x.begin(), x.end()));
    QCOMPARE(s.max, *std::max_element(x.begin(), x.end()));
    QVERIFY(std::abs(s.mean - mean) < 1e-12);
    QVERIFY(std::abs(s.norm - std::sqrt(squares)) < 1e-12 * std::sqrt(squares) + 1e-12);
    QVERIFY(std::abs(s.std - std::sqrt(spread / static_cast<double>(x.size()))) < 1e-12);
    QCOMPARE(s.count, static_cast<int64_t>(x.size()));
    QCOMPARE(s.nan + s.inf, int64_t{0});
    QVERIFY(allFinite(t));
  }
  void notFinite_data() {
    QTest::addColumn<int>("dtype");
    for (const auto dtype : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16})
      QTest::newRow(c10::toString(dtype)) << static_cast<int>(dtype);
  }
  void notFinite() {
    QFETCH(int, dtype);
    for (const double bad : {kNaN, kInf, -kInf})
      for (const int64_t at : {0, 1, 100, 256}) {
        at::Tensor t = at::ones({257}, at::dtype(static_cast<at::ScalarType>(dtype)));
        t[at] = bad;
        QVERIFY(!allFinite(t));
        QVERIFY(!allFinite(t.slice(0, at, at + 1)));
        const Statistics s = statisticsOf(t);
        QCOMPARE(s.nan, int64_t{std::isnan(bad)});
        QCOMPARE(s.inf, int64_t{std::isinf(bad)});
        QCOMPARE(s.min, 1.0);
        QCOMPARE(s.max, 1.0);
        QCOMPARE(s.mean, 1.0);
        QCOMPARE(s.std, 0.0);
        QCOMPARE(s.norm, 16.0);
      }
  }
  void largeValuesAreFinite() {
    QVERIFY(allFinite(at::full({1000}, std::numeric_limits<float>::max())));
    QVERIFY(allFinite(at::full({1000}, -std::numeric_limits<float>::max())));
    QVERIFY(allFinite(at::full({3}, 1e-45f)));
  }
  // A small spread around a large mean: one pass over squares would lose it.
  void aSmallSpread() {
    at::Tensor t = at::full({1000}, 1e9, at::kDouble);
    t.slice(0, 0, 500) += 1;
    QVERIFY(std::abs(statisticsOf(t).std - 0.5) < 1e-9);
  }
  void nothingAtAll() {
    QCOMPARE(statisticsOf(at::zeros({0})).count, int64_t{0});
    QVERIFY(allFinite(at::zeros({0})) && allFinite(at::Tensor()));
    const Statistics s = statisticsOf(at::full({4}, kNaN));
    QCOMPARE(s.nan, int64_t{4});
    QCOMPARE(s.mean, 0.0);
    QCOMPARE(s.min, 0.0);
    QCOMPARE(statisticsOf(at::full({}, 2.5)).mean, 2.5);
  }
};

QTEST_GUILESS_MAIN(StatisticsTest)
#include "statistics_test.moc"
