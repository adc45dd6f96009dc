// Values are let go after their last reader, who may write in place; nobody else may see that.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::calls;
using loom::test::finish;

namespace {

// "v" is [0, 0, 0]; every test.increase adds `by` in place where it may.
std::string graph(const std::string& nodes, const std::string& outputs) {
  std::string all;
  for (const QString& output : QString::fromStdString(outputs).split(' ', Qt::SkipEmptyParts))
    all += (all.empty() ? "'" : ",'") + output.toStdString() + "':{'from':'" +
           QString(output).replace('_', '.').toStdString() + "'}";
  return "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[3]}}," + nodes +
         "},'outputs':{" + all + "}}";
}
std::string plus(const char* id, const char* x, int by) {
  return std::string("'") + id + "':{'type':'test.increase','inputs':{'x':'" + x +
         "'},'params':{'by':" + std::to_string(by) + "}}";
}
float first(const Value& value) { return value.as<at::Tensor>()[0].item<float>(); }

std::vector<float> frames(const Value& recording) {
  std::vector<float> all;
  for (const auto& frame : recording.as<Recording>().frames) all.push_back(first(frame.value));
  return all;
}

struct Keeper : Observer {
  std::vector<Value> values;
  void probed(const ProbeEvent& event) override { values.push_back(event.value); }
};

}  // namespace

class LifetimesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { test::resetCalls(); }

  void theLastReaderWritesInPlace() {
    const auto done = finish(
        graph(plus("a", "v.tensor", 1) + "," + plus("b", "a.tensor", 10) + "," + plus("c", "b.tensor", 100),
              "c_tensor"));
    QCOMPARE(first(done.value("c_tensor")), 111.0f);
    QCOMPARE(calls("in place"), int64_t{3});
  }
  void notWithAnotherReaderAfter() {
    const auto done =
        finish(graph(plus("a", "v.tensor", 1) + "," + plus("b", "v.tensor", 10), "a_tensor b_tensor"));
    QCOMPARE(first(done.value("a_tensor")), 1.0f);
    QCOMPARE(first(done.value("b_tensor")), 10.0f);
    QCOMPARE(calls("copied"), int64_t{1});
    QCOMPARE(calls("in place"), int64_t{1});
  }
  void notWhatIsAnOutputToo() {
    const auto done = finish(graph(plus("a", "v.tensor", 1), "v_tensor a_tensor"));
    QCOMPARE(first(done.value("v_tensor")), 0.0f);
    QCOMPARE(calls("in place"), int64_t{0});
  }
  void notWhatTheCacheHolds() {
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    for (int i = 1; i <= 3; ++i) {
      const auto done = finish(graph(plus("a", "v.tensor", i), "a_tensor"), options);
      QCOMPARE(first(done.value("a_tensor")), static_cast<float>(i));
    }
    QCOMPARE(calls("in place"), int64_t{0});
  }
  void notWhatAWatcherKept() {
    Keeper keeper;
    RunOptions options;
    options.observer = &keeper;
    options.probes = {"v.tensor", "a.tensor"};
    finish(graph(plus("a", "v.tensor", 1) + "," + plus("b", "a.tensor", 10), "b_tensor"), options);
    QCOMPARE(keeper.values.size(), size_t{2});
    QCOMPARE(first(keeper.values[0]), 0.0f);
    QCOMPARE(first(keeper.values[1]), 1.0f);
  }
  void aStateIsWrittenInPlace() {
    const auto done = finish(
        graph("'z':{'type':'zone','count':10,'state':{'x':{'init':'v.tensor','next':'a.tensor'}},'nodes':{" +
                  plus("a", "z.x", 1) + "}}",
              "z_x"));
    QCOMPARE(first(done.value("z_x")), 10.0f);
    QCOMPARE(calls("in place"), int64_t{9});  // the first value belongs to v as well
  }
  void aStateThatIsCollected() {
    const auto done =
        finish(graph("'z':{'type':'zone','count':5,'state':{'x':{'init':'v.tensor','next':'a.tensor'}},'"
                     "collect':{'before':{'from':'z.x'},'after':{'from':'a.tensor','every':2}},'nodes':{" +
                         plus("a", "z.x", 1) + "}}",
                     "z_x z_before z_after"));
    QCOMPARE(frames(done.value("z_before")), std::vector<float>({0, 1, 2, 3, 4}));
    QCOMPARE(frames(done.value("z_after")), std::vector<float>({1, 3, 5}));
  }
  void aStateReadByALaterNode() {
    // b reads z.x after a did; the order in the file and in the plan must not matter.
    const auto done =
        finish(graph("'z':{'type':'zone','count':5,'state':{'x':{'init':'v.tensor','next':'a.tensor'},'y':{'"
                     "init':'v.tensor','next':'b.tensor'}},'nodes':{" +
                         plus("a", "z.x", 1) + "," + plus("b", "z.x", 100) + "}}",
                     "z_x z_y"));
    QCOMPARE(first(done.value("z_x")), 5.0f);
    QCOMPARE(first(done.value("z_y")), 104.0f);
  }
  void aStateThatIsTheNextOfAnother() {
    const auto done =
        finish(graph("'z':{'type':'zone','count':4,'state':{'x':{'init':'v.tensor','next':'a.tensor'},'old':{"
                     "'init':'v.tensor','next':'z.x'}},'nodes':{" +
                         plus("a", "z.x", 1) + "}}",
                     "z_x z_old"));
    QCOMPARE(first(done.value("z_x")), 4.0f);
    QCOMPARE(first(done.value("z_old")), 3.0f);
  }
  void aStateThatTwoStatesBecome() {
    const auto done =
        finish(graph("'z':{'type':'zone','count':3,'state':{'x':{'init':'v.tensor','next':'a.tensor'},'y':{'"
                     "init':'v.tensor','next':'a.tensor'}},'nodes':{" +
                         plus("a", "z.x", 1) + "," + plus("b", "z.y", 50) +
                         ",'r':{'type':'test.record','inputs':{'value':'b.tensor'}}}}",
                     "z_x z_y"));
    QCOMPARE(first(done.value("z_x")), 3.0f);
    QCOMPARE(first(done.value("z_y")), 3.0f);
    for (int i = 0; i < 3; ++i)
      QCOMPARE(first(test::recorded()[static_cast<size_t>(i)].second), 50.0f + static_cast<float>(i));
  }
  // Where its next value is skipped a state stays; whoever read it last must not have used it up.
  void aStateWhoseNextIsSkipped() {
    const auto done =
        finish(graph("'z':{'type':'zone','count':6,'state':{'x':{'init':'v.tensor','next':'a.tensor'},'y':{'"
                     "init':'v.tensor','next':'b.tensor'}},'nodes':{"
                     "'odd':{'type':'test.less','params':{'a':2},'inputs':{'b':'z.index'}},'a':{'type':'test."
                     "increase','inputs':{'x':'z.x'},'when':'odd.holds'}," +
                         plus("b", "z.x", 100) + "}}",
                     "z_x z_y"));
    QCOMPARE(first(done.value("z_x")), 3.0f);  // steps 3, 4, 5
    QCOMPARE(first(done.value("z_y")), 102.0f);
  }
  void aSkippedStateNextToOneThatBecomesIt() {
    const auto done =
        finish(graph("'no':{'type':'test.flag'},'z':{'type':'zone','count':3,'state':{'x':{'init':'v.tensor',"
                     "'next':'a.tensor'},'y':{'init':'v.tensor','next':'z.x'}},'nodes':{'a':{'type':'test."
                     "increase','inputs':{'x':'z.x'},'when':'no.value'}}}",
                     "z_x z_y"));
    QCOMPARE(first(done.value("z_x")), 0.0f);
    QCOMPARE(first(done.value("z_y")), 0.0f);
  }
  void whatComesFromOutsideIsThereForTheNextStep() {
    const auto done =
        finish(graph("'w':{'type':'test.tensor','params':{'shape':[3],'fill':7}},'z':{'type':'zone','count':"
                     "4,'state':{'x':{'init':'v.tensor','next':'a.tensor'}},'collect':{'h':{'from':'a.tensor'"
                     "}},'nodes':{'t':{'type':'test.record','inputs':{'value':'w.tensor'}},'a':{'type':'test."
                     "increase','inputs':{'x':'w.tensor','by':'z.index'}}}}",
                     "z_h"));
    QCOMPARE(frames(done.value("z_h")), std::vector<float>({7, 8, 9, 10}));
    for (const auto& [name, value] : test::recorded()) QCOMPARE(first(value), 7.0f);
  }
  void insideAnInnerZone() {
    // The outer state is read by the inner zone in every inner step, and afterwards by b.
    const auto done =
        finish(graph("'z':{'type':'zone','count':3,'state':{'x':{'init':'v.tensor','next':'b.tensor'},'y':{'"
                     "init':'v.tensor','next':'i.s'}},'nodes':{"
                     "'i':{'type':'zone','count':4,'state':{'s':{'init':'z.x','next':'c.tensor'}},'collect':{"
                     "'h':{'from':'c.tensor'}},'nodes':{" +
                         plus("c", "i.s", 1) + ",'r':{'type':'test.record','inputs':{'value':'z.x'}}}}," +
                         plus("b", "z.x", 100) + "}}",
                     "z_x z_y"));
    QCOMPARE(first(done.value("z_x")), 300.0f);
    QCOMPARE(first(done.value("z_y")), 204.0f);
    for (size_t i = 0; i < 12; ++i)
      QCOMPARE(first(test::recorded()[i].second), 100.0f * static_cast<float>(i / 4));
  }
  void theSameTwiceInOneNode() {
    const auto done = finish(
        "{'noiseloom':1,'nodes':{'c':{'type':'test.constant','params':{'value':2}},'a':{'type':'test."
        "increase','inputs':{'x':'c.value','by':'c.value'}}},'outputs':{'a':{'from':'a.tensor'}}}");
    QCOMPARE(first(done.value("a")), 4.0f);
  }
  void throughAReroute() {
    // The reroute hands on the same value: there are two wires, and one value.
    const auto done = finish(graph("'r':{'type':'test.reroute','inputs':{'value':'v.tensor'}}," +
                                       plus("a", "r.value", 1) + "," + plus("b", "v.tensor", 10) +
                                       ",'k':{'type':'test.record','inputs':{'value':'r.value'}}",
                                   "a_tensor b_tensor"));
    QCOMPARE(first(done.value("a_tensor")), 1.0f);
    QCOMPARE(first(done.value("b_tensor")), 10.0f);
    QCOMPARE(first(test::recorded()[0].second), 0.0f);
  }
  void aSecondExecuteIsAsGoodAsTheFirst() {
    const auto plan = test::planOf(
        graph("'z':{'type':'zone','count':5,'state':{'x':{'init':'v.tensor','next':'a.tensor'}},'nodes':{" +
                  plus("a", "z.x", 1) + "}}," + plus("b", "z.x", 10),
              "b_tensor"));
    Run run(plan, {});
    for (int i = 0; i < 3; ++i) {
      run.execute();
      QCOMPARE(first(run.output("b_tensor")), 15.0f);
    }
  }
  // Nothing is held longer than its last reader: of a chain of 100 tensors two are alive at a time.
  void valuesAreLetGo() {
    std::string nodes;
    for (int i = 0; i < 100; ++i)
      nodes += (i ? ",'s" : "'s") + std::to_string(i) + "':{'type':'test.scale','inputs':{'x':'" +
               (i ? "s" + std::to_string(i - 1) + ".tensor" : std::string("v.tensor")) + "'}}";
    struct Alive : Observer {
      size_t most = 0;
      std::vector<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> seen;
      void probed(const ProbeEvent& event) override {
        seen.emplace_back(event.value.as<at::Tensor>().getIntrusivePtr());
        size_t alive = 0;
        for (const auto& weak : seen) alive += !weak.expired();
        most = std::max(most, alive);
      }
    } alive;
    RunOptions options;
    options.observer = &alive;
    for (int i = 0; i < 100; ++i) options.probes.push_back("s" + std::to_string(i) + ".tensor");
    finish(graph(nodes, "s99_tensor"), options);
    QCOMPARE(alive.seen.size(), size_t{100});
    QCOMPARE(alive.most, size_t{2});
  }
};

QTEST_GUILESS_MAIN(LifetimesTest)
#include "lifetimes_test.moc"
