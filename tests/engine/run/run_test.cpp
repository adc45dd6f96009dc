// Runs: loops against the same loops by hand, skipping, stopping early, collecting, watching, failing.
#include <ATen/ATen.h>

#include <QtTest>
#include <thread>

#include "engine/core/text.h"
#include "tests/engine/run/reference.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::failure;
using loom::test::finish;
using loom::test::planOf;

namespace {

std::string graph(const std::string& nodes, const std::string& outputs) {
  std::string all;
  for (const QString& output : QString::fromStdString(outputs).split(' ', Qt::SkipEmptyParts))
    all += (all.empty() ? "'" : ",'") + output.toStdString() + "':{'from':'" +
           QString(output).replace('_', '.').toStdString() + "'}";
  return "{'noiseloom':1,'nodes':{'one':{'type':'test.constant','params':{'value':1}},'rungs':{'type':'test."
         "ladder','params':{'size':4,'start':2}}," +
         nodes + "},'outputs':{" + all + "}}";
}

std::vector<double> numbersOf(const Value& recording) {
  std::vector<double> all;
  for (const auto& frame : recording.as<Recording>().frames) all.push_back(frame.value.as<Real>());
  return all;
}
std::vector<int64_t> stepsOf(const Value& recording) {
  std::vector<int64_t> all;
  for (const auto& frame : recording.as<Recording>().frames) all.push_back(frame.iteration.back());
  return all;
}

struct Seen : Observer {
  struct Probe {
    std::string port;
    std::vector<int64_t> iteration;
    Value value;
  };
  std::vector<Probe> probes;
  std::vector<std::string> events;
  bool everyNode = false;
  CancelToken* stopAfter = nullptr;
  void probed(const ProbeEvent& e) override {
    probes.push_back({e.port, {e.iteration.begin(), e.iteration.end()}, e.value});
  }
  void zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) override {
    events.push_back("start " + path + " " + std::to_string(first) + "/" + std::to_string(count) + " depth " +
                     std::to_string(depth));
  }
  void stepFinished(const StepEvent& e) override {
    events.push_back("step " + e.zone + " " + std::to_string(e.done) + "/" + std::to_string(e.count) +
                     " of " + std::to_string(e.iteration.size()));
    if (stopAfter && e.done == 3) stopAfter->request();
  }
  void zoneFinished(const std::string& path, int) override { events.push_back("end " + path); }
  void nodeStarted(const std::string& path) override { events.push_back("node " + path); }
  bool wantsEveryNode() const override { return everyNode; }
  std::vector<double> numbers(const std::string& port) const {
    std::vector<double> all;
    for (const Probe& probe : probes)
      if (probe.port == port)
        all.push_back(probe.value.is<Int>() ? static_cast<double>(probe.value.as<Int>())
                                            : probe.value.as<Real>());
    return all;
  }
};

const char* const kNested =
    "'outer':{'type':'zone','over':{'t':'rungs.ladder'},"
    "'state':{'x':{'init':'one.value','next':'inner.y'},'sum':{'init':'one.value','next':'add.result'}},"
    "'collect':{'h':{'from':'inner.y'}},'nodes':{"
    "'inner':{'type':'zone','count':3,'state':{'y':{'init':'outer.x','next':'m.result'}},'nodes':{"
    "'n':{'type':'test.noise','params':{'seed':5}},'p':{'type':'test.add','inputs':{'a':'inner.index','b':'"
    "outer.t'}},"
    "'q':{'type':'test.multiply','inputs':{'a':'p.result','b':'n.value'}},'m':{'type':'test.add','inputs':{'"
    "a':'inner.y','b':'q.result'}}}},"
    "'add':{'type':'test.add','inputs':{'a':'outer.sum','b':'outer.x'}}}}";

}  // namespace

class RunTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void nestedZonesAgainstTheLoopByHand() {
    double x = 1, sum = 1;
    std::vector<double> history;
    for (int64_t i = 0; i < 4; ++i) {
      const double t = 2 + static_cast<double>(i);
      double y = x;
      for (int64_t j = 0; j < 3; ++j)
        y = y + (static_cast<double>(j) + t) * test::noiseAt(5, std::array{i, j});
      sum = sum + x;
      x = y;
      history.push_back(y);
    }
    const auto done = finish(graph(kNested, "outer_x outer_sum outer_h"));
    QCOMPARE(done.real("outer_x"), x);
    QCOMPARE(done.real("outer_sum"), sum);
    QCOMPARE(numbersOf(done.value("outer_h")), history);
  }
  void statesChangeAtOnce() {
    const auto done =
        finish(graph("'two':{'type':'test.constant','params':{'value':2}},'z':{'type':'zone','count':3,'"
                     "state':{'a':{'init':'one.value','next':'z.b'},'b':{'init':'two.value','next':'z.a'}}}",
                     "z_a z_b"));
    QCOMPARE(done.real("z_a"), 2.0);
    QCOMPARE(done.real("z_b"), 1.0);
  }
  void zeroSteps() {
    const auto done = finish(
        graph("'z':{'type':'zone','count':0,'state':{'x':{'init':'one.value','next':'a.result'}},'collect':{'"
              "h':{'from':'a.result'}},'nodes':{'a':{'type':'test.add','inputs':{'a':'z.x'}}}}",
              "z_x z_h"));
    QCOMPARE(done.real("z_x"), 1.0);
    QVERIFY(done.value("z_h").as<Recording>().frames.empty());
  }
  void countFromALink() {
    QCOMPARE(finish(graph("'n':{'type':'test.whole','params':{'value':6}},'z':{'type':'zone','count':'n."
                          "value','state':{'x':{'init':'one.value','next':'a.result'}},'nodes':{'a':{'type':'"
                          "test.add','inputs':{'a':'z.x'}}}}",
                          "z_x"))
                 .real("z_x"),
             7.0);
    const std::string said = failure([] {
      finish(
          graph("'n':{'type':'test.whole','params':{'value':-5}},'z':{'type':'zone','count':'n.value','"
                "state':{'x':{'init':'one.value','next':'z.x'}}}",
                "z_x"));
    });
    QVERIFY2(QString::fromStdString(said).startsWith("z.count: -5 steps: a zone takes from 0 to"),
             said.c_str());
  }
  void sequencesOfDifferentLengths() {
    const std::string said = failure([] {
      finish(
          graph("'more':{'type':'test.ladder','params':{'size':5}},'z':{'type':'zone','over':{'a':'rungs."
                "ladder','b':'more.ladder'},'state':{'x':{'init':'one.value','next':'z.a'}}}",
                "z_x"));
    });
    QCOMPARE(said, std::string("z.b: has 5 elements where the others have 4"));
  }
  void overATensor() {
    const auto done = finish(
        "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[5,2],'fill':3}},'b':{'type':'"
        "test.tensor','params':{'shape':[2]}},"
        "'z':{'type':'zone','over':{'row':'v.tensor'},'state':{'x':{'init':'b.tensor','next':'s.tensor'}},'"
        "nodes':{'s':{'type':'test.scale','inputs':{'x':'z.row'},'params':{'by':2}}}}},'outputs':{'end':{'"
        "from':'z.x'}}}");
    QVERIFY(done.value("end").as<at::Tensor>().equal(at::full({2}, 6.0f)));
  }

  void stoppingEarly_data() {
    QTest::addColumn<double>("bound");
    QTest::addColumn<double>("end");
    QTest::addColumn<int>("frames");
    QTest::newRow("after the first step") << 0.0 << 2.0 << 1;
    QTest::newRow("in between") << 4.5 << 5.0 << 4;
    QTest::newRow("never") << 1000.0 << 11.0 << 10;
  }
  void stoppingEarly() {
    QFETCH(double, bound);
    QFETCH(double, end);
    QFETCH(int, frames);
    const auto done =
        finish(graph("'z':{'type':'zone','count':10,'until':'far.holds','state':{'x':{'init':'one.value','"
                     "next':'a.result'}},'collect':{'h':{'from':'a.result'}},'nodes':{'a':{'type':'test.add',"
                     "'inputs':{'a':'z.x'}},'far':{'type':'test.less','params':{'a':" +
                         std::to_string(bound) + "},'inputs':{'b':'a.result'}}}}",
                     "z_x z_h"));
    QCOMPARE(done.real("z_x"), end);
    QCOMPARE(done.value("z_h").as<Recording>().frames.size(), static_cast<size_t>(frames));
  }

  void collectingEveryFew_data() {
    QTest::addColumn<int>("every");
    QTest::addColumn<int>("count");
    QTest::addColumn<QList<int>>("steps");
    QTest::newRow("all") << 1 << 4 << QList<int>{0, 1, 2, 3};
    QTest::newRow("every third, and the last") << 3 << 8 << QList<int>{0, 3, 6, 7};
    QTest::newRow("the last is one of them") << 3 << 7 << QList<int>{0, 3, 6};
    QTest::newRow("more than there are") << 100 << 5 << QList<int>{0, 4};
    QTest::newRow("one step") << 5 << 1 << QList<int>{0};
  }
  void collectingEveryFew() {
    QFETCH(int, every);
    QFETCH(int, count);
    QFETCH(QList<int>, steps);
    const auto done =
        finish(graph("'z':{'type':'zone','count':" + std::to_string(count) +
                         ",'state':{'x':{'init':'one.value','next':'a.result'}},'collect':{'h':{'from':'a."
                         "result','every':" +
                         std::to_string(every) + "}},'nodes':{'a':{'type':'test.add','inputs':{'a':'z.x'}}}}",
                     "z_h"));
    const std::vector<int64_t> expected(steps.begin(), steps.end());
    QCOMPARE(stepsOf(done.value("z_h")), expected);
    for (const auto& frame : done.value("z_h").as<Recording>().frames)
      QCOMPARE(frame.value.as<Real>(), 2.0 + static_cast<double>(frame.iteration[0]));
  }

  // --- when ---

  void skippedNodesAndWhatDependsOnThem() {
    test::resetCalls();
    const auto done =
        finish(graph("'no':{'type':'test.flag'},'yes':{'type':'test.flag','params':{'value':true}},'a':{'"
                     "type':'test.add','when':'no.value'},'b':{'type':'test.add','inputs':{'a':'a.result'}},"
                     "'r':{'type':'test.record','inputs':{'value':'b.result'}},'c':{'type':'test.add','when':"
                     "'yes.value'},'many':{'type':'test.sum','inputs':{'terms':['c.result','b.result']}}",
                     "b_result c_result many_result"));
    QVERIFY(done.value("b_result").empty() && done.value("many_result").empty());
    QCOMPARE(done.real("c_result"), 1.0);
    QCOMPARE(test::calls("record"), int64_t{0});
    QCOMPARE(test::calls("add"), int64_t{1});
  }
  // The state keeps its value in the steps that skip its next one.
  void aStateIsKeptWhereItsNextIsSkipped() {
    const std::string text = graph(
        "'z':{'type':'zone','count':6,'state':{'x':{'init':'one.value','next':'a.result'},'n':{'init':'one."
        "value','next':'always.result'}},'collect':{'h':{'from':'a.result'}},"
        "'nodes':{'late':{'type':'test.less','params':{'a':2},'inputs':{'b':'z.index'}},'a':{'type':'test."
        "add','inputs':{'a':'z.x'},'when':'late.holds'},'always':{'type':'test.add','inputs':{'a':'z.n'}}}}",
        "z_x z_n z_h");
    const auto done = finish(text);
    QCOMPARE(done.real("z_x"), 4.0);
    QCOMPARE(done.real("z_n"), 7.0);
    QCOMPARE(stepsOf(done.value("z_h")), std::vector<int64_t>({3, 4, 5}));
  }
  void aZoneThatIsSkipped() {
    test::resetCalls();
    const auto done = finish(
        graph("'no':{'type':'test.flag'},'z':{'type':'zone','count':3,'when':'no.value','state':{'x':{'init':"
              "'one.value','next':'a.result'}},'collect':{'h':{'from':'a.result'}},'nodes':{'a':{'type':'"
              "test.add','inputs':{'a':'z.x'}},'r':{'type':'test.record','inputs':{'value':'z.x'}}}},"
              "'after':{'type':'test.add','inputs':{'a':'z.x'}}",
              "z_x z_h after_result"));
    QVERIFY(done.value("z_x").empty() && done.value("z_h").empty() && done.value("after_result").empty());
    QCOMPARE(test::calls("add") + test::calls("record"), int64_t{0});
  }
  void aZoneWithoutAFirstValueIsSkipped_data() {
    QTest::addColumn<QString>("zone");
    QTest::newRow("state") << "'z':{'type':'zone','count':3,'state':{'x':{'init':'a.result','next':'b.result'"
                              "}},'nodes':{'b':{'type':'test.add','inputs':{'a':'z.x'}}}}";
    QTest::newRow("count") << "'z':{'type':'zone','count':'w.value','state':{'x':{'init':'one.value','next':'"
                              "b.result'}},'nodes':{'b':{'type':'test.add','inputs':{'a':'z.x'}}}}";
    QTest::newRow("sequence") << "'z':{'type':'zone','over':{'t':'l.ladder'},'state':{'x':{'init':'one.value'"
                                 ",'next':'b.result'}},'nodes':{'b':{'type':'test.add','inputs':{'a':'z.x','"
                                 "b':'z.t'}},'e':{'type':'test.net','inputs':{'net':'net.net','t':'z.t'}}}}";
  }
  void aZoneWithoutAFirstValueIsSkipped() {
    QFETCH(QString, zone);
    const auto done = finish(
        graph("'no':{'type':'test.flag'},'net':{'type':'test.load'},'a':{'type':'test.add','when':'no.value'}"
              ",'w':{'type':'test.whole','when':'no.value'},'l':{'type':'test.ladder','when':'no.value'}," +
                  zone.toStdString(),
              "z_x"));
    QVERIFY(done.value("z_x").empty());
  }
  void somethingSkippedInsideALoop() {
    test::resetCalls();
    const auto done =
        finish(graph("'no':{'type':'test.flag'},'a':{'type':'test.add','when':'no.value'},'z':{'type':'zone',"
                     "'count':3,'state':{'x':{'init':'one.value','next':'b.result'}},"
                     "'nodes':{'b':{'type':'test.add','inputs':{'a':'z.x','b':'a.result'}}}}",
                     "z_x"));
    QCOMPARE(done.real("z_x"), 1.0);
    QCOMPARE(test::calls("add"), int64_t{0});
  }

  // --- only what is needed ---

  void onlyWhatIsNeededRuns() {
    test::resetCalls();
    finish(
        graph("'a':{'type':'test.add'},'unused':{'type':'test.multiply'},'z':{'type':'zone','count':4,'state'"
              ":{'x':{'init':'one.value','next':'b.result'}},'nodes':{'b':{'type':'test.add','inputs':{'a':'"
              "z.x'}},'idle':{'type':'test.multiply','inputs':{'a':'z.x'}},'idle2':{'type':'test.multiply','"
              "inputs':{'a':'idle.result'}}}}",
              "a_result z_x"));
    QCOMPARE(test::calls("multiply"), int64_t{0});
    QCOMPARE(test::calls("add"), int64_t{5});
  }
  void effectsInsideZonesRunEveryStep() {
    test::resetCalls();
    finish(
        graph("'z':{'type':'zone','count':3,'state':{'x':{'init':'one.value','next':'a.result'}},'nodes':{'a'"
              ":{'type':'test.add','inputs':{'a':'z.x'}},'inner':{'type':'zone','count':2,'nodes':{'r':{'"
              "type':'test.record','inputs':{'value':'z.x'},'params':{'name':'x'}}}}}}",
              ""));
    std::vector<double> all;
    for (const auto& [name, value] : test::recorded()) all.push_back(value.as<Real>());
    QCOMPARE(all, std::vector<double>({1, 1, 2, 2, 3, 3}));
  }

  // --- watching ---

  void probes_data() {
    QTest::addColumn<QString>("port");
    QTest::addColumn<int>("events");
    QTest::addColumn<int>("depth");
    QTest::newRow("outside") << "one.value" << 1 << 0;
    QTest::newRow("state, after each step") << "outer.x" << 4 << 1;
    QTest::newRow("item") << "outer.t" << 4 << 1;
    QTest::newRow("index") << "outer.index" << 4 << 1;
    QTest::newRow("count") << "inner.count" << 12 << 2;
    QTest::newRow("nested state") << "inner.y" << 12 << 2;
    QTest::newRow("nested node") << "m.result" << 12 << 2;
    QTest::newRow("made for all steps at once") << "p.result" << 12 << 2;
    QTest::newRow("collection") << "outer.h" << 1 << 0;
    QTest::newRow("needed by nothing") << "idle.result" << 4 << 1;
  }
  void probes() {
    QFETCH(QString, port);
    QFETCH(int, events);
    QFETCH(int, depth);
    std::string text = graph(kNested, "outer_x outer_h");
    const std::string idle = "'idle':{'type':'test.add','inputs':{'a':'outer.x'}},";
    text.insert(text.find("'inner':{'type':'zone'"), idle);
    Cache cache;
    for (int again = 0; again < 2;
         ++again) {  // what is watched is seen from the cache too, or goes round again
      Seen seen;
      RunOptions options;
      options.observer = &seen;
      options.cache = &cache;
      options.probes = {port.toStdString()};
      const double end = finish(text, options).real("outer_x");
      QCOMPARE(end, finish(text).real("outer_x"));
      QCOMPARE(seen.probes.size(), static_cast<size_t>(events));
      for (const Seen::Probe& probe : seen.probes)
        QCOMPARE(probe.iteration.size(), static_cast<size_t>(depth));
      if (port == "outer.x") QCOMPARE(seen.numbers("outer.x").back(), end);
      if (port == "outer.t") QCOMPARE(seen.numbers("outer.t"), std::vector<double>({2, 3, 4, 5}));
      if (port == "p.result")
        QCOMPARE(seen.numbers("p.result"), std::vector<double>({2, 3, 4, 3, 4, 5, 4, 5, 6, 5, 6, 7}));
      if (depth == 2) QCOMPARE(seen.probes[7].iteration, std::vector<int64_t>({2, 1}));
    }
  }
  void anUnknownProbe() {
    RunOptions options;
    options.probes = {"nobody.x"};
    QCOMPARE(failure([&] { finish(graph(kNested, "outer_x"), options); }),
             std::string("there is no port nobody.x to watch"));
  }
  void eventsInOrder() {
    Seen seen;
    RunOptions options;
    options.observer = &seen;
    finish(graph("'z':{'type':'zone','count':2,'state':{'x':{'init':'one.value','next':'i.y'}},'nodes':{'i':{"
                 "'type':'zone','count':1,'state':{'y':{'init':'z.x','next':'a.result'}},'nodes':{'a':{'type'"
                 ":'test.add','inputs':{'a':'i.y'}}}}}}",
                 "z_x"),
           options);
    QCOMPARE(seen.events,
             std::vector<std::string>({"node one", "node z", "start z 0/2 depth 1", "start i 0/1 depth 2",
                                       "step i 1/1 of 2", "end i", "step z 1/2 of 1", "start i 0/1 depth 2",
                                       "step i 1/1 of 2", "end i", "step z 2/2 of 1", "end z"}));
    seen.events.clear();
    seen.everyNode = true;
    finish(graph("'z':{'type':'zone','count':2,'state':{'x':{'init':'one.value','next':'a.result'}},'nodes':{"
                 "'a':{'type':'test.add','inputs':{'a':'z.x'}}}}",
                 "z_x"),
           options);
    QCOMPARE(std::count(seen.events.begin(), seen.events.end(), "node a"), 2);
  }

  // --- stopping ---

  void cancelledWithinOneStep() {
    CancelToken cancel;
    std::thread stop([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      cancel.request();
    });
    RunOptions options;
    options.cancel = &cancel;
    bool stopped = false;
    QElapsedTimer timer;
    timer.start();
    try {
      finish(
          graph("'z':{'type':'zone','count':1000,'state':{'x':{'init':'one.value','next':'s.value'}},'nodes':"
                "{'s':{'type':'test.slow','inputs':{'value':'z.x'},'params':{'milliseconds':60000}}}}",
                "z_x"),
          options);
    } catch (const Cancelled&) {
      stopped = true;
    }
    stop.join();
    QVERIFY(stopped);
    QVERIFY(timer.elapsed() < 5'000);
  }
  void cancelledBetweenSteps() {
    CancelToken cancel;
    Seen seen;
    seen.stopAfter = &cancel;
    RunOptions options;
    options.cancel = &cancel;
    options.observer = &seen;
    test::resetCalls();
    try {
      finish(graph("'z':{'type':'zone','count':1000,'state':{'x':{'init':'one.value','next':'a.result'}},'"
                   "nodes':{'a':{'type':'test.add','inputs':{'a':'z.x'}}}}",
                   "z_x"),
             options);
      QFAIL("it was to stop");
    } catch (const Cancelled&) {
    }
    QCOMPARE(test::calls("add"), int64_t{3});
    // The plan is as good as before.
    cancel.reset();
    seen.stopAfter = nullptr;
    QCOMPARE(finish(graph(kNested, "outer_x"), options).real("outer_x"),
             finish(graph(kNested, "outer_x")).real("outer_x"));
  }

  // --- errors ---

  void errorsNameNodePortAndStep_data() {
    QTest::addColumn<QString>("nodes");
    QTest::addColumn<QString>("error");
    QTest::newRow("outside") << "'z':{'type':'test.fail'}"
                             << "z.a: can't be that";
    QTest::newRow("in a zone")
        << "'z':{'type':'zone','count':9,'state':{'x':{'init':'one.value','next':'f.result'}},'nodes':{'f':{'"
           "type':'test.fail','inputs':{'a':'z.x','step':'z.index'},'params':{'at':5}}}}"
        << "f.a: can't be that (at step 5 of z)";
    QTest::newRow("two deep")
        << "'z':{'type':'zone','count':3,'state':{'x':{'init':'one.value','next':'i.y'}},'nodes':{'i':{'type'"
           ":'zone','count':4,'state':{'y':{'init':'z.x','next':'f.result'}},'nodes':{'f':{'type':'test.fail'"
           ",'inputs':{'a':'i.y','step':'i.index'},'params':{'at':3}}}}}}"
        << "f.a: can't be that (at step 0 of z, step 3 of i)";
    QTest::newRow("made for all steps at once")
        << "'z':{'type':'zone','count':9,'state':{'x':{'init':'one.value','next':'a.result'}},'nodes':{'f':{'"
           "type':'test.fail','inputs':{'step':'z.index'},'params':{'at':5}},'a':{'type':'test.add','inputs':"
           "{'a':'z.x','b':'f.result'}}}}"
        << "f.a: can't be that";
    QTest::newRow("torch") << "'v':{'type':'test.tensor'},'z':{'type':'test.torch','inputs':{'x':'v.tensor'}}"
                           << "z: ";
    QTest::newRow("no value") << "'z':{'type':'test.silent'}"
                              << "z.value: the node gave no value";
    QTest::newRow("another type") << "'z':{'type':'test.lie'}"
                                  << "z.tensor: the node gave Number, not Tensor";
    QTest::newRow("a file that is not there") << "'z':{'type':'test.file','params':{'file':'nothing.txt'}}"
                                              << "z.file: ";
  }
  void errorsNameNodePortAndStep() {
    QFETCH(QString, nodes);
    QFETCH(QString, error);
    for (const char* output : {"z_x", "z_result", "z_tensor", "z_value", "z_text"}) {
      const std::string text = graph(nodes.toStdString(), output);
      const std::string said = failure([&] { finish(text); });
      if (QString::fromStdString(said).contains("has no output") ||
          QString::fromStdString(said).contains("has no port"))
        continue;
      QVERIFY2(QString::fromStdString(said).startsWith(error),
               said.empty() ? "it did not fail" : said.c_str());
      QVERIFY2(said.find("Exception raised from") == std::string::npos && said.size() < 400, said.c_str());
      return;
    }
    QFAIL("no output fitted");
  }
  void nanInAState_data() {
    QTest::addColumn<int>("at");
    QTest::newRow("first step") << 0;
    QTest::newRow("later") << 4;
  }
  void nanInAState() {
    QFETCH(int, at);
    const std::string nodes =
        "'v':{'type':'test.tensor','params':{'shape':[3]}},'z':{'type':'zone','count':2,'state':{'w':{'init':"
        "'v.tensor','next':'i.x'}},'nodes':{'i':{'type':'zone','count':6,'state':{'x':{'init':'z.w','next':'"
        "bad.tensor'}},'nodes':{'bad':{'type':'test.nan','inputs':{'x':'i.x','step':'i.index'},'params':{'at'"
        ":" +
        std::to_string(at) + "}}}}}}";
    const std::string said = failure([&] { finish(graph(nodes, "z_w")); });
    const std::string expected = "bad.tensor: gave 3 NaN and 0 infinite of 3 values (at step 0 of z, step " +
                                 std::to_string(at) + " of i). Its inputs are finite";
    QVERIFY2(said.starts_with(expected), said.c_str());
    RunOptions options;
    options.checkFinite = false;
    QVERIFY(finish(graph(nodes, "z_w"), options).value("z_w").as<at::Tensor>().isnan().all().item<bool>());
  }
  void anErrorLeavesThePlanUsable() {
    const std::string text = graph(
        "'z':{'type':'zone','count':9,'state':{'x':{'init':'one.value','next':'f.result'}},'nodes':{'f':{'"
        "type':'test.fail','inputs':{'a':'z.x','step':'z.index'},'params':{'at':5}}}},'b':{'type':'test.add'"
        "}",
        "z_x b_result");
    const auto plan = planOf(text);
    Run run(plan, {});
    QVERIFY(!failure([&] { run.execute(); }).empty());
    QVERIFY(!failure([&] { run.execute(); }).empty());
    QVERIFY(!failure([&] { run.output("nothing"); }).empty());
  }

  // --- training ---

  void gradientsFlowInAZoneWithTrainableState() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'l':{'type':'test.learner'},'v':{'type':'test.tensor','params':{'shape':[]}}"
        ",'z':{'type':'zone','count':20,"
        "'state':{'w':{'init':'l.learner','next':'s.learner'},'loss':{'init':'v.tensor','next':'e.loss'}},'"
        "collect':{'losses':{'from':'e.loss'}},"
        "'nodes':{'e':{'type':'test.loss','inputs':{'learner':'z.w'},'params':{'goal':3}},'s':{'type':'test."
        "learn','inputs':{'learner':'z.w','loss':'e.loss'}}}}},'outputs':{'w':{'from':'z.w'},'losses':{'from'"
        ":'z.losses'}}}";
    test::resetCalls();
    const auto done = finish(text);
    double w = 0;
    for (int i = 0; i < 20; ++i) w -= 0.1 * 2 * (w - 3);
    // float32 against double over 20 steps.
    QVERIFY(std::abs(done.value("w").as<test::Learner>().w[0].item<double>() - w) < 1e-5);
    QCOMPARE(test::calls("learn in place"), int64_t{19});
    QCOMPARE(test::calls("learn copied"), int64_t{1});
    for (const auto& frame : done.value("losses").as<Recording>().frames)
      QVERIFY(!frame.value.as<at::Tensor>().requires_grad());
  }

  // --- random graphs against the plain interpreter ---

  void randomGraphs_data() {
    QTest::addColumn<bool>("tensors");
    QTest::newRow("numbers") << false;
    QTest::newRow("tensors, written in place") << true;
  }
  void randomGraphs() {
    QFETCH(bool, tensors);
    for (uint64_t seed = 1; seed <= 400; ++seed) {
      const test::RandomGraph random = test::randomGraph(seed, tensors);
      const auto document = test::document(random.text);
      test::Reference reference(document->graph);
      const test::Finished done(std::make_shared<const Plan>(compile(document, test::registry(), {})), {});
      const auto number = [&](const Value& value) {
        return tensors ? value.as<at::Tensor>().item<double>() : value.as<Real>();
      };
      for (size_t i = 0; i < random.numbers.size(); ++i) {
        const test::Maybe expected = reference.value(random.numbers[i]);
        const Value& value = done.value("o" + std::to_string(i));
        const bool same = value.empty() ? !expected
                                        : expected && (number(value) == *expected ||
                                                       (std::isnan(number(value)) && std::isnan(*expected)));
        QVERIFY2(same, (std::to_string(seed) + " " + random.numbers[i] + "\n" + random.text).c_str());
      }
      for (size_t i = 0; i < random.collections.size(); ++i) {
        const auto expected = reference.recording(random.collections[i]);
        const Value& value = done.value("c" + std::to_string(i));
        const size_t frames = value.empty() ? 0 : value.as<Recording>().frames.size();
        QVERIFY2(frames == expected.size(),
                 (std::to_string(seed) + " " + random.collections[i] + "\n" + random.text).c_str());
        for (size_t f = 0; f < frames; ++f) {
          const Recording::Frame& frame = value.as<Recording>().frames[f];
          QCOMPARE(frame.iteration, expected[f].iteration);
          QVERIFY2(number(frame.value) == expected[f].value || std::isnan(expected[f].value),
                   (std::to_string(seed) + "\n" + random.text).c_str());
        }
      }
    }
  }
};

QTEST_GUILESS_MAIN(RunTest)
#include "run_test.moc"
