#include "nodes/images/sheet.h"

#include <ATen/ATen.h>

#include <QtTest>

#include "engine/core/error.h"
#include "nodes/images/caption.h"
#include "nodes/images/caption_font.h"
#include "nodes/images/film_strip_layout.h"
#include "nodes/types/types.h"

using namespace loom;

namespace {

// Picture i is filled with i / 10.
at::Tensor pictures(int64_t count, int64_t h, int64_t w) {
  return at::arange(count, at::kFloat).div(10).view({count, 1, 1, 1}).expand({count, 3, h, w}).contiguous();
}

Recording recordingOf(int64_t frames, int64_t batch, int64_t size) {
  Recording recording;
  for (int64_t i = 0; i < frames; ++i)
    recording.frames.push_back(
        {{i}, Value::of<Latent>({at::full({batch, 3, size, size}, -1 + 2.0 * i / frames)})});
  return recording;
}

}  // namespace

class SheetTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void squareAsCanBe() {
    for (int64_t n = 1; n < 200; ++n) {
      const int64_t c = squareColumns(n);
      QVERIFY(c * c >= n && (c - 1) * (c - 1) < n);
    }
  }

  void geometry_data() {
    QTest::addColumn<int>("count");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("gap");
    QTest::addColumn<bool>("frame");
    QTest::addColumn<int>("scale");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::newRow("one") << 1 << 0 << 5 << false << 1 << 7 << 4;
    QTest::newRow("one, framed") << 1 << 0 << 5 << true << 1 << 17 << 14;
    QTest::newRow("two by two") << 4 << 0 << 1 << false << 1 << 15 << 9;
    QTest::newRow("last row not full") << 5 << 3 << 2 << true << 3 << 3 * 21 + 8 << 2 * 12 + 6;
    QTest::newRow("fewer than columns") << 2 << 8 << 0 << false << 1 << 14 << 4;
  }
  void geometry() {
    QFETCH(int, count);
    QFETCH(int, columns);
    QFETCH(int, gap);
    QFETCH(bool, frame);
    QFETCH(int, scale);
    QFETCH(int, width);
    QFETCH(int, height);
    const SheetLayout layout{.columns = columns, .gap = gap, .frame = frame, .background = 1, .scale = scale};
    const at::Tensor out = sheet(pictures(count, 4, 7), layout);
    QCOMPARE(out.sizes().vec(), (std::vector<int64_t>{3, height, width}));
    const int64_t per = columns ? std::min(columns, count) : squareColumns(count), edge = frame ? gap : 0;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t y = edge + i / per * (4 * scale + gap), x = edge + i % per * (7 * scale + gap);
      QVERIFY(
          at::allclose(out.narrow(1, y, 4 * scale).narrow(2, x, 7 * scale), at::full({1}, float(i) / 10)));
    }
    // All else is background.
    const double inside = pictures(count, 4, 7).sum().item<double>() * scale * scale;
    const double rest = out.numel() - 3.0 * count * 28 * scale * scale;
    QVERIFY(std::abs(out.sum().item<double>() - inside - rest) < 1e-2);
  }

  void rowsOfDifferentPictures() {
    const at::Tensor out =
        sheetOfRows({pictures(2, 4, 4), at::zeros({3, 1, 2, 2})}, {.gap = 1, .frame = true});
    QCOMPARE(out.sizes().vec(), (std::vector<int64_t>{3, 2 * 4 + 3, 3 * 4 + 4}));
    QVERIFY(out[0][7][2].item<float>() == 0 && out[0][6][1].item<float>() == 1);  // in the middle of its cell
    const at::Tensor folded = sheetOfRows({pictures(5, 2, 2), pictures(1, 2, 2)}, {.columns = 2});
    QCOMPARE(folded.sizes().vec(), (std::vector<int64_t>{3, 8, 4}));
  }

  void whatDoesNotFitIsRefused() {
    QVERIFY_EXCEPTION_THROWN(sheet(at::zeros({0, 3, 4, 4}), {}), Error);
    QVERIFY_EXCEPTION_THROWN(sheet(at::zeros({3, 4, 4}), {}), Error);
    QVERIFY_EXCEPTION_THROWN(sheet(at::zeros({1, 3, 4096, 4096}), {.scale = 64}), Error);
    QVERIFY_EXCEPTION_THROWN(sheetOfRows({at::zeros({1, 3, 2, 2}), at::zeros({1, 4, 2, 2})}, {}), Error);
  }

  void fontIsWellFormed() {
    for (const std::string_view glyph : kCaptionGlyphs) {
      const auto rows = QString::fromUtf8(glyph.data(), qsizetype(glyph.size())).split('/');
      QVERIFY(rows.size() <= kCaptionHeight);
      for (const QString& row : rows) QCOMPARE(row.size(), rows.front().size());
    }
  }

  void captionsAreMeasuredAsDrawn() {
    at::Tensor paper = at::ones({3, 40, 200});
    drawCaption(paper, "H|", 5, 3, 2, 0);
    QCOMPARE(captionWidth("H|"), int64_t(7));
    const at::Tensor ink = (paper[0] == 0).nonzero();
    QCOMPARE(ink.select(1, 1).min().item<int>(), 5);
    QCOMPARE(ink.select(1, 1).max().item<int>(), 5 + 2 * 7 - 1);
    QCOMPARE(ink.select(1, 0).min().item<int>(), 3);
    QCOMPARE(ink.select(1, 0).max().item<int>(), 3 + 2 * 7 - 1);
    drawCaption(paper, "cut off", -8, 36, 2, 0);  // leaves the picture on all sides
    QCOMPARE(captionWidth("é😀"), int64_t(11));    // two boxes
    QCOMPARE(captionWidth(""), int64_t(0));
  }

  void evenlyKeepsBothEnds() {
    QCOMPARE(evenly(5, 0), (std::vector<int64_t>{0, 1, 2, 3, 4}));
    QCOMPARE(evenly(3, 10), (std::vector<int64_t>{0, 1, 2}));
    QCOMPARE(evenly(11, 3), (std::vector<int64_t>{0, 5, 10}));
    QCOMPARE(evenly(7, 1), (std::vector<int64_t>{6}));
    for (int64_t total = 2; total < 60; ++total)
      for (int64_t count = 2; count <= total; ++count) {
        const auto chosen = evenly(total, count);
        QCOMPARE(chosen.front(), int64_t(0));
        QCOMPARE(chosen.back(), total - 1);
        for (size_t i = 1; i < chosen.size(); ++i) QVERIFY(chosen[i] > chosen[i - 1]);
      }
  }

  void stripShowsChosenSteps() {
    const Recording recording = recordingOf(20, 2, 8);
    StripRow row = stripRow(recording, evenly(20, 3), 1, PictureRange::twoSided);
    QCOMPARE(row.labels, (std::vector<std::string>{"1", "11", "20"}));
    row.name = "x_t";
    const at::Tensor strip = filmStrip({row, row}, {.gap = 2, .scale = 3});
    // The name (17 wide) and its margins, three tiles of 24; one line of labels, two rows.
    const int64_t left = 2 + captionWidth("x_t") + 4;
    QCOMPARE(strip.sizes().vec(), (std::vector<int64_t>{3, 2 + 9 + 2 + 2 * 26, left + 3 * 26}));
    for (int64_t k = 0; k < 3; ++k)
      QVERIFY(at::allclose(strip.narrow(1, 13, 24).narrow(2, left + k * 26, 24),
                           row.pictures[size_t(k)][0][0][0]));
  }

  void stripRefusesWhatItCannotShow() {
    Recording recording = recordingOf(3, 1, 4);
    QVERIFY_EXCEPTION_THROWN(stripRow(recording, {0, 2}, 1, PictureRange::unit), Error);  // no second sample
    recording.frames[1].value = Value::of<Int>(3);
    QVERIFY_EXCEPTION_THROWN(stripRow(recording, {0, 1}, 0, PictureRange::unit), Error);
    QVERIFY_EXCEPTION_THROWN(filmStrip({}, {}), Error);
  }

  void rangesBecomeColours() {
    const at::Tensor x = at::tensor({-1.0f, 0.0f, 1.0f, 3.0f, NAN, -INFINITY}).view({1, 1, 1, 6});
    QVERIFY(at::equal(toUnitRange(x, PictureRange::twoSided).view({-1}),
                      at::tensor({0.0f, 0.5f, 1.0f, 1.0f, 0.0f, 0.0f})));
    QVERIFY(at::equal(toUnitRange(x, PictureRange::unit).view({-1}),
                      at::tensor({0.0f, 0.0f, 1.0f, 1.0f, 0.0f, 0.0f})));
    const at::Tensor two = at::stack({at::full({1, 2, 2}, 5.0f), at::arange(4, at::kFloat).view({1, 2, 2})});
    const at::Tensor own = toUnitRange(two, PictureRange::ownRange);
    QVERIFY(at::equal(own[0], at::zeros({1, 2, 2})));  // nothing to spread
    QVERIFY(at::allclose(own[1].view({-1}), at::tensor({0.0f, 1 / 3.0f, 2 / 3.0f, 1.0f})));
    QCOMPARE(asColours(at::zeros({2, 4, 3, 3})).size(1), int64_t(3));
    QCOMPARE(asColours(at::zeros({2, 2, 3, 3})).size(1), int64_t(3));
    QCOMPARE(asColours(at::zeros({2, 1, 3, 3})).size(1), int64_t(1));
  }
};

QTEST_GUILESS_MAIN(SheetTest)
#include "sheet_test.moc"
