// Previews pixel by pixel, of values whose pixels are known by hand. Levels agree exactly: each is one
// product and one rounding away from a number that floats hold exactly.
#include <ATen/ATen.h>

#include <QElapsedTimer>
#include <QtTest>
#include <limits>

#include "engine/live/preview.h"
#include "engine/values/scalars.h"
#include "engine/values/tensors.h"
#include "tests/engine/files/scratch.h"

using namespace loom;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

Value valueOf(const at::Tensor& tensor) { return Value::of<at::Tensor>(tensor); }

struct Pixel {
  int r, g, b, a = 255;
  bool operator==(const Pixel&) const = default;
};
char* toString(const Pixel& pixel) {
  return QTest::toString(QString("%1 %2 %3 %4").arg(pixel.r).arg(pixel.g).arg(pixel.b).arg(pixel.a));
}

Pixel pixelAt(const Preview& preview, int64_t x, int64_t y) {
  const uint8_t* p = preview.rgba.data() + 4 * (y * preview.width + x);
  return {p[0], p[1], p[2], p[3]};
}

const Pixel kMagenta{255, 0, 255}, kLowest{0x44, 0x01, 0x54}, kHighest{0xFD, 0xE7, 0x25}, kBlank{0, 0, 0, 0};

// A type with a look of its own: the numbers as they are.
struct Painted {
  at::Tensor pixels;
};

}  // namespace

namespace loom {
LOOM_VALUE_TYPE(Painted)
template <>
const TypeInfo& typeOf<Painted>() {
  static const TypeInfo info = [] {
    TypeInfo type;
    type.id = "painted";
    type.name = "Painted";
    type.tensor = [](const Value& value) { return &value.as<Painted>().pixels; };
    type.picture = [](int64_t channels) { return PictureColours::of(channels, 1, 0); };
    return type;
  }();
  return info;
}
}  // namespace loom

class PreviewTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void coloursAsTheyAre() {
    // Red, green; blue, a grey of 0.2: 51 of 255.
    const at::Tensor pixels = at::tensor({1.f, 0.f, 0.f, .2f, 0.f, 1.f, 0.f, .2f, 0.f, 0.f, 1.f, .2f});
    const Preview preview = previewOf(Value::of<Painted>({pixels.reshape({1, 3, 2, 2})}), {.longestSide = 2});
    QVERIFY(preview.kind == PreviewKind::picture);
    QCOMPARE(preview.width, int64_t{2});
    QCOMPARE(pixelAt(preview, 0, 0), (Pixel{255, 0, 0}));
    QCOMPARE(pixelAt(preview, 1, 0), (Pixel{0, 255, 0}));
    QCOMPARE(pixelAt(preview, 0, 1), (Pixel{0, 0, 255}));
    QCOMPARE(pixelAt(preview, 1, 1), (Pixel{51, 51, 51}));
    // Beyond the range: as bright, as dark as can be.
    const Preview beyond =
        previewOf(Value::of<Painted>({at::tensor({2.f, -1.f}).reshape({1, 1, 1, 2})}), {.longestSide = 2});
    QCOMPARE(pixelAt(beyond, 0, 0), (Pixel{255, 255, 255}));
    QCOMPARE(pixelAt(beyond, 1, 0), (Pixel{0, 0, 0}));
  }

  void normalisedByWhatThereIs() {
    const at::Tensor x = at::tensor({-2.f, 0.f, 1.f, 3.f}).reshape({1, 1, 2, 2});
    const Preview preview = previewOf(valueOf(x), {.longestSide = 2});
    QVERIFY(preview.kind == PreviewKind::normalised);
    QCOMPARE(preview.low, -2.0);
    QCOMPARE(preview.high, 3.0);
    QCOMPARE(pixelAt(preview, 0, 0), (Pixel{0, 0, 0}));
    QCOMPARE(pixelAt(preview, 1, 0), (Pixel{102, 102, 102}));
    QCOMPARE(pixelAt(preview, 0, 1), (Pixel{153, 153, 153}));
    QCOMPARE(pixelAt(preview, 1, 1), (Pixel{255, 255, 255}));
    // A range that is given, and numbers beyond it.
    const Preview ranged = previewOf(valueOf(x), {.longestSide = 2, .low = 0, .high = 1});
    QCOMPARE(pixelAt(ranged, 0, 0), (Pixel{0, 0, 0}));
    QCOMPARE(pixelAt(ranged, 0, 1), (Pixel{255, 255, 255}));
    // One number everywhere.
    QCOMPARE(pixelAt(previewOf(valueOf(at::full({1, 1, 2, 2}, 7.0)), {.longestSide = 2}), 1, 1),
             (Pixel{128, 128, 128}));
  }

  void reducedByTheMean() {
    const at::Tensor x = at::arange(16, at::kFloat).reshape({1, 1, 4, 4});
    const Preview preview = previewOf(valueOf(x), {.longestSide = 2, .low = 0, .high = 255});
    QCOMPARE(preview.width, int64_t{2});
    QCOMPARE(preview.height, int64_t{2});
    // (0 + 1 + 4 + 5) / 4 = 2.5, and lround goes away from 0; 4.5, 10.5, 12.5.
    QCOMPARE(pixelAt(preview, 0, 0).r, 3);
    QCOMPARE(pixelAt(preview, 1, 0).r, 5);
    QCOMPARE(pixelAt(preview, 0, 1).r, 11);
    QCOMPARE(pixelAt(preview, 1, 1).r, 13);
  }

  void neverEnlarged() {
    for (const auto& [shape, width, height] : {std::tuple{std::vector<int64_t>{1, 1, 2, 3}, 3, 2},
                                               {{5, 3, 8, 8}, 24, 16},  // three tiles and two
                                               {{1, 9, 7, 5}, 5, 7}}) {
      const at::Tensor x = at::rand(shape);
      for (const Value& value : {valueOf(x), Value::of<Painted>({x})}) {
        const Preview preview = previewOf(value, {.samples = 100});
        QCOMPARE(preview.width, int64_t{width});
        QCOMPARE(preview.height, int64_t{height});
      }
    }
  }

  void picturesInAGrid() {
    const at::Tensor x = at::rand({3, 3, 5, 4});
    const Preview all = previewOf(Value::of<Painted>({x}), {.samples = 3});
    QCOMPARE(all.columns, int64_t{2});
    for (int64_t i = 0; i < 3; ++i) {
      const Preview one = previewOf(Value::of<Painted>({x.narrow(0, i, 1)}));
      for (int64_t row = 0; row < 5; ++row)
        for (int64_t column = 0; column < 4; ++column)
          QCOMPARE(pixelAt(all, i % 2 * 4 + column, i / 2 * 5 + row), pixelAt(one, column, row));
    }
    QCOMPARE(pixelAt(all, 7, 9), kBlank);
  }

  // Reduced, it is the picture of what LibTorch's own mean gives in double precision, pixel by pixel.
  void everyReducedPixel_data() {
    QTest::addColumn<QList<qint64>>("shape");
    QTest::addColumn<int>("kind");
    for (const int kind : {0, 2, 3, 4}) {
      QTest::addRow("by no whole number, kind %d", kind) << QList<qint64>{2, 3, 50, 37} << kind;
      QTest::addRow("many channels, kind %d", kind) << QList<qint64>{2, 17, 40, 40} << kind;
      QTest::addRow("one row, kind %d", kind) << QList<qint64>{1, 1, 1, 300} << kind;
    }
  }
  void everyReducedPixel() {
    QFETCH(QList<qint64>, shape);
    QFETCH(int, kind);
    const at::Tensor x = at::randn(std::vector<int64_t>(shape.begin(), shape.end()));
    const PreviewOptions options{
        .longestSide = 20, .kind = static_cast<PreviewKind>(kind), .low = -1, .high = 1};
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16}) {
      const at::Tensor given = x.to(dtype).transpose(2, 3).contiguous().transpose(2, 3);  // not in row order
      const Preview preview = previewOf(valueOf(given), options);
      const int64_t height = preview.height / preview.rows, width = preview.width / preview.columns;
      at::Tensor mean = given.to(at::kDouble).narrow(0, 0, 1);
      if (preview.kind == PreviewKind::false_colour ||
          (preview.kind == PreviewKind::normalised && shape[1] != 3))
        mean = mean.mean(1, true);
      mean = at::adaptive_avg_pool2d(mean, {height, width}).to(at::kFloat);
      PreviewOptions same = options;
      same.kind = preview.kind;
      const Preview literal = previewOf(valueOf(mean), same);
      QVERIFY(preview.rgba == literal.rgba);
    }
  }

  void longAndThin() {
    const Preview preview = previewOf(valueOf(at::rand({1, 1, 3, 1000})), {.longestSide = 100});
    QCOMPARE(preview.width, int64_t{100});
    QCOMPARE(preview.height, int64_t{1});
  }

  void samplesInAGrid() {
    const at::Tensor x = at::arange(5, at::kFloat).reshape({5, 1, 1, 1});
    const Preview preview = previewOf(valueOf(x), {.longestSide = 4, .samples = 3, .low = 0, .high = 255});
    QCOMPARE(preview.columns, int64_t{2});
    QCOMPARE(preview.rows, int64_t{2});
    QCOMPARE(preview.width, int64_t{2});
    QCOMPARE(pixelAt(preview, 0, 0).r, 0);
    QCOMPARE(pixelAt(preview, 1, 0).r, 1);
    QCOMPARE(pixelAt(preview, 0, 1).r, 2);
    QCOMPARE(pixelAt(preview, 1, 1), kBlank);
    QCOMPARE(previewOf(valueOf(x), {.samples = 100}).rows, int64_t{2});  // 5 are there: 3 x 2
  }

  void falseColours() {
    const at::Tensor x = at::tensor({0.f, 1.f, 9.f, 4.5f});
    const Preview line = previewOf(valueOf(x), {.longestSide = 4});
    QVERIFY(line.kind == PreviewKind::false_colour);
    QCOMPARE(pixelAt(line, 0, 0), kLowest);
    QCOMPARE(pixelAt(line, 1, 0), (Pixel{0x48, 0x28, 0x78}));  // the second of ten
    QCOMPARE(pixelAt(line, 2, 0), kHighest);
    QCOMPARE(pixelAt(line, 3, 0), (Pixel{35, 144, 140}));  // between the fifth and the sixth: halves go up
    // A line is high enough to be seen.
    QCOMPARE(previewOf(valueOf(x), {.longestSide = 64}).height, int64_t{8});
    QCOMPARE(previewOf(valueOf(at::rand({1000})), {.longestSide = 64}).height, int64_t{8});
  }

  void attentionIsTheMeanOfItsHeads() {
    at::Tensor maps = at::zeros({2, 4, 2, 2});
    maps[0][0][0][1] = 4;  // a mean of 1
    maps[0][1][1][0] = 2;  // of 0.5
    const Preview preview = previewOf(valueOf(maps), {.longestSide = 2});
    QVERIFY(preview.kind == PreviewKind::false_colour);
    QCOMPARE(preview.high, 1.0);
    QCOMPARE(pixelAt(preview, 0, 0), kLowest);
    QCOMPARE(pixelAt(preview, 1, 0), kHighest);
    QCOMPARE(pixelAt(preview, 0, 1), (Pixel{35, 144, 140}));
  }

  void channelsAsTiles() {
    at::Tensor x = at::zeros({2, 3, 1, 1});
    x[0][1] = 9;
    x[0][2] = 1;
    const Preview preview = previewOf(valueOf(x), {.longestSide = 2, .kind = PreviewKind::channels});
    QCOMPARE(preview.columns, int64_t{2});
    QCOMPARE(pixelAt(preview, 0, 0), kLowest);
    QCOMPARE(pixelAt(preview, 1, 0), kHighest);
    QCOMPARE(pixelAt(preview, 0, 1), (Pixel{0x48, 0x28, 0x78}));
    QCOMPARE(pixelAt(preview, 1, 1), kBlank);
    QCOMPARE(previewOf(valueOf(at::rand({1, 500, 2, 2})), {.kind = PreviewKind::channels}).columns,
             int64_t{8});
  }

  void whatIsNotFiniteIsSeen_data() {
    QTest::addColumn<float>("bad");
    QTest::addColumn<int>("kind");
    for (const float bad : {kNan, kInf, -kInf})
      for (const int kind : {0, 2, 3}) QTest::addRow("%f, kind %d", bad, kind) << bad << kind;
  }
  void whatIsNotFiniteIsSeen() {
    QFETCH(float, bad);
    QFETCH(int, kind);
    at::Tensor x = at::arange(64, at::kFloat).reshape({1, 1, 8, 8});
    x[0][0][3][5] = bad;
    // One bad element of four makes its pixel bad, and no other.
    const Preview preview = previewOf(valueOf(x), {.longestSide = 4, .kind = static_cast<PreviewKind>(kind)});
    QCOMPARE(preview.width, int64_t{4});
    for (int64_t y = 0; y < 4; ++y)
      for (int64_t c = 0; c < 4; ++c) QCOMPARE(pixelAt(preview, c, y) == kMagenta, c == 2 && y == 1);
    QVERIFY(std::isfinite(preview.low) && std::isfinite(preview.high));
    const Preview all = previewOf(valueOf(at::full({2, 2}, bad)), {.longestSide = 2});
    QCOMPARE(pixelAt(all, 0, 0), kMagenta);
  }

  void shapesAndDtypes_data() {
    QTest::addColumn<QList<qint64>>("shape");
    QTest::addColumn<int>("kind");
    const int normalised = static_cast<int>(PreviewKind::normalised);
    const int falseColour = static_cast<int>(PreviewKind::false_colour);
    QTest::newRow("line") << QList<qint64>{5} << falseColour;
    QTest::newRow("matrix") << QList<qint64>{5, 3} << falseColour;
    QTest::newRow("one picture") << QList<qint64>{3, 5, 6} << normalised;
    QTest::newRow("matrices") << QList<qint64>{4, 5, 6} << falseColour;
    QTest::newRow("pictures") << QList<qint64>{2, 3, 5, 6} << normalised;
    QTest::newRow("activations") << QList<qint64>{2, 7, 5, 6} << falseColour;
    QTest::newRow("video") << QList<qint64>{2, 4, 3, 5, 6} << normalised;
  }
  void shapesAndDtypes() {
    QFETCH(QList<qint64>, shape);
    QFETCH(int, kind);
    const std::vector<int64_t> sizes(shape.begin(), shape.end());
    for (const at::ScalarType dtype :
         {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kByte, at::kBool}) {
      const Preview preview = previewOf(valueOf((at::rand(sizes) * 2).to(dtype)), {.samples = 2});
      QCOMPARE(static_cast<int>(preview.kind), kind);
      QCOMPARE(preview.rgba.size(), static_cast<size_t>(4 * preview.width * preview.height));
      QVERIFY(preview.width <= 128 && preview.height <= 128);
    }
    // A view, and one with gradients.
    const at::Tensor x = at::rand(sizes);
    const Preview plain = previewOf(valueOf(x));
    QVERIFY(previewOf(valueOf(at::rand(sizes).copy_(x).set_requires_grad(true))).rgba == plain.rgba);
    at::Tensor wide = at::zeros(sizes).unsqueeze(-1).repeat_interleave(2, -1);
    wide.select(-1, 1).copy_(x);
    QVERIFY(previewOf(valueOf(wide.select(-1, 1))).rgba == plain.rgba);
  }

  // Told, not judged: machines differ.
  void whatItCosts() {
    for (const auto& [shape, samples] : {std::pair{std::vector<int64_t>{1, 4, 64, 64}, 1},
                                         {{8, 3, 512, 512}, 1},
                                         {{8, 3, 512, 512}, 8},
                                         {{1, 512, 64, 64}, 1}}) {
      const Value value = valueOf(at::rand(shape));
      qint64 best = std::numeric_limits<qint64>::max();
      for (int i = 0; i < 20; ++i) {
        QElapsedTimer timer;
        timer.start();
        previewOf(value, {.samples = samples});
        best = std::min(best, timer.nsecsElapsed());
      }
      qInfo("%s, %d samples: %.0f us", describe(*value.tensor()).c_str(), samples,
            static_cast<double>(best) / 1e3);
    }
  }

  void refusals() {
    QVERIFY_REFUSED(previewOf(Value::of<Int>(3)), "no picture of");
    QVERIFY_REFUSED(previewOf(Value::of<Real>(0.5)), "no picture of");
    QVERIFY_REFUSED(previewOf(valueOf(at::scalar_tensor(1))), "one or more dimensions");
    QVERIFY_REFUSED(previewOf(valueOf(at::empty({0, 3}))), "empty");
    QVERIFY_REFUSED(previewOf(valueOf(at::empty({2, 3}, at::kComplexFloat))), "real numbers");
    QVERIFY_REFUSED(previewOf(valueOf(at::Tensor())), "no picture of");
    QVERIFY_REFUSED(previewOf(Value()), "no value");
    QVERIFY_REFUSED(previewOf(valueOf(at::rand({2, 2})), {.kind = PreviewKind::picture}), "no look");
    QVERIFY_REFUSED(previewOf(valueOf(at::rand({2, 2})), {.longestSide = 0}), "1 to 4096");
    QVERIFY_REFUSED(previewOf(valueOf(at::rand({2, 2})), {.longestSide = 5000}), "1 to 4096");
    QVERIFY_REFUSED(previewOf(valueOf(at::rand({2, 2})), {.samples = 0}), "1 to 256");
    QVERIFY_REFUSED(previewOf(valueOf(at::rand({2, 2})), {.low = kNan}), "range");
    const Value noLook = Value::of<Painted>({at::rand({1, 2, 4, 4})});
    QVERIFY_REFUSED(previewOf(noLook, {.kind = PreviewKind::picture}), "no look");
    QVERIFY(previewOf(noLook).kind == PreviewKind::false_colour);
    QVERIFY_REFUSED(previewKindOf("colours"), "false_colour");
    for (int kind = 0; kind < 5; ++kind)
      QCOMPARE(static_cast<int>(previewKindOf(previewKindName(static_cast<PreviewKind>(kind)))), kind);
  }
};

QTEST_GUILESS_MAIN(PreviewTest)
#include "preview_test.moc"
