// What a run tells of while somebody looks: ports added and removed in mid-run, and the inside of nodes.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/test_nodes.h"

using namespace loom;
using test::calls;

namespace {

// A zone of 10 steps that calls a network; beside it a value that stands still, and one that nothing needs.
const char* const kGraph =
    "{'noiseloom':1,'nodes':{'n':{'type':'test.load','params':{'w':0.5}},'c':{'type':'test.constant','"
    "params':{'value':3}},'unused':{'type':'test.add','inputs':{'a':'c.value'}},'l':{'type':'test.ladder','"
    "params':{'size':10}},"
    "'z':{'type':'zone','over':{'t':'l.ladder'},'state':{'x':{'init':'c.value','next':'plus.result'}},"
    "'nodes':{'net':{'type':'test.net','inputs':{'net':'n.net','x':'z.x','t':'z.t'}},'plus':{'type':'test."
    "add',"
    "'inputs':{'a':'net.y','b':'c.value'}}}}},'outputs':{'x':{'from':'z.x'}}}";

class Watcher final : public Observer {
 public:
  std::function<void(const StepEvent&)> onStep;
  std::vector<std::pair<std::string, std::vector<int64_t>>> seen;
  std::map<std::string, std::vector<Value>> values;
  void probed(const ProbeEvent& event) override {
    seen.emplace_back(event.port, std::vector<int64_t>(event.iteration.begin(), event.iteration.end()));
    values[event.port].push_back(event.value);
  }
  void stepFinished(const StepEvent& event) override {
    if (onStep) onStep(event);
  }
  std::vector<int64_t> stepsOf(const std::string& port) const {
    std::vector<int64_t> steps;
    for (const auto& [name, iteration] : seen)
      if (name == port) steps.push_back(iteration.empty() ? -1 : iteration.back());
    return steps;
  }
};

}  // namespace

class WatchingTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { test::resetCalls(); }

  void comesAndGoesInMidRun() {
    LiveProbes live;
    Watcher watcher;
    watcher.onStep = [&](const StepEvent& event) {
      if (event.done == 3) live.add("plus.result");
      if (event.done == 4) live.add("z.x"), live.add("n.net"), live.add("nobody.home");
      if (event.done == 7) live.remove("plus.result");
    };
    RunOptions options;
    options.observer = &watcher;
    options.live = &live;
    test::finish(kGraph, options);
    QCOMPARE(watcher.stepsOf("plus.result"), (std::vector<int64_t>{3, 4, 5, 6}));
    QCOMPARE(watcher.stepsOf("z.x"), (std::vector<int64_t>{4, 5, 6, 7, 8, 9}));
    QCOMPARE(watcher.stepsOf("n.net"), std::vector<int64_t>{-1});  // stands still: told of at once
    QCOMPARE(watcher.stepsOf("nobody.home"), std::vector<int64_t>{});
    QCOMPARE(watcher.values["z.x"].back().as<Real>(), watcher.values["z.x"].back().as<Real>());
  }

  void seesWhatAFixedProbeSees() {
    Watcher fixed, loose;
    LiveProbes live;
    live.add("net.y");
    live.add("z.t");
    RunOptions options;
    options.observer = &fixed;
    options.probes = {"net.y", "z.t"};
    test::finish(kGraph, options);
    options.observer = &loose;
    options.probes = {};
    options.live = &live;
    test::finish(kGraph, options);
    QCOMPARE(loose.seen, fixed.seen);
    QCOMPARE(loose.seen.size(), size_t{20});
    for (size_t i = 0; i < 10; ++i)
      QCOMPARE(loose.values["net.y"][i].as<Real>(), fixed.values["net.y"][i].as<Real>());
  }

  // Looking must not change what is computed: neither what nothing needs nor what the cache holds.
  void changesNothing() {
    Cache cache;
    LiveProbes live;
    live.add("unused.result");
    live.add("net.y");
    Watcher watcher;
    RunOptions options;
    options.cache = &cache;
    options.observer = &watcher;
    options.live = &live;
    test::finish(kGraph, options);
    QCOMPARE(watcher.stepsOf("unused.result").size(), size_t{0});
    const int64_t once = calls("net");
    test::finish(kGraph, options);
    QCOMPARE(calls("net"), once);
  }

  void insideOfANode_data() {
    QTest::addColumn<bool>("isLive");
    QTest::newRow("fixed") << false;
    QTest::newRow("live") << true;
  }
  void insideOfANode() {
    QFETCH(bool, isLive);
    Watcher watcher;
    LiveProbes live;
    RunOptions options;
    options.observer = &watcher;
    options.live = &live;
    if (isLive)
      watcher.onStep = [&](const StepEvent& event) {
        if (event.done == 2) live.add("net:hidden");
        if (event.done == 5) live.remove("net:hidden");
      };
    else
      options.probes = {"net:hidden"};
    test::finish(kGraph, options);
    const auto steps = watcher.stepsOf("net:hidden");
    QCOMPARE(steps,
             isLive ? (std::vector<int64_t>{2, 3, 4}) : (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    QCOMPARE(calls("net.shown"), static_cast<int64_t>(steps.size()));
    if (!isLive) QCOMPARE(watcher.values["net:hidden"][0].as<at::Tensor>().item<double>(), 0.5 * 3);
  }

  void insidesThatAreNotThere() {
    RunOptions options;
    options.probes = {"net:nothing"};
    const std::string unknown = test::failure([&] { test::finish(kGraph, options); });
    QVERIFY2(
        unknown.starts_with("net: shows nothing called nothing of its inside; there is: hidden (at step 0"),
        unknown.c_str());
    // Who only passes by changes nothing.
    LiveProbes live;
    live.add("net:nothing");
    live.add("plus:hidden");
    Watcher watcher;
    options.probes = {};
    options.live = &live;
    options.observer = &watcher;
    test::finish(kGraph, options);
    QCOMPARE(watcher.seen.size(), size_t{0});
    options.probes = {"plus:hidden"};
    QVERIFY(!test::failure([&] { test::finish(kGraph, options); }).empty());
  }
};

QTEST_GUILESS_MAIN(WatchingTest)
#include "watching_test.moc"
