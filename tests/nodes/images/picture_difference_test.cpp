// Differences of pictures, against their definition.
#include <ATen/ATen.h>

#include <QtTest>
#include <cmath>

#include "engine/core/error.h"
#include "nodes/images/picture_difference.h"

using namespace loom;

class PictureDifferenceTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void byDefinition() {
    const at::Tensor a = at::full({3, 4, 5}, 100, at::kByte);
    at::Tensor b = a.clone();
    b.select(1, 0).select(1, 0).fill_(90);           // one pixel, all channels
    b.select(0, 1).select(0, 2).select(0, 3) = 103;  // another, one channel
    const PictureDifference d = pictureDifference(a, b);
    QCOMPARE(d.max, 10.0);
    QCOMPARE(d.mean, 33.0 / 60);
    QCOMPARE(d.differing, int64_t{2});
    QCOMPARE(d.pixels, int64_t{20});
    // One logarithm and one division: within a few roundings of float64.
    QVERIFY(std::abs(d.psnr - 10 * std::log10(255.0 * 255.0 * 60 / 309)) < 1e-12);
    QCOMPARE(describe(d), std::string("at most 10 of 255 levels, 0.55 in the mean; 2 of 20 pixels differ"));
  }

  void equalPictures() {
    const at::Tensor a = at::randint(0, 256, {3, 9, 7}, at::kByte);
    const PictureDifference d = pictureDifference(a, a.clone());
    QVERIFY(d.equal() && d.max == 0 && d.mean == 0 && std::isinf(d.psnr));
  }

  // 16 bits come as floats; a level is 1 / 255 of their range. Within float32's rounding of that.
  void sixteenBits() {
    const PictureDifference d =
        pictureDifference(at::full({1, 2, 2}, 0.5), at::full({1, 2, 2}, 0.5 + 3.0 / 255));
    QVERIFY(std::abs(d.max - 3) < 1e-4);
    QCOMPARE(d.differing, int64_t{4});
  }

  // Larger than the pieces it is gone through in. Against one pass over all, whose sums are of integers:
  // exact.
  void largePictures() {
    const at::Tensor a = at::randint(0, 256, {3, 1500, 1777}, at::kByte);
    const at::Tensor b = at::randint(0, 256, {3, 1500, 1777}, at::kByte);
    const PictureDifference d = pictureDifference(a, b);
    const at::Tensor apart = (a.to(at::kInt) - b.to(at::kInt)).abs();
    QCOMPARE(d.max, static_cast<double>(apart.max().item<int>()));
    QCOMPARE(d.mean, static_cast<double>(apart.sum().item<int64_t>()) / static_cast<double>(apart.numel()));
    QCOMPARE(d.differing, apart.amax(0).gt(0).sum().item<int64_t>());
  }

  void otherSizesAreRefused() {
    QVERIFY_EXCEPTION_THROWN(pictureDifference(at::zeros({3, 2, 2}), at::zeros({3, 2, 3})), Error);
    QVERIFY_EXCEPTION_THROWN(pictureDifference(at::zeros({3, 2, 2}), at::zeros({1, 2, 2})), Error);
    QVERIFY_EXCEPTION_THROWN(pictureDifference(at::zeros({2, 2}), at::zeros({2, 2})), Error);
  }
};

QTEST_GUILESS_MAIN(PictureDifferenceTest)
#include "picture_difference_test.moc"
