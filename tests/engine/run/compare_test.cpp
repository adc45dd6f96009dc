// Differences of tensors and recordings, against their definition.
#include <ATen/ATen.h>

#include <QtTest>
#include <limits>

#include "engine/core/error.h"
#include "engine/run/compare.h"

using namespace loom;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

at::Tensor doubles(std::vector<double> values) { return at::tensor(values, at::kDouble); }

}  // namespace

class CompareTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  // Exact: the numbers are sums of powers of two.
  void byDefinition() {
    const TensorDifference d = tensorDifference(doubles({1, 2, 3, 4}), doubles({1, 2.5, 3, 2}));
    QCOMPARE(d.max, 2.0);
    QCOMPARE(d.mean, 0.625);
    QCOMPARE(d.differing, int64_t{2});
    QCOMPARE(d.count, int64_t{4});
    QVERIFY(d.mismatch.empty() && d.dtypes.empty());
    QVERIFY(d.beyond(1.5) && !d.beyond(2));
  }

  void notNumbers() {
    const TensorDifference same =
        tensorDifference(doubles({kNan, kInf, -kInf}), doubles({kNan, kInf, -kInf}));
    QCOMPARE(same.max, 0.0);
    QCOMPARE(same.differing, int64_t{0});
    QVERIFY(!same.beyond(0));
    for (const auto& [a, b] : {std::pair{kNan, 1.0}, {1.0, kInf}, {kInf, -kInf}, {kNan, kInf}}) {
      const TensorDifference d = tensorDifference(doubles({a, 0}), doubles({b, 0}));
      QCOMPARE(d.max, kInf);
      QCOMPARE(d.mean, 0.0);  // of the finite ones
      QCOMPARE(d.differing, int64_t{1});
    }
  }

  void dtypes_data() {
    QTest::addColumn<int>("type");
    for (const auto type : {at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kByte, at::kChar,
                            at::kBool, at::kComplexFloat, at::kFloat8_e4m3fn})
      QTest::newRow(c10::toString(type)) << static_cast<int>(type);
  }
  void dtypes() {
    QFETCH(int, type);
    const auto dtype = static_cast<at::ScalarType>(type);
    const at::Tensor a = at::zeros({3, 4}).to(dtype);
    const at::Tensor b = at::ones({3, 4}).to(dtype);
    QCOMPARE(tensorDifference(a, a).differing, int64_t{0});
    QCOMPARE(tensorDifference(a, b).max, 1.0);
    QCOMPARE(tensorDifference(a, b).differing, int64_t{12});
  }

  void integersBeyondDouble() {
    const at::Tensor a = at::full({1}, (int64_t{1} << 60) + 1, at::kLong);
    const TensorDifference d = tensorDifference(a, a - 1);
    QCOMPARE(d.differing, int64_t{1});
    QVERIFY(d.beyond(0));
  }

  void shapesAndDtypesThatDiffer() {
    QCOMPARE(tensorDifference(at::zeros({2, 3}), at::zeros({2, 4})).mismatch,
             std::string("shapes [2, 3] and [2, 4]"));
    QVERIFY(tensorDifference(at::zeros({2}), at::zeros({3})).beyond(1e9));
    const TensorDifference d = tensorDifference(at::zeros({2}), at::zeros({2}, at::kHalf));
    QCOMPARE(d.dtypes, std::string("Float and Half"));
    QVERIFY(!d.beyond(0));
    QVERIFY(!tensorDifference(at::zeros({0, 3}), at::zeros({0, 3})).beyond(0));
  }

  // The pieces that large tensors are gone through in must not show. Against one pass over all, within the
  // rounding of a sum of three million terms.
  void inPieces() {
    const at::Tensor a = at::rand({3, 1 << 20}, at::kDouble), b = a.clone();
    b.view({-1}).narrow(0, (1 << 20) - 5, 10).add_(1);
    b.view({-1}).narrow(0, 3 * (1 << 20) - 1, 1).add_(3);
    const TensorDifference d = tensorDifference(a.t(), b.t());
    QCOMPARE(d.differing, int64_t{11});
    QVERIFY(std::abs(d.max - 3) < 1e-12);
    QVERIFY(std::abs(d.mean - (a - b).abs().mean().item<double>()) < 1e-15);
  }

  void byNameAndByStep() {
    const auto rows = compareTensors({{"a", at::zeros({1})}, {"b", at::zeros({2})}, {"d", at::zeros({1})}},
                                     {{"b", at::ones({2})}, {"c", at::zeros({1})}, {"d", at::zeros({1})}});
    using Where = ComparedTensor::Where;
    QCOMPARE(rows.size(), size_t{4});
    QVERIFY(rows[0].where == Where::onlyA && rows[1].where == Where::both && rows[2].where == Where::onlyB);
    const ComparisonSummary summary = summaryOf(rows, 0);
    QCOMPARE(summary.first, std::optional<size_t>(0));
    QCOMPARE(summary.worst, std::optional<size_t>(1));
    QCOMPARE(summary.beyond, size_t{3});

    RecordedFrames a{"x", {}}, b{"x", {}};
    for (int64_t step = 0; step < 20; ++step) {
      a.frames[{step}] = at::zeros({2});
      if (step % 2 == 0)
        b.frames[{step}] = at::full({2}, step < 10 ? 0.0 : 0.001 * static_cast<double>(step));
    }
    const auto steps = compareFrames(a, b);
    QCOMPARE(steps.size(), size_t{20});
    QVERIFY(steps[1].where == Where::onlyA);
    RecordedFrames even = a;
    std::erase_if(even.frames, [](const auto& frame) { return frame.first[0] % 2; });
    const auto both = compareFrames(even, b);
    QCOMPARE(summaryOf(both, 0).first, std::optional<size_t>(5));
    QCOMPARE(summaryOf(both, 0.0125).first, std::optional<size_t>(7));  // step 14
    QVERIFY(!summaryOf(both, 1).first);
  }

  void recordingsAsTheyAreSaved() {
    const std::map<std::string, std::string> meta{{"port", "z.x"}, {"iterations", "[[0],[2],[4]]"}};
    const auto stacked = framesIn({{"values", at::arange(6).view({3, 2})}}, meta);
    QVERIFY(stacked && stacked->port == "z.x" && stacked->frames.size() == 3);
    QVERIFY(stacked->frames.at({2}).equal(at::tensor({2, 3})));
    const auto apart = framesIn(
        {{"values.0", at::zeros({1})}, {"values.1", at::zeros({2})}, {"values.2", at::zeros({3})}}, meta);
    QCOMPARE(apart->frames.at({4}).numel(), int64_t{3});
    QVERIFY(!framesIn({{"values", at::zeros({3})}}, {}));
  }

  void damagedRecordings_data() {
    QTest::addColumn<QString>("iterations");
    for (const char* text :
         {"", "[", "{}", "[[0],[1]]", "[0,1,2]", "[[0.5],[1],[2]]", "[[0],[1],[[2]]]", "[[0],[1],[\"a\"]]"})
      QTest::newRow(text) << text;
  }
  void damagedRecordings() {
    QFETCH(QString, iterations);
    QVERIFY_EXCEPTION_THROWN(
        framesIn({{"values", at::zeros({3})}}, {{"port", "x"}, {"iterations", iterations.toStdString()}}),
        Error);
  }
};

QTEST_GUILESS_MAIN(CompareTest)
#include "compare_test.moc"
