// Hoisting, tables and merging change when and how often things are computed, and never what comes out.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/run/reference.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::calls;

namespace {

CompileOptions choice(int bits) {
  CompileOptions options;
  options.hoist = bits & 1;
  options.tabulate = bits & 2;
  options.merge = bits & 4;
  return options;
}

// A sampler in small: a network called with and without a condition, guidance, a step.
std::string sampler(int steps) {
  return "{'noiseloom':1,'nodes':{'net':{'type':'test.load'},'rungs':{'type':'test.ladder','params':{'size'"
         ":" +
         std::to_string(steps) +
         "}},'one':{'type':'test.constant','params':{'value':1}},'zone':{'type':'zone','over':{'t':'rungs."
         "ladder'},'state':{'x':{'init':'one.value','next':'step.result'}},'nodes':{"
         "'late':{'type':'test.add','inputs':{'a':'zone.t'},'params':{'b':0.5}},"
         "'scale':{'type':'test.multiply','inputs':{'a':'one.value'},'params':{'b':0.25}},"
         "'with':{'type':'test.net','inputs':{'net':'net.net','x':'zone.x','t':'late.result'}},"
         "'middle':{'type':'test.add','inputs':{'a':'with.y'}},"
         "'without':{'type':'test.net','inputs':{'net':'net.net','x':'shifted.result','t':'late.result'}},"
         "'shifted':{'type':'test.add','inputs':{'a':'zone.x'}},"
         "'step':{'type':'test.sum','inputs':{'terms':['middle.result','without.y','scale.result']}}}}},'"
         "outputs':{'end':{'from':'zone.x'}}}";
}

// One network in a row of calls: each round of a two-stage solver calls it twice, the second needs the first.
const char* const kTwoStages =
    "{'noiseloom':1,'nodes':{'net':{'type':'test.load'},'other':{'type':'test.load','params':{'w':2}},'z':{'"
    "type':'zone','count':3,'state':{'x':{'init':'c.value','next':'sum.result'}},'nodes':{"
    "'a1':{'type':'test.net','inputs':{'net':'net.net','x':'z.x'}},'b1':{'type':'test.net','inputs':{'net':'"
    "net.net','x':'z.x'},'params':{'t':1}},"
    "'m':{'type':'test.add','inputs':{'a':'a1.y','b':'b1.y'}},"
    "'o':{'type':'test.net','inputs':{'net':'other.net','x':'z.x'}},"
    "'a2':{'type':'test.net','inputs':{'net':'net.net','x':'m.result'}},'b2':{'type':'test.net','inputs':{'"
    "net':'net.net','x':'m.result'},'params':{'t':1}},"
    "'sum':{'type':'test.sum','inputs':{'terms':['a2.y','b2.y','o.y']}}}},'c':{'type':'test.constant','"
    "params':{'value':1}}},'outputs':{'end':{'from':'z.x'}}}";

}  // namespace

class PlanChoicesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { test::resetCalls(); }

  void theSameWhicheverIsChosen() {
    const double all = test::finish(sampler(7)).real("end");
    for (int bits = 0; bits < 7; ++bits)
      QCOMPARE(test::finish(sampler(7), {}, choice(bits)).real("end"), all);
  }
  void countsSayWhatWasDone_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("add");
    QTest::addColumn<int>("multiply");
    QTest::addColumn<int>("embed");
    QTest::addColumn<int>("embedAll");
    QTest::addColumn<int>("merged");
    const int n = 7;
    QTest::newRow("nothing") << 0 << 3 * n << n << 2 * n << 0 << 0;
    QTest::newRow("hoisted") << 1 << 3 * n << 1 << 2 * n << 0 << 0;
    // "late" and both embeddings depend on t alone; without hoisting "scale" depends on nothing and stays.
    QTest::newRow("tabled") << 2 << 3 * n << n << 0 << 2 << 0;
    QTest::newRow("merged") << 4 << 3 * n << n << 2 * n << 0 << n;
    QTest::newRow("all") << 7 << 3 * n << 1 << 0 << 2 << n;
  }
  void countsSayWhatWasDone() {
    QFETCH(int, bits);
    QFETCH(int, add);
    QFETCH(int, multiply);
    QFETCH(int, embed);
    QFETCH(int, embedAll);
    QFETCH(int, merged);
    test::finish(sampler(7), {}, choice(bits));
    QCOMPARE(calls("add"), int64_t{add});
    QCOMPARE(calls("multiply"), int64_t{multiply});
    QCOMPARE(calls("embed"), int64_t{embed});
    QCOMPARE(calls("embed.all"), int64_t{embedAll});
    QCOMPARE(calls("net"), int64_t{14});
    QCOMPARE(calls("net.merged"), int64_t{merged});
    QCOMPARE(calls("load"), int64_t{1});
  }
  void callsThatWaitForEachOtherAreNotMerged() {
    const double plain = test::finish(kTwoStages, {}, choice(0)).real("end");
    test::resetCalls();
    QCOMPARE(test::finish(kTwoStages).real("end"), plain);
    // Each step: a1 with b1, and o alone; then a2 with b2.
    QCOMPARE(calls("net"), int64_t{15});
    QCOMPARE(calls("net.merged"), int64_t{6});
  }
  void skippableCallsAreNotMerged() {
    std::string text = sampler(4);
    text.replace(text.find("'without':{"), 11,
                 "'no':{'type':'test.less','inputs':{'a':'zone.index'}},'without':{'when':'no.holds',");
    const double plain = test::finish(text, {}, choice(0)).real("end");
    test::resetCalls();
    QCOMPARE(test::finish(text).real("end"), plain);
    QCOMPARE(calls("net.merged"), int64_t{0});
  }

  // More steps than a table may have: the same values, made step by step.
  void tooManyStepsForATable() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'c':{'type':'test.constant'},'z':{'type':'zone','count':100001,'state':{'x':"
        "{'init':'c.value','next':'a.result'}},'nodes':{"
        "'late':{'type':'test.add','inputs':{'a':'z.index'}},'a':{'type':'test.add','inputs':{'a':'z.x','b':'"
        "late.result'}}}}},'outputs':{'end':{'from':'z.x'}}}";
    QCOMPARE(test::finish(text).real("end"), 100001.0 * 100002.0 / 2);
  }
  // An inner table that reads what the outer zone has in a table of its own.
  void tablesInsideTables() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'net':{'type':'test.load'},'c':{'type':'test.constant'},'z':{'type':'zone','"
        "count':4,'state':{'x':{'init':'c.value','next':'i.y'}},'nodes':{"
        "'outerOnly':{'type':'test.add','inputs':{'a':'z.index'},'params':{'b':10}},"
        "'i':{'type':'zone','count':9,'state':{'y':{'init':'z.x','next':'a.result'}},'nodes':{"
        "'both':{'type':'test.add','inputs':{'a':'i.index','b':'outerOnly.result'}},"
        "'n':{'type':'test.net','inputs':{'net':'net.net','x':'i.y','t':'both.result'}},"
        "'a':{'type':'test.add','inputs':{'a':'n.y','b':'both.result'}}}}}}},'outputs':{'end':{'from':'z.x'}}"
        "}";
    double x = 0;
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 9; ++j) {
        const double t = j + (i + 10.0);
        x = (0.5 * x + 0.5 * std::sin(t)) + t;
      }
    QCOMPARE(test::finish(text, {}, choice(0)).real("end"), x);
    test::resetCalls();
    QCOMPARE(test::finish(text).real("end"), x);
    QCOMPARE(calls("embed.all"), int64_t{4});
  }
  // A table that no outer step changes is made once.
  void aTableLeavesTheZoneAround() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'net':{'type':'test.load'},'c':{'type':'test.constant'},'z':{'type':'zone','"
        "count':4,'state':{'x':{'init':'c.value','next':'i.y'}},'nodes':{"
        "'i':{'type':'zone','count':9,'state':{'y':{'init':'z.x','next':'n.y'}},'nodes':{"
        "'n':{'type':'test.net','inputs':{'net':'net.net','x':'i.y','t':'i.index'}}}}}}},'outputs':{'end':{'"
        "from':'z.x'}}}";
    const double plain = test::finish(text, {}, choice(0)).real("end");
    test::resetCalls();
    QCOMPARE(test::finish(text).real("end"), plain);
    QCOMPARE(calls("embed.all"), int64_t{1});
  }
  void noStepsNoTable() {
    test::finish(
        "{'noiseloom':1,'nodes':{'net':{'type':'test.load'},'c':{'type':'test.constant'},'z':{'type':'zone','"
        "count':0,'state':{'x':{'init':'c.value','next':'n.y'}},'nodes':{'n':{'type':'test.net','inputs':{'"
        "net':'net.net','x':'z.x','t':'z.index'}}}}},'outputs':{'end':{'from':'z.x'}}}");
    QCOMPARE(calls("embed.all") + calls("embed") + calls("net"), int64_t{0});
  }

  void randomGraphs_data() {
    QTest::addColumn<bool>("tensors");
    QTest::newRow("numbers") << false;
    QTest::newRow("tensors") << true;
  }
  void randomGraphs() {
    QFETCH(bool, tensors);
    for (uint64_t seed = 1'000; seed < 1'120; ++seed) {
      const test::RandomGraph random = test::randomGraph(seed, tensors);
      std::vector<double> first;
      for (int bits = 0; bits < 8; ++bits) {
        const test::Finished done = test::finish(random.text, {}, choice(bits));
        for (size_t i = 0; i < random.numbers.size(); ++i) {
          const Value& value = done.value("o" + std::to_string(i));
          const double number = value.empty() ? -12345.0
                                : tensors     ? value.as<at::Tensor>().item<double>()
                                              : value.as<Real>();
          if (bits == 0) first.push_back(number);
          QVERIFY2(number == first[i] || std::isnan(number),
                   (std::to_string(seed) + " " + std::to_string(bits) + " " + random.numbers[i] + "\n" +
                    random.text)
                       .c_str());
        }
      }
    }
  }
};

QTEST_GUILESS_MAIN(PlanChoicesTest)
#include "plan_choices_test.moc"
