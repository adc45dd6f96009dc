// schedule.by_step through a graph: what a zone sees at each of its steps. Straight lines between whole
// numbers that binary fractions hold exactly, so equality is exact.
#include <QtTest>

#include "engine/graph/graph_file.h"
#include "engine/run/run.h"
#include "nodes/registry.h"

using namespace loom;

namespace {

std::vector<double> seen(const std::string& params) {
  const std::string text =
      R"({"noiseloom": 1, "nodes": {"z": {"type": "zone", "count": 9, "collect": {"v": {"from": "s.value"}},
      "nodes": {"s": {"type": "schedule.by_step", "params": )" +
      params + R"(, "inputs": {"index": "z.index"}}}}}, "outputs": {"v": {"from": "z.v"}}})";
  const auto plan = std::make_shared<const Plan>(
      compile(std::make_shared<const Document>(parseGraph(text)), registry(), CompileOptions{}));
  Run run(plan, {});
  run.execute();
  std::vector<double> values;
  for (const auto& frame : run.output("v").as<Recording>().frames) values.push_back(frame.value.as<Real>());
  return values;
}

}  // namespace

class ByStepTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void values_data() {
    QTest::addColumn<QString>("params");
    QTest::addColumn<QList<double>>("expected");
    QTest::newRow("one") << R"({"steps": [0], "values": [3]})" << QList<double>(9, 3.0);
    QTest::newRow("held") << R"({"steps": [2, 5], "values": [1, 4]})"
                          << QList<double>{1, 1, 1, 1, 1, 4, 4, 4, 4};
    QTest::newRow("a line") << R"({"steps": [2, 6], "values": [1, 3], "between": "linear"})"
                            << QList<double>{1, 1, 1, 1.5, 2, 2.5, 3, 3, 3};
  }
  void values() {
    QFETCH(QString, params);
    QFETCH(QList<double>, expected);
    QCOMPARE(seen(params.toStdString()), std::vector<double>(expected.begin(), expected.end()));
  }
  void refused_data() {
    QTest::addColumn<QString>("params");
    QTest::addColumn<QString>("message");
    QTest::newRow("too few") << R"({"steps": [0, 5], "values": [1]})"
                             << "1 numbers for 2 steps";
    QTest::newRow("falling") << R"({"steps": [5, 2], "values": [1, 2]})"
                             << "must rise";
    QTest::newRow("twice") << R"({"steps": [5, 5], "values": [1, 2]})"
                           << "must rise";
  }
  void refused() {
    QFETCH(QString, params);
    QFETCH(QString, message);
    try {
      seen(params.toStdString());
      QFAIL("was taken");
    } catch (const Error& error) {
      QVERIFY2(QString::fromStdString(error.full()).contains(message), error.full().c_str());
      QCOMPARE(error.node, std::string("s"));
    }
  }
};

QTEST_GUILESS_MAIN(ByStepTest)
#include "by_step_test.moc"
