// Steps on an axis, frames at a place, plots as tables and pictures, and the timer that plays.
#include "app/editor/watch/ink.h"
#include "app/editor/watch/playback.h"
#include "app/editor/watch/plot_view.h"
#include "app/editor/watch/reel.h"
#include "app/editor/watch/series.h"
#include "app/editor/watch/step_axis.h"

#include <QtTest>
#include <cmath>

#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

Plot plotOf(bool compared) {
  Plot plot;
  plot.x = "step";
  plot.yName = "mean", plot.lowName = "mean-std", plot.highName = "mean+std";
  plot.kind = PlotKind::mean;
  plot.series.push_back(
      {"sampling.x", 0xFF9CF9, "sampling", false, false, {0, 1, 2}, {1, 2, 3}, {0, 1, 2}, {2, 3, 4}});
  if (compared)
    plot.series.push_back({"a,\"b\"", 0x64B5F6, "sampling", true, false, {1, 2, 3}, {7, 8, 9.5}, {}, {}});
  return plot;
}

}  // namespace

class PlotsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void frameAtPlace() {
    const std::vector<Iteration> flat{{0}, {1}, {4}, {6}};
    QCOMPARE(*frameAt(flat, {}), Iteration{6});
    QCOMPARE(*frameAt(flat, {4}), Iteration{4});
    QCOMPARE(*frameAt(flat, {5}), Iteration{4});
    QCOMPARE(*frameAt(flat, {99}), Iteration{6});
    QCOMPARE(*frameAt(flat, (Iteration{4, 2})), Iteration{4});  // of an inner place: the outer step
    QVERIFY(!frameAt({{3}}, {2}));
    QVERIFY(!frameAt({}, {2}));
    const std::vector<Iteration> nested{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 2}, {3, 0}};
    QCOMPARE(*frameAt(nested, {1}), (Iteration{1, 2}));  // of an outer place: its last inner step
    QCOMPARE(*frameAt(nested, {1, 1}), (Iteration{1, 1}));
    QCOMPARE(*frameAt(nested, {2}), (Iteration{1, 2}));
    QCOMPARE(*frameAt({Iteration{}}, {5}), Iteration{});  // outside of zones: always the same
    QCOMPARE(framesWithin(nested, 1), (std::vector<Iteration>{{1, 0}, {1, 1}, {1, 2}}));
    QVERIFY(framesWithin(nested, 2).empty());
    // Any frame is found at its own place.
    for (const auto* frames : {&flat, &nested})
      for (const Iteration& frame : *frames) QCOMPARE(*frameAt(*frames, frame), frame);
  }

  void places() {
    Reel reel;
    QCOMPARE(placeOf({}, reel), Iteration{});
    reel.done = 5;
    QCOMPARE(placeOf({}, reel), Iteration{4});
    Track track;
    track.iterations = {{0}, {1}, {2}};
    reel.tracks.push_back(track);
    QCOMPARE(placeOf({}, reel), Iteration{2});
    QCOMPARE(placeOf({{}, {1}, false}, reel), Iteration{1});
    QCOMPARE(placeOf({{}, {1}, true}, reel), Iteration{2});
  }

  void stepsOnAnAxis_data() {
    QTest::addColumn<int>("count");
    QTest::addColumn<double>("width");
    for (const int count : {1, 2, 7, 100, 2500})
      for (const double width : {50., 300., 1900.}) QTest::addRow("%d in %g", count, width) << count << width;
  }
  void stepsOnAnAxis() {
    QFETCH(int, count);
    QFETCH(double, width);
    StepAxis axis;
    axis.place(100, width, 40, count);
    const auto holds = [&] {
      const auto chosen = axis.chosen(4);
      QVERIFY(!chosen.empty() && std::is_sorted(chosen.begin(), chosen.end()));
      QVERIFY(chosen.front() >= 0 && chosen.back() < count);
      for (size_t i = 1; i < chosen.size(); ++i)  // none overlaps another, but for what can't be seen
        QVERIFY(axis.x(chosen[i]) - axis.x(chosen[i - 1]) >= axis.fitted(4) - 1e-6);
      for (const int64_t step : chosen) QCOMPARE(axis.nearest(axis.x(step)), step);
    };
    holds();
    QVERIFY(axis.fitted(4) > 0.5 * axis.picture() && axis.fitted(4) <= axis.picture());
    QCOMPARE(axis.chosen(4).back(), count - 1);
    QVERIFY(axis.x(count - 1) <= 100 + width + 1e-6);
    const double under = 100 + width * 0.4, before = axis.stepAt(under);
    axis.zoomBy(3, under);
    if (axis.zoom() > 1 && axis.first() > 0 && axis.last() < count - 1)
      QVERIFY(std::abs(axis.stepAt(under) - before) < 1e-6);
    holds();
    axis.scrollBy(1e9);
    QVERIFY(axis.x(std::max(count - 1, 1)) <= 100 + width + 1e-6);
    axis.show(0);
    QVERIFY(axis.x(0) >= 100 - 1e-6);
    axis.zoomBy(1e-9, under);
    QCOMPARE(axis.zoom(), 1.0);
    QCOMPARE(axis.first(), 0.0);
  }

  void table() {
    const QStringList lines = QString::fromStdString(csvOf(plotOf(true))).split('\n');
    QCOMPARE(
        lines[0],
        QString("step,sampling.x mean,sampling.x mean-std,sampling.x mean+std,\"a,\"\"b\"\" mean (B)\""));
    QCOMPARE(lines[1], QString("1,1,0,2,"));
    QCOMPARE(lines[3], QString("3,3,2,4,8"));
    QCOMPARE(lines[4], QString("4,,,,9.5"));
    Plot timed = plotOf(false);  // with the timesteps of its one zone
    timed.timesteps["sampling"] = {999, 500};
    const QStringList rows = QString::fromStdString(csvOf(timed)).split('\n');
    QVERIFY(rows[0].startsWith("step,t,") && rows[1].startsWith("1,999,") && rows[3].startsWith("3,,"));
    Plot none;
    none.x = "step";
    QCOMPARE(csvOf(none), std::string("step\n"));
  }

  void pictureHoldsItsLines() {
    const Theme& theme = Theme::current();
    const QImage image = plotPicture(plotOf(true), {800, 450}, "Mean");
    QCOMPARE(image.size(), QSize(800, 450));
    const auto has = [&](const QColor& colour) {
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
          if (image.pixel(x, y) == colour.rgb()) return true;
      return false;
    };
    QVERIFY(has(readable(0xFF9CF9, theme.field)));
    QVERIFY(has(readable(0x64B5F6, theme.field)));
    Plot logarithmic = plotOf(false);
    logarithmic.logarithmic = true;
    logarithmic.series[0].y = {1e-7, 3, INFINITY};
    logarithmic.series[0].low = logarithmic.series[0].high = {};
    QVERIFY(!plotPicture(logarithmic, {800, 450}, "SNR").isNull());
    QVERIFY(!plotPicture(Plot{}, {80, 45}, "").isNull());
    const auto [low, high] = limitsOf(logarithmic, false);
    QVERIFY(low > 0 && low < 1e-7 && high > 3 && high < 10);
  }

  void noiseOfASchedule() {
    const std::vector<double> alphaBar{0.99, 0.5, 0.36, 0.1};
    QCOMPARE(alphaBarAt(alphaBar, {3, 0, 2}), (std::vector<double>{0.1, 0.99, 0.36}));
    QVERIFY(alphaBarAt(alphaBar, {4}).empty() && alphaBarAt(alphaBar, {-1}).empty());
    QVERIFY(std::abs(noiseLevel(0.36) - 0.8) < 1e-12);
    QVERIFY(std::abs(signalToNoise(0.5) - 1) < 1e-12);
    QVERIFY(std::isinf(signalToNoise(1)));
  }

  void firstThatDiffers() {
    const PortDifference apart{{{0}, {1}, {2}, {3}}, {0, 1e-6, 0.5, 0.1}, {0, 1e-7, 0.1, 0.01}};
    QCOMPARE(*firstBeyond(apart, 0), Iteration{1});
    QCOMPARE(*firstBeyond(apart, 1e-6), Iteration{2});
    QVERIFY(!firstBeyond(apart, 1));
    QCOMPARE(*firstBeyond({{{4}}, {NAN}, {NAN}}, 1e9), Iteration{4});  // what is no number is beyond all
  }

  void ticksAreRound() {
    for (const auto& [low, high] :
         std::vector<std::pair<double, double>>{{0, 1}, {-3.7, 91}, {1e-9, 2e-9}, {1e12, 3e12}}) {
      const auto ticks = axisTicks(low, high, 6, false);
      QVERIFY(ticks.size() >= 2 && ticks.size() <= 14);
      for (const double tick : ticks) QVERIFY(tick >= low - 1e-12 * high && tick <= high + 1e-12 * high);
    }
    QCOMPARE(axisTicks(0.5, 2000, 6, true), (std::vector<double>{1, 10, 100, 1000}));
  }

  void textCanBeRead() {
    for (const Theme* theme : {&Theme::darkTheme(), &Theme::lightTheme()})
      for (const uint32_t rgb :
           {0xFF9CF9u, 0xFFD500u, 0x0u, 0xFFFFFFu, 0x808080u, 0xB39DDBu, 0x00FF00u, 0x0000FFu})
        for (const QColor& background : {theme->window, theme->panel, theme->field})
          QVERIFY(contrast(readable(rgb, background), background) >= 4.5);
  }

  void plays() {
    int at = 0, rewound = 0;
    Playback playback(
        [&](int steps) {
          at += steps;
          return at < 10;
        },
        [&] {
          at = 0;
          ++rewound;
        });
    playback.setSpeed(100);
    playback.start();
    QVERIFY(playback.playing());
    QTRY_VERIFY_WITH_TIMEOUT(!playback.playing(), 3000);
    QVERIFY(at >= 10);
    playback.setLoop(true);
    at = 0;
    playback.start();
    QTRY_VERIFY_WITH_TIMEOUT(rewound >= 2, 5000);
    playback.stop();
    QVERIFY(!playback.playing());
    playback.setSpeed(NAN);
    QVERIFY(playback.speed() > 0);
    playback.setSpeed(1e9);
    QCOMPARE(playback.speed(), 1000.0);
    // A fast film takes more steps a tick, and as long as it should.
    int most = 0, fast = 0;
    Playback quick(
        [&](int steps) {
          most = std::max(most, steps);
          return (fast += steps) < 500;
        },
        [] {});
    quick.setSpeed(1000);
    QElapsedTimer clock;
    clock.start();
    quick.start();
    QTRY_VERIFY_WITH_TIMEOUT(!quick.playing(), 5000);
    QVERIFY(most > 1);
    QVERIFY(clock.elapsed() > 350);
  }
};

}  // namespace loom::editor

QTEST_MAIN(loom::editor::PlotsTest)
#include "plots_test.moc"
