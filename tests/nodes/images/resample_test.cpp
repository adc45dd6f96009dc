#include "nodes/images/resample.h"

#include <ATen/ATen.h>

#include <QtTest>

#include "engine/core/error.h"

using namespace loom;

Q_DECLARE_METATYPE(Filter)

namespace {

at::Tensor line(std::vector<float> values) { return at::tensor(values).view({1, 1, -1}); }

bool near(const at::Tensor& a, const at::Tensor& b, double tolerance = 1e-5) {
  return at::allclose(a, b, 0, tolerance);
}

void filters() {
  QTest::addColumn<Filter>("filter");
  QTest::newRow("area") << Filter::area;
  QTest::newRow("bilinear") << Filter::bilinear;
  QTest::newRow("bicubic") << Filter::bicubic;
  QTest::newRow("nearest") << Filter::nearest;
}

}  // namespace

class ResampleTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void areaIsTheMeanOfWhatIsCovered() {
    QVERIFY(near(resample(line({1, 3, 5, 7}), 1, 2, Filter::area), line({2, 6})));
    // 3 to 2: each covers one and a half.
    QVERIFY(near(resample(line({1, 2, 4}), 1, 2, Filter::area),
                 line({(1 + 2 * 0.5f) / 1.5f, (2 * 0.5f + 4) / 1.5f})));
    // 2 to 4: each pixel twice.
    QVERIFY(near(resample(line({1, 2}), 1, 4, Filter::area), line({1, 1, 2, 2})));
    // 5 to 2.
    QVERIFY(near(resample(line({1, 2, 3, 4, 5}), 1, 2, Filter::area),
                 line({(1 + 2 + 1.5f) / 2.5f, (1.5f + 4 + 5) / 2.5f})));
  }

  void areaKeepsTheMean() {
    const at::Tensor x = at::rand({3, 136, 97});
    for (int64_t size : {1, 7, 32, 64, 200})
      QVERIFY(near(resample(x, size, size + 3, Filter::area).mean(), x.mean(), 1e-5));
  }

  void weightsAddUpToOne_data() { filters(); }
  void weightsAddUpToOne() {
    QFETCH(Filter, filter);
    for (int64_t in : {1, 2, 5, 136})
      for (int64_t out : {1, 3, 32, 300}) {
        const auto taps = resampleTaps(in, out, filter);
        QCOMPARE(taps.size(), size_t(out));
        for (const Taps& t : taps) {
          double sum = 0;
          for (float w : t.weights) sum += w;
          QVERIFY(std::abs(sum - 1) < 1e-5);
          QVERIFY(t.start >= 0 && t.start + int64_t(t.weights.size()) <= in);
        }
      }
  }

  void sameSizeIsTheSame_data() { filters(); }
  void sameSizeIsTheSame() {
    QFETCH(Filter, filter);
    const at::Tensor x = at::rand({2, 3, 8, 9});
    QVERIFY(at::equal(resample(x, 8, 9, filter), x));
  }

  // A slope stays a slope, away from the border: a property of filters that are symmetric and add up to one.
  void slopesStay_data() { filters(); }
  void slopesStay() {
    QFETCH(Filter, filter);
    if (filter == Filter::nearest) QSKIP("steps are not a slope");
    const at::Tensor x = at::arange(64, at::kFloat).view({1, 1, 64});
    const at::Tensor half = resample(x, 1, 32, filter);
    const at::Tensor expected = (at::arange(32, at::kFloat) + 0.5).mul(2).sub(0.5).view({1, 1, 32});
    QVERIFY(near(half.narrow(2, 4, 24), expected.narrow(2, 4, 24), 1e-4));
  }

  void enlargingIsTorchsBilinear() {
    const at::Tensor x = at::rand({2, 3, 9, 7});
    const auto torchs = at::upsample_bilinear2d(x, {31, 20}, false);
    QVERIFY(near(resample(x, 31, 20, Filter::bilinear), torchs));
  }

  // Torch renormalises at the border where we repeat it; inside they agree.
  void shrinkingIsTorchsAntialias() {
    const at::Tensor x = at::rand({1, 3, 64, 64});
    const auto inside = [](const at::Tensor& t) { return t.narrow(2, 4, 12).narrow(3, 4, 12); };
    QVERIFY(near(inside(resample(x, 20, 20, Filter::bilinear)),
                 inside(at::_upsample_bilinear2d_aa(x, {20, 20}, false))));
    QVERIFY(near(inside(resample(x, 20, 20, Filter::bicubic)),
                 inside(at::_upsample_bicubic2d_aa(x, {20, 20}, false))));
  }

  void nearestRepeatsOrSkips() {
    const at::Tensor x = at::randint(0, 256, {3, 4, 4}, at::kByte);
    QVERIFY(at::equal(resample(x, 8, 8, Filter::nearest), x.repeat_interleave(2, 1).repeat_interleave(2, 2)));
    QVERIFY(at::equal(resample(resample(x, 12, 12, Filter::nearest), 4, 4, Filter::nearest), x));
  }

  void noSizeIsRefused() {
    QVERIFY_EXCEPTION_THROWN(resample(at::rand({1, 4, 4}), 0, 4, Filter::area), Error);
    QVERIFY_EXCEPTION_THROWN(resample(at::rand({1, 0, 4}), 4, 4, Filter::area), Error);
  }
};

QTEST_GUILESS_MAIN(ResampleTest)
#include "resample_test.moc"
