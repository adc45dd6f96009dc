// The progress line, and times and sizes as text.
#include <torch/torch.h>

#include <QtTest>

#include "app/cli/duration.h"
#include "app/cli/progress_line.h"

using namespace loom;

namespace {

ZoneProgress zoneAt(const std::string& path, int64_t done, int64_t count, double perSecond, double now) {
  ZoneProgress zone;
  zone.path = path;
  zone.count = count;
  zone.done = done;
  zone.started = now - static_cast<double>(done) / perSecond;
  zone.pace.start(zone.started, 0);
  for (int64_t step = 1; step <= done; ++step)
    zone.pace.step(zone.started + static_cast<double>(step) / perSecond, step);
  return zone;
}

}  // namespace

class ProgressLineTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void oneZone() {
    const auto zone = zoneAt("sampling", 120, 250, 3.4, 1000);
    QCOMPARE(progressLine({zone}, {}, 1000, 100),
             std::string("sampling  [###########.............] 120/250  48%  3.4 steps/s  0:38 left"));
    QCOMPARE(progressLine({zone}, {}, 1010, 100),
             std::string("sampling  [###########.............] 120/250  48%  3.4 steps/s  0:28 left"));
  }
  void innerZonesAreCounters() {
    const auto outer = zoneAt("tokens", 3, 64, 0.5, 1000);
    ZoneProgress inner;
    inner.path = "head";
    inner.done = 34;
    inner.count = 100;
    QCOMPARE(progressLine({outer, inner}, {}, 1000, 200),
             std::string("tokens  [#.......................] 3/64  4%  2.0 s/step  2:02 left  head 34/100"));
  }
  void aFirstStepHasNoPaceYet() {
    ZoneProgress zone;
    zone.path = "sampling";
    zone.count = 250;
    zone.pace.start(1000, 0);
    QCOMPARE(progressLine({zone}, {}, 1005, 100),
             std::string("sampling  [........................] 0/250  0%"));
  }
  void theEndIsFull() {
    QCOMPARE(progressLine({zoneAt("x", 4, 4, 100, 10)}, {}, 10, 60),
             std::string("x  [##########] 4/4  100%  100 steps/s"));
  }
  void emptyLoops() {
    ZoneProgress zone;
    zone.path = "x";
    QCOMPARE(progressLine({zone}, {}, 10, 100), std::string("x  [........................] 0/0  "));
  }
  void fitsTheTerminal() {
    const auto zone = zoneAt("sämpling", 120, 250, 3.4, 1000);
    QCOMPARE(progressLine({zone}, {}, 1000, 10), std::string("sämpling  "));
    QCOMPARE(QString::fromStdString(progressLine({zone}, {}, 1000, 30)).size(), 30);
  }
  void longNodes() {
    QCOMPARE(progressLine({}, {"weights", 0, 0, 1000}, 1000.2, 100), std::string());
    QCOMPARE(progressLine({}, {"weights", 0, 0, 1000}, 1003, 100), std::string("weights  0:03"));
    QCOMPARE(progressLine({}, {"emoji", 5, 10, 1000}, 1003, 60),
             std::string("emoji  [#####.....] 50%  0:03"));
    QCOMPARE(progressLine({}, {}, 1003, 60), std::string());
  }
  void thePaceIsThatOfLate() {
    Pace pace;
    pace.start(0, 0);
    int64_t done = 0;
    for (double now = 1; now < 100; now += 1) pace.step(now, ++done);
    for (double now = 100; now < 160; now += 0.1) pace.step(now, ++done);
    QVERIFY(*pace.perSecond() > 9.5);
  }
  void finished() {
    const auto zone = zoneAt("sampling", 250, 250, 3.4, 1000);
    QCOMPARE(finishedLine(zone, 1000), std::string("sampling  250 steps in 1:14, 3.4 steps/s"));
  }

  void texts_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("wanted");
    const auto row = [](const std::string& text, const char* wanted) {
      QTest::newRow(wanted) << QString::fromStdString(text) << wanted;
    };
    row(clockText(0), "0:00");
    row(clockText(59.6), "1:00");
    row(clockText(3723), "1:02:03");
    row(durationText(0.034), "0.03 s");
    row(durationText(3.44), "3.4 s");
    row(durationText(125), "2:05");
    row(rateText(123.4), "123 steps/s");
    row(rateText(0.05), "20 s/step");
    row(rateText(0), "");
    row(sizeText(0), "0 B");
    row(sizeText(1536), "1.5 KiB");
    row(sizeText(uint64_t{3} << 30), "3.0 GiB");
    row(countText(999), "999");
    row(countText(1234), "1,234");
    row(countText(35'746'307), "35.7 M");
  }
  void texts() {
    QFETCH(QString, text);
    QFETCH(QString, wanted);
    QCOMPARE(text, wanted);
  }
};

QTEST_GUILESS_MAIN(ProgressLineTest)
#include "progress_line_test.moc"
