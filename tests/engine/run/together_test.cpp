// Runs in step with one another: each as it is alone, calls of one network joined.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "engine/run/together.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using test::calls;

namespace {

// `steps` times x <- net(x, t) + noise; with `guided` the network is asked twice a step.
std::string graph(int seed, int steps = 5, bool guided = false, double weight = 0.5) {
  std::string nodes =
      "'n':{'type':'test.load','params':{'w':" + std::to_string(weight) +
      "}},'c':{'type':'test.constant','params':{'value':2}},'l':{'type':'test.ladder','params':{'size':" +
      std::to_string(steps) +
      "}},'z':{'type':'zone','over':{'t':'l.ladder'},'state':{'x':{'init':'c.value','next':'plus.result'}},"
      "'nodes':{'net':{'type':'test.net','inputs':{'net':'n.net','x':'z.x','t':'z.t'}},";
  if (guided) nodes += "'net2':{'type':'test.net','inputs':{'net':'n.net','x':'noise.value','t':'z.t'}},";
  nodes += "'noise':{'type':'test.noise','params':{'seed':" + std::to_string(seed) +
           "}},'sum':{'type':'test.add','inputs':{'a':'net.y','b':'" + (guided ? "net2.y" : "noise.value") +
           "'}},'plus':{'type':'test.add','inputs':{'a':'sum.result','b':'noise.value'}}}}";
  return "{'noiseloom':1,'nodes':{" + nodes + "},'outputs':{'x':{'from':'z.x'}}}";
}

struct Several {
  Cache cache;
  std::vector<std::unique_ptr<Run>> runs;
  void add(const std::string& text, RunOptions options = {}) {
    options.cache = &cache;
    runs.push_back(std::make_unique<Run>(test::planOf(text), std::move(options)));
  }
};

std::string said(const std::exception_ptr& failure) {
  return test::failure([&] { std::rethrow_exception(failure); });
}

}  // namespace

class TogetherTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { test::resetCalls(); }

  void eachAsItIsAlone_data() {
    QTest::addColumn<int>("runs");
    QTest::addColumn<bool>("guided");
    for (int runs : {1, 2, 7, 64})
      for (bool guided : {false, true})
        QTest::addRow("%d runs%s", runs, guided ? ", guided" : "") << runs << guided;
  }
  void eachAsItIsAlone() {
    QFETCH(int, runs);
    QFETCH(bool, guided);
    std::vector<double> alone;
    for (int seed = 0; seed < runs; ++seed) alone.push_back(test::finish(graph(seed, 5, guided)).real("x"));
    test::resetCalls();
    Several several;
    for (int seed = 0; seed < runs; ++seed) several.add(graph(seed, 5, guided));
    for (const auto& failure : executeTogether(several.runs)) QVERIFY(!failure);
    for (int seed = 0; seed < runs; ++seed)
      QCOMPARE(several.runs[static_cast<size_t>(seed)]->output("x").as<Real>(),
               alone[static_cast<size_t>(seed)]);
    QCOMPARE(calls("net"), int64_t{5 * runs * (guided ? 2 : 1)});
    // Alone nothing is joined but the two calls of a guided step; together each step is one call.
    if (runs > 1) QCOMPARE(calls("net.merged"), int64_t{5});
    QVERIFY(c10::GradMode::is_enabled());
  }

  // The shortest ends, the others go on; those of another network make a batch of their own.
  void ofDifferentLengthsAndNetworks() {
    Several several;
    std::vector<double> alone;
    for (int i = 0; i < 6; ++i) {
      const std::string text = graph(i, 3 + i, false, i % 2 ? 0.5 : 0.25);
      alone.push_back(test::finish(text).real("x"));
      several.add(text);
    }
    for (const auto& failure : executeTogether(several.runs)) QVERIFY(!failure);
    for (size_t i = 0; i < 6; ++i) QCOMPARE(several.runs[i]->output("x").as<Real>(), alone[i]);
  }

  void oneThatFailsLeavesTheOthers() {
    Several several;
    std::vector<double> alone;
    for (int i = 0; i < 4; ++i) alone.push_back(test::finish(graph(i, 12, false, 3)).real("x"));
    for (int i = 0; i < 4; ++i) several.add(graph(i, 12, false, 3));
    several.add(graph(9, 12, false, 13));  // grows past what this network bears
    const auto failures = executeTogether(several.runs);
    for (size_t i = 0; i < 4; ++i) {
      QVERIFY(!failures[i]);
      QCOMPARE(several.runs[i]->output("x").as<Real>(), alone[i]);
    }
    QVERIFY(failures[4]);
    QVERIFY2(said(failures[4]).starts_with("net.x: is beyond this network (at step"),
             said(failures[4]).c_str());
  }

  // The joint call fails, so each makes its own: the healthy ones of the same network finish.
  void oneOfAJointCallFails() {
    Several several;
    several.add(graph(1, 2, false, 13));
    several.add(graph(1, 12, false, 13));
    const auto failures = executeTogether(several.runs);
    QVERIFY(!failures[0]);
    QVERIFY(failures[1]);
  }

  void eachIsStoppedByItself() {
    Several several;
    CancelToken cancel;
    struct StopAtTwo final : Observer {
      CancelToken* cancel = nullptr;
      void stepFinished(const StepEvent& event) override {
        if (event.done == 2) cancel->request();
      }
    } stop;
    stop.cancel = &cancel;
    RunOptions options;
    options.observer = &stop;
    options.cancel = &cancel;
    several.add(graph(1), options);
    several.add(graph(2));
    const auto failures = executeTogether(several.runs);
    QVERIFY(failures[0]);
    QVERIFY_EXCEPTION_THROWN(std::rethrow_exception(failures[0]), Cancelled);
    QVERIFY(!failures[1]);
  }

  void sharedWorkIsDoneOnce() {
    Several several;
    for (int seed = 0; seed < 5; ++seed) several.add(graph(seed));
    executeTogether(several.runs);
    QCOMPARE(calls("load"), int64_t{1});
  }
};

QTEST_GUILESS_MAIN(TogetherTest)
#include "together_test.moc"
