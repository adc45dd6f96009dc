// Large graphs: compiling takes time in proportion, and no recursion along a chain. Times are printed; the
// bounds are some ten times what an ordinary machine needs, and far below what a quadratic compiler would.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/test_nodes.h"

using namespace loom;

namespace {

std::string graph(const std::string& nodes, const std::string& from) {
  return "{'noiseloom':1,'nodes':{" + nodes + "},'outputs':{'end':{'from':'" + from + "'}}}";
}
std::string id(const char* prefix, int i) { return prefix + std::to_string(i); }

std::string chainOf(int count) {
  std::string nodes = "'n0':{'type':'test.constant'}";
  for (int i = 1; i < count; ++i)
    nodes += ",'" + id("n", i) + "':{'type':'test.add','inputs':{'a':'" + id("n", i - 1) +
             (i == 1 ? ".value" : ".result") + "'}}";
  return graph(nodes, id("n", count - 1) + ".result");
}
// Every node reads two that stand anywhere before it.
std::string tangle(int count) {
  std::string nodes = "'n0':{'type':'test.add'},'n1':{'type':'test.add'}";
  for (int i = 2; i < count; ++i)
    nodes += ",'" + id("n", i) + "':{'type':'test.add','inputs':{'a':'" + id("n", (i * 7) % i) +
             ".result','b':'" + id("n", i - 1 - (i * 31) % (i < 50 ? i : 50)) + ".result'}}";
  return graph(nodes, id("n", count - 1) + ".result");
}
std::string zonesInARow(int count) {
  std::string nodes = "'s':{'type':'test.constant'}";
  for (int i = 0; i < count; ++i) {
    const std::string z = id("z", i), a = id("a", i);
    nodes += ",'" + z + "':{'type':'zone','count':1,'state':{'x':{'init':'" +
             (i ? id("z", i - 1) + ".x" : "s.value") + "','next':'" + a + ".result'}},'nodes':{'" + a +
             "':{'type':'test.add','inputs':{'a':'" + z + ".x'}}}}";
  }
  return graph(nodes, id("z", count - 1) + ".x");
}
// One zone that holds all of it, and a state that many read.
std::string bodyOf(int count) {
  std::string nodes =
      "'s':{'type':'test.constant'},'z':{'type':'zone','count':2,'state':{'x':{'init':'s.value','next':'" +
      id("n", count - 1) + ".result'}},'nodes':{";
  for (int i = 0; i < count; ++i)
    nodes += (i ? ",'" : "'") + id("n", i) + "':{'type':'test.add','inputs':{'a':'z.x','b':'" +
             (i ? id("n", i - 1) + ".result" : "z.index") + "'}}";
  return graph(nodes + "}}", "z.x");
}
// Calls of one network, each waiting for the one before: none may be merged, and that must not be tried pair
// by pair.
std::string netsInARow(int count) {
  std::string nodes = "'net':{'type':'test.load'},'s':{'type':'test.constant'}";
  for (int i = 0; i < count; ++i)
    nodes += ",'" + id("n", i) + "':{'type':'test.net','inputs':{'net':'net.net','x':'" +
             (i ? id("n", i - 1) + ".y" : "s.value") + "'}}";
  return graph(nodes, id("n", count - 1) + ".y");
}
std::string netsSideBySide(int count) {
  std::string nodes = "'net':{'type':'test.load'},'sum':{'type':'test.sum','inputs':{'terms':[";
  for (int i = 0; i < std::min(count, 10'000); ++i) nodes += (i ? ",'" : "'") + id("n", i) + ".y'";
  nodes += "]}}";
  for (int i = 0; i < count; ++i)
    nodes += ",'" + id("n", i) +
             "':{'type':'test.net','inputs':{'net':'net.net'},'params':{'x':" + std::to_string(i) + "}}";
  return graph(nodes, "sum.result");
}

}  // namespace

class LargeGraphsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void compiled_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("mostMilliseconds");
    const auto row = [](const char* name, const std::string& text, int most) {
      QTest::newRow(name) << QByteArray::fromStdString(text) << most;
    };
    row("10,000 in a chain", chainOf(10'000), 3'000);
    row("10,000 in a tangle", tangle(10'000), 3'000);
    row("10,000 in one zone", bodyOf(10'000), 3'000);
    row("5,000 zones", zonesInARow(5'000), 3'000);
    row("10,000 calls in a row", netsInARow(10'000), 3'000);
    row("10,000 calls side by side", netsSideBySide(10'000), 3'000);
    row("200,000 in a chain", chainOf(200'000), 30'000);
    row("100,000 zones", zonesInARow(99'000), 30'000);
  }
  void compiled() {
    QFETCH(QByteArray, text);
    QFETCH(int, mostMilliseconds);
    QElapsedTimer timer;
    timer.start();
    const auto document = test::document(text.toStdString());
    const qint64 read = timer.restart();
    const auto plan = std::make_shared<const Plan>(compile(document, test::registry(), {}));
    const qint64 planned = timer.restart();
    Run run(plan, {});
    run.execute();
    const qint64 ran = timer.elapsed();
    qInfo("%s: read %lld ms, compiled %lld ms, run %lld ms", QTest::currentDataTag(),
          static_cast<long long>(read), static_cast<long long>(planned), static_cast<long long>(ran));
    QVERIFY2(planned < mostMilliseconds, "compiling is too slow");
    QVERIFY2(read + ran < mostMilliseconds, "reading and running are too slow");
  }
  // Twice the size takes about twice the time: 3.5 allows for caches that no longer hold it.
  void timeGrowsInProportion_data() {
    QTest::addColumn<int>("kind");
    QTest::newRow("chain") << 0;
    QTest::newRow("tangle") << 1;
    QTest::newRow("one zone") << 2;
    QTest::newRow("zones") << 3;
    QTest::newRow("calls in a row") << 4;
  }
  void timeGrowsInProportion() {
    QFETCH(int, kind);
    const auto make = std::array<std::string (*)(int), 5>{chainOf, tangle, bodyOf, zonesInARow,
                                                          netsInARow}[static_cast<size_t>(kind)];
    const auto seconds = [&](int count) {
      const auto document = test::document(make(count));
      qint64 best = INT64_MAX;
      for (int i = 0; i < 3; ++i) {
        QElapsedTimer timer;
        timer.start();
        compile(document, test::registry(), {});
        best = std::min(best, timer.nsecsElapsed());
      }
      return static_cast<double>(best) * 1e-9;
    };
    const double small = seconds(8'000), large = seconds(32'000);
    qInfo("%s: 8,000 in %.0f ms, 32,000 in %.0f ms", QTest::currentDataTag(), small * 1e3, large * 1e3);
    QVERIFY2(large < small * 4 * 3.5, "four times the nodes took more than fourteen times as long");
  }
  void manyExposedNames() {
    std::string text = chainOf(20'000);
    text.pop_back();
    text += ",'inputs':{";
    for (int i = 1; i < 20'000; ++i)
      text += (i > 1 ? ",'e" : "'e") + std::to_string(i) + "':{'to':['n" + std::to_string(i) + ".b']}";
    QElapsedTimer timer;
    timer.start();
    test::planOf(text + "}}");
    QVERIFY(timer.elapsed() < 10'000);
  }
};

QTEST_GUILESS_MAIN(LargeGraphsTest)
#include "large_graphs_test.moc"
