// Where NaN and infinity first appear is where the error stands: node, port, step, sample.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/test_nodes.h"

using namespace loom;

namespace {

// x <- 2 bad(3 x): the state is where NaN is seen, `bad` where it begins.
std::string graph(const std::string& middle, const std::string& last = "test.scale") {
  return "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[4,2],'fill':1}},"
         "'z':{'type':'zone','count':6,'state':{'x':{'init':'v.tensor','next':'last.tensor'}},'nodes':{"
         "'first':{'type':'test.scale','inputs':{'x':'z.x'},'params':{'by':3}},"
         "'bad':{'type':'test.nan','inputs':{'x':'first.tensor','step':'z.index'},'params':{'at':" +
         middle + "}},'last':{'type':'" + last +
         "','inputs':{'x':'bad.tensor'},'params':{'by':2}}}}},'outputs':{'x':{'from':'z.x'}}}";
}

struct Counter final : Observer {
  std::map<std::string, int> probes;
  int steps = 0;
  void probed(const ProbeEvent& event) override { ++probes[event.port]; }
  void stepFinished(const StepEvent&) override { ++steps; }
};

}  // namespace

class NotFiniteTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void theNodeIsNamed_data() {
    QTest::addColumn<int>("at");
    QTest::newRow("first step") << 0;
    QTest::newRow("fourth step") << 3;
    QTest::newRow("last step") << 5;
  }
  void theNodeIsNamed() {
    QFETCH(int, at);
    const std::string said = test::failure([&] { test::finish(graph(std::to_string(at))); });
    const std::string expected =
        "bad.tensor: gave 8 NaN and 0 infinite of 8 values, the first in sample 0 (at step " +
        std::to_string(at) + " of z). Its inputs are finite";
    QVERIFY2(said.starts_with(expected), said.c_str());
  }

  // Overflow counts as well: 1e30 cubed and more is infinite in float32.
  void infinity() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[2],'fill':1e30}},"
        "'z':{'type':'zone','count':6,'state':{'x':{'init':'v.tensor','next':'s.tensor'}},'nodes':{'s':{'"
        "type':'"
        "test.scale','inputs':{'x':'z.x'},'params':{'by':100000}}}}},'outputs':{'x':{'from':'z.x'}}}";
    const std::string said = test::failure([&] { test::finish(text); });
    QVERIFY2(said.starts_with(
                 "s.tensor: gave 0 NaN and 2 infinite of 2 values (at step 1 of z). Its inputs are finite"),
             said.c_str());
  }

  // Looking again is not a second run: nobody is told of that step twice.
  void nobodyIsToldTwice() {
    Counter counter;
    RunOptions options;
    options.observer = &counter;
    options.probes = {"first.tensor"};
    QVERIFY(!test::failure([&] { test::finish(graph("3"), options); }).empty());
    QCOMPARE(counter.probes["first.tensor"], 4);
    QCOMPARE(counter.steps, 3);
  }

  // What comes from outside of the zone is said to: the step that shows it is the first.
  void givenFromOutside() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[2],'fill':1}},'i':{'type':'"
        "test.whole'},"
        "'n':{'type':'test.nan','inputs':{'x':'v.tensor','step':'i.value'},'params':{'at':0}},"
        "'z':{'type':'zone','count':3,'state':{'x':{'init':'n.tensor','next':'s.tensor'}},'nodes':{'s':{'"
        "type':'"
        "test.scale','inputs':{'x':'z.x'}}}}},'outputs':{'x':{'from':'z.x'}}}";
    const std::string said = test::failure([&] { test::finish(text); });
    QVERIFY2(
        said.starts_with("s.tensor: gave 2 NaN") && said.find("It was given such by") != std::string::npos,
        said.c_str());
  }

  // A node that writes into its input's memory leaves nothing to look at again; the state is named then.
  void usedUp() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[2],'fill':1e38}},"
        "'z':{'type':'zone','count':6,'state':{'x':{'init':'v.tensor','next':'s.tensor'}},'nodes':{'s':{'"
        "type':'"
        "test.increase','inputs':{'x':'z.x'},'params':{'by':1e38}}}}},'outputs':{'x':{'from':'z.x'}}}";
    const std::string said = test::failure([&] { test::finish(text); });
    QVERIFY2(said.find("infinite of 2 values") != std::string::npos, said.c_str());
  }
};

QTEST_GUILESS_MAIN(NotFiniteTest)
#include "not_finite_test.moc"
