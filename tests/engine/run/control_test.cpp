// Pause, step, run to, continue and stop, from another thread than the run's.
#include <QtTest>
#include <thread>

#include "engine/run/control.h"
#include "tests/engine/test_nodes.h"

using namespace loom;

namespace {

// Two zones, one in the other: 20 steps of 3, a millisecond each.
const char* const kNested =
    "{'noiseloom':1,'nodes':{'c':{'type':'test.constant'},'z':{'type':'zone','count':20,'state':{'x':{'init':"
    "'c.value','next':'i.y'}},'nodes':{'i':{'type':'zone','count':3,'state':{'y':{'init':'z.x','next':'s."
    "value'}},"
    "'nodes':{'a':{'type':'test.add','inputs':{'a':'i.y'}},'s':{'type':'test.slow','params':{'milliseconds':"
    "1},"
    "'inputs':{'value':'a.result'}}}}}}},'outputs':{'x':{'from':'z.x'}}}";

class Running {
 public:
  explicit Running(const std::function<void(Control&)>& before = {}) : control(&cancel) {
    if (before) before(control);
    thread_ = std::thread([this] {
      RunOptions options;
      options.observer = &control;
      options.cancel = &cancel;
      try {
        x = test::finish(kNested, options).real("x");
      } catch (const Cancelled&) {
        cancelled = true;
      }
    });
  }
  ~Running() {
    cancel.request();
    join();
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  CancelToken cancel;
  Control control;
  double x = -1;
  bool cancelled = false;

 private:
  std::thread thread_;
};

}  // namespace

class ControlTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void runsToAPlaceAndOn() {
    Running run([](Control& control) { control.runTo({"", {7}}); });
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().zone, std::string("z"));
    QCOMPARE(run.control.state().done, int64_t{7});
    QCOMPARE(run.control.state().count, int64_t{20});
    QTest::qWait(50);
    QCOMPARE(run.control.state().done, int64_t{7});  // it waits
    run.control.step();
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().done, int64_t{8});
    run.control.step(3);
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().done, int64_t{11});
    run.control.proceed();
    run.join();
    QCOMPARE(run.x, test::finish(kNested).real("x"));
    QVERIFY(!run.control.state().paused);
  }
  void stepsOfAZoneInside() {
    Running run([](Control& control) { control.runTo({"i", {2}}); });
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().zone, std::string("i"));
    QCOMPARE(run.control.state().done, int64_t{2});
    run.control.step();
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().done, int64_t{3});
  }
  // After the step at hand: not after all that a zone around it still has to do in its own.
  void pausesWhileItRuns() {
    Running run([](Control& control) { control.pause(); });
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().zone, std::string("i"));
    QCOMPARE(run.control.state().done, int64_t{1});
    run.control.proceed();
    run.join();
    QVERIFY(run.x > 0);
  }
  void runsToAStepWithinAStep() {
    Running run([](Control& control) { control.runTo({"", {4, 2}}); });
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().zone, std::string("i"));
    QCOMPARE(run.control.state().done, int64_t{2});
    run.control.runTo({"", {5}});  // four are done, and this one is under way
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().done, int64_t{5});
    run.control.runTo({"i", {2, 1}});  // is past: at the next step
    QVERIFY(run.control.waitPaused(20));
    QCOMPARE(run.control.state().zone, std::string("i"));
    QCOMPARE(run.control.state().done, int64_t{1});
  }
  void placesInOrder() {
    const std::string zone = "i", other = "z";
    const auto reached = [&](const Control::Place& place, std::vector<int64_t> iteration, int64_t done) {
      return place.reachedBy(
          {iteration.size() > 1 ? zone : other, iteration, done, 10, static_cast<int>(iteration.size())});
    };
    const Control::Place place{"i", {2, 3}};
    QVERIFY(!reached(place, {1, 9}, 10));
    QVERIFY(!reached(place, {2, 1}, 2));
    QVERIFY(reached(place, {2, 2}, 3));
    QVERIFY(reached(place, {3, 0}, 1));
    QVERIFY(!reached(place, {5}, 6));  // of the zone around it
    QVERIFY(reached({"i", {3}}, {0, 2}, 3));
    QVERIFY(!reached({"", {3}}, {0, 2}, 3));
    QVERIFY(reached({"", {3}}, {2}, 3));
    QVERIFY(reached({"", {0, 3}}, {0, 2}, 3));
  }
  // On the run's thread, with what was waited for done before the next step.
  void tellsOfPauses() {
    std::vector<std::pair<bool, std::thread::id>> told;
    CancelToken cancel;
    Control control(&cancel, [&](bool paused) { told.push_back({paused, std::this_thread::get_id()}); });
    control.runTo({"z", {3}});
    std::thread::id run;
    std::thread thread([&] {
      run = std::this_thread::get_id();
      RunOptions options;
      options.observer = &control;
      test::finish(kNested, options);
    });
    QVERIFY(control.waitPaused(20));
    control.step();
    QTRY_COMPARE(control.state().done, int64_t{4});
    control.proceed();
    thread.join();
    const std::vector<std::pair<bool, std::thread::id>> expected{
        {true, run}, {false, run}, {true, run}, {false, run}};
    QVERIFY(told == expected);
  }
  void stopsWhilePaused() {
    Running run([](Control& control) { control.runTo({"z", {2}}); });
    QVERIFY(run.control.waitPaused(20));
    run.cancel.request();
    run.join();
    QVERIFY(run.cancelled);
  }
  void aPlaceThatNeverComesDoesNotHoldIt() {
    Running run([](Control& control) { control.runTo({"nowhere", {2}}); });
    run.join();
    QVERIFY(run.x > 0);
  }
};

QTEST_GUILESS_MAIN(ControlTest)
#include "control_test.moc"
