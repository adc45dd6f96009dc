#include <ATen/ATen.h>

#include <QtTest>

#include "nodes/plots/axis.h"
#include "nodes/plots/line_plot.h"
#include "nodes/plots/series.h"
#include "nodes/types/types.h"
#include "tests/nodes/images/node_call.h"

namespace loom {
NodeType seriesAppend();
}  // namespace loom

using namespace loom;

namespace {

QString texts(const Axis& axis) {
  QString all;
  for (const Tick& tick : axis.ticks) all += QString::fromStdString(tick.text) + " ";
  return all.trimmed();
}

Series line(const std::string& name, std::vector<double> y) {
  Series series{.name = name, .x = {}, .y = std::move(y)};
  for (size_t i = 0; i < series.y.size(); ++i) series.x.push_back(static_cast<double>(i));
  return series;
}

}  // namespace

class PlotsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void ticks_data() {
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::addColumn<int>("scale");
    QTest::addColumn<QString>("expected");
    QTest::newRow("unit") << 0.0 << 1.0 << 0 << "0 0.2 0.4 0.6 0.8 1.0";
    QTest::newRow("below zero") << -1.0 << 1.0 << 0 << "-1.0 -0.5 0 0.5 1.0";
    QTest::newRow("thousands") << 0.0 << 20000.0 << 0 << "0 5000 10k 15k 20k";
    QTest::newRow("millions") << 0.0 << 5e6 << 0 << "0 1M 2M 3M 4M 5M";
    QTest::newRow("tiny") << 0.0 << 5e-5 << 0 << "0 1e-5 2e-5 3e-5 4e-5 5e-5";
    QTest::newRow("far from zero") << 100.1 << 100.4 << 0 << "100.1 100.2 100.3 100.4";
    QTest::newRow("no extent") << 2.0 << 2.0 << 0 << "1.8 1.9 2.0 2.1 2.2";
    QTest::newRow("decades") << 0.001 << 10.0 << 1 << "0.001 0.01 0.1 1 10";
    QTest::newRow("within a decade") << 0.03 << 0.3 << 1 << "0.05 0.1 0.2";
  }
  void ticks() {
    QFETCH(double, low);
    QFETCH(double, high);
    QFETCH(int, scale);
    QFETCH(QString, expected);
    QCOMPARE(texts(axisFor(low, high, static_cast<Scale>(scale), 5)), expected);
  }

  void places() {
    const Axis linear = axisFor(0, 10, Scale::linear, 5), logs = axisFor(0.01, 100, Scale::logarithmic, 5);
    QCOMPARE(linear.place(5), 0.5);
    QVERIFY(std::abs(logs.place(1) - 0.5) < 1e-12);
    QVERIFY(std::isnan(logs.place(-1)));
  }

  void runningMeans() {
    const std::vector<double> means = runningMean({1, 3, NAN, 5, 10}, 3);
    const std::vector<double> expected{1, 2, 4, 7.5, 10};
    for (size_t i = 0; i < means.size(); ++i) QCOMPARE(means[i], expected[i]);
  }

  void aCurveIsWhereItShouldBe() {
    // y = x over 0..10, 400 x 300: the colour of the first curve on the diagonal, paper beside it.
    const at::Tensor picture =
        linePlot({line("", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})}, {.width = 400, .height = 300});
    QCOMPARE(picture.sizes().vec(), (std::vector<int64_t>{3, 300, 400}));
    QVERIFY(picture.min().item<float>() >= 0 && picture.max().item<float>() <= 1);
    const at::Tensor blue = (picture[2] - picture[0]) > 0.3;
    QVERIFY(blue.any().item<bool>());
    const at::Tensor places = blue.nonzero().to(at::kDouble);
    const at::Tensor y = places.select(1, 0), x = places.select(1, 1);
    const at::Tensor correlation = at::corrcoef(at::stack({x, y}));
    QVERIFY(correlation[0][1].item<double>() < -0.999);
  }

  void oddData_data() {
    QTest::addColumn<int>("which");
    for (int i = 0; i < 6; ++i) QTest::addRow("%d", i) << i;
  }
  void oddData() {
    QFETCH(int, which);
    const std::vector<std::vector<double>> cases{
        {}, {1}, {2, 2, 2}, {NAN, NAN}, {1, INFINITY, 3}, {-1, 0, 1e-300, 1e300}};
    for (const Scale scale : {Scale::linear, Scale::logarithmic}) {
      const at::Tensor picture = linePlot({line("odd", cases[static_cast<size_t>(which)])},
                                          {.y = scale, .smooth = which % 2 ? 3 : 1, .title = "Odd"});
      QVERIFY(picture.isfinite().all().item<bool>());
    }
    QCOMPARE(linePlot({}, {}).size(0), int64_t{3});
  }

  void refusals() {
    QVERIFY_THROWS_EXCEPTION(Error, linePlot({{.name = "", .x = {1, 2}, .y = {1}}}, {}));
    QVERIFY_THROWS_EXCEPTION(Error, linePlot({}, {.width = 5}));
    QVERIFY_THROWS_EXCEPTION(Error, numberOf(Value::of<at::Tensor>(at::zeros({2}))));
    QVERIFY_THROWS_EXCEPTION(Error, numberOf(Value()));
  }

  void recordings() {
    Recording recording;
    recording.frames = {{{0}, Value::of<Real>(1.5)},
                        {{10}, Value::of<at::Tensor>(at::full({}, 2.5f))},
                        {{20}, Value::of<Int>(3)}};
    const Series series = seriesOf(recording, "loss");
    QCOMPARE(series.x, (std::vector<double>{0, 10, 20}));
    QCOMPARE(series.y, (std::vector<double>{1.5, 2.5, 3}));
  }

  void csv() {
    const Series a{.name = "a", .x = {0, 2}, .y = {0.1, 1e-30}},
        b{.name = "b, \"quoted\"", .x = {1, 2}, .y = {3, 4}};
    QCOMPARE(QString::fromStdString(csvOf({a, b})),
             QString("x,a,\"b, \"\"quoted\"\"\"\n0,0.1,\n1,,3\n2,1e-30,4\n"));
  }

  void appending() {
    test::NodeCall call(seriesAppend());
    call.set("series", line("s", {5, 6})).set("y", Real(7)).param("x", 2);
    const Series longer = call.run().at("series").as<Series>();
    QCOMPARE(longer.y, (std::vector<double>{5, 6, 7}));
    call.param("every", 10);
    QCOMPARE(call.run().at("series").as<Series>().y.size(), size_t{2});
  }

  void savedSeries() {
    const TypeInfo& type = typeOf<Series>();
    const Value back = type.load(type.save(Value::of(line("loss", {1.25, NAN, 1e-40}))));
    QCOMPARE(back.as<Series>().name, std::string("loss"));
    QCOMPARE(back.as<Series>().y[2], 1e-40);
    QVERIFY_THROWS_EXCEPTION(Error, type.load(Archive{}));
  }
};

QTEST_GUILESS_MAIN(PlotsTest)
#include "plots_test.moc"
