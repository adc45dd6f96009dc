// How images and latents look.
#include <ATen/ATen.h>

#include <QtTest>
#include <limits>

#include "engine/live/preview.h"
#include "nodes/types/types.h"

using namespace loom;

namespace {

std::vector<int> pixel(const Preview& preview, int64_t x, int64_t y) {
  const uint8_t* p = preview.rgba.data() + 4 * (y * preview.width + x);
  return {p[0], p[1], p[2], p[3]};
}

}  // namespace

class PicturesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void imagesAsTheyAre() {
    at::Tensor pixels = at::zeros({1, 3, 1, 2});
    pixels[0][1][0][0] = 1.0;
    pixels[0][2][0][1] = 0.2;
    const Preview preview = previewOf(Value::of<Image>({pixels}), {.longestSide = 2});
    QVERIFY(preview.kind == PreviewKind::picture);
    QCOMPARE(pixel(preview, 0, 0), (std::vector<int>{0, 255, 0, 255}));
    QCOMPARE(pixel(preview, 1, 0), (std::vector<int>{0, 0, 51, 255}));
  }

  // -1 is black, 1 is white, and beyond them nothing is darker or brighter.
  void latentsOfPixels() {
    const at::Tensor x = at::tensor({-1.f, 1.f, -0.2f, 5.f}).reshape({1, 1, 1, 4});
    const Preview preview = previewOf(Value::of<Latent>({x}), {.longestSide = 4});
    QVERIFY(preview.kind == PreviewKind::picture);
    QCOMPARE(pixel(preview, 0, 0), (std::vector<int>{0, 0, 0, 255}));
    QCOMPARE(pixel(preview, 1, 0), (std::vector<int>{255, 255, 255, 255}));
    QCOMPARE(pixel(preview, 2, 0), (std::vector<int>{102, 102, 102, 255}));
    QCOMPARE(pixel(preview, 3, 0), (std::vector<int>{255, 255, 255, 255}));
  }

  // One unit of one channel gives (factor / 2 + 0.5) x 255, rounded.
  void latentsOfAnAutoencoder_data() {
    QTest::addColumn<int>("channel");
    QTest::addColumn<QList<int>>("colour");
    QTest::newRow("1") << 0 << QList<int>{165, 154, 154};
    QTest::newRow("2") << 1 << QList<int>{151, 164, 150};
    QTest::newRow("3") << 2 << QList<int>{107, 152, 161};
    QTest::newRow("4") << 3 << QList<int>{104, 93, 67};
  }
  void latentsOfAnAutoencoder() {
    QFETCH(int, channel);
    QFETCH(QList<int>, colour);
    at::Tensor x = at::zeros({1, 4, 1, 2});
    x[0][channel][0][0] = 1;
    const Preview preview = previewOf(Value::of<Latent>({x}), {.longestSide = 2});
    QVERIFY(preview.kind == PreviewKind::picture);
    const std::vector<int> found = pixel(preview, 0, 0);
    // A level more or less: float32 factors near a half.
    for (int i = 0; i < 3; ++i)
      QVERIFY2(std::abs(found[i] - colour[i]) <= 1, qPrintable(QString::number(found[i])));
    QCOMPARE(pixel(preview, 1, 0), (std::vector<int>{128, 128, 128, 255}));
  }

  void whatIsNotFiniteIsSeen_data() {
    QTest::addColumn<int>("channels");
    QTest::addColumn<float>("bad");
    for (const int channels : {1, 3, 4, 16})
      for (const float bad :
           {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
        QTest::addRow("%d channels, %f", channels, bad) << channels << bad;
  }
  void whatIsNotFiniteIsSeen() {
    QFETCH(int, channels);
    QFETCH(float, bad);
    at::Tensor x = at::zeros({1, channels, 2, 2});
    x[0][channels - 1][1][0] = bad;
    const Preview preview = previewOf(Value::of<Latent>({x}), {.longestSide = 2});
    // 16 channels have no look of their own yet, and are shown as numbers.
    QCOMPARE(preview.kind == PreviewKind::false_colour, channels == 16);
    for (int y = 0; y < 2; ++y)
      for (int c = 0; c < 2; ++c)
        QCOMPARE(pixel(preview, c, y) == (std::vector<int>{255, 0, 255, 255}), c == 0 && y == 1);
  }
};

QTEST_GUILESS_MAIN(PicturesTest)
#include "pictures_test.moc"
