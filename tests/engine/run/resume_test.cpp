// A run that was stopped and taken up again gives what an uninterrupted one gives.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::calls;

namespace {

// Keeps everything in memory; stops the run at a step if asked to.
class Memory final : public CheckpointStore {
 public:
  State find(const Loop& loop) override {
    const auto found = kept.find({loop.zone.path, loop.keys.base().hex()});
    if (found == kept.end() || found->second.state.done > loop.count) return {};
    return found->second.key == loop.keys.after(found->second.state.done) ? found->second.state : State{};
  }
  void offer(const Loop& loop, int64_t done, const std::function<State()>& state) override {
    ++offers;
    if (done % every == 0 || cancel.requested())
      kept[{loop.zone.path, loop.keys.base().hex()}] = {state(), loop.keys.after(done)};
    if (done == stopAt) cancel.request();
  }
  struct Kept {
    State state;
    Key key;
  };
  std::map<std::pair<std::string, std::string>, Kept> kept;
  int64_t every = 1, stopAt = -1;
  int offers = 0;
  CancelToken cancel;
};

std::string loop(int count, const std::string& zoneFields = "", const std::string& name = "z") {
  return "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[2],'fill':1}},'c':{'type':'"
         "test.constant','params':{'value':3}},'" +
         name + "':{'type':'zone','count':" + std::to_string(count) + "," + zoneFields +
         "'state':{'x':{'init':'v.tensor','next':'a.tensor'},'s':{'init':'c.value','next':'m.result'}},'"
         "collect':{'h':{'from':'m.result','every':3}},'nodes':{"
         "'n':{'type':'test.noise','params':{'seed':9}},'m':{'type':'test.add','inputs':{'a':'" +
         name + ".s','b':'n.value'}},'a':{'type':'test.increase','inputs':{'x':'" + name +
         ".x','by':'m.result'}}}}},"
         "'outputs':{'x':{'from':'" +
         name + ".x'},'s':{'from':'" + name + ".s'},'h':{'from':'" + name + ".h'}}}";
}

bool sameResults(const test::Finished& a, const test::Finished& b) {
  if (!a.value("x").as<at::Tensor>().equal(b.value("x").as<at::Tensor>()) || a.real("s") != b.real("s"))
    return false;
  const auto &f = a.value("h").as<Recording>().frames, &g = b.value("h").as<Recording>().frames;
  if (f.size() != g.size()) return false;
  for (size_t i = 0; i < f.size(); ++i)
    if (f[i].iteration != g[i].iteration || f[i].value.as<Real>() != g[i].value.as<Real>()) return false;
  return true;
}

}  // namespace

class ResumeTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { test::resetCalls(); }

  void stoppedAndTakenUp_data() {
    QTest::addColumn<int>("stopAt");
    QTest::addColumn<int>("every");
    for (const int stop : {1, 2, 3, 7, 10})
      for (const int every : {1, 3, 100})
        QTest::addRow("after %d, kept every %d", stop, every) << stop << every;
  }
  void stoppedAndTakenUp() {
    QFETCH(int, stopAt);
    QFETCH(int, every);
    const test::Finished whole = test::finish(loop(11));
    Memory memory;
    memory.stopAt = stopAt;
    memory.every = every;
    RunOptions options;
    options.checkpoints = &memory;
    options.cancel = &memory.cancel;
    bool stopped = false;
    try {
      test::finish(loop(11), options);
    } catch (const Cancelled&) {
      stopped = true;
    }
    QVERIFY(stopped);
    QCOMPARE(memory.kept.begin()->second.state.done,
             int64_t{stopAt});  // offered once more when it was stopped
    memory.cancel.reset();
    memory.stopAt = -1;
    test::resetCalls();
    const test::Finished again = test::finish(loop(11), options);
    QVERIFY(sameResults(again, whole));
    QCOMPARE(calls("add"), int64_t{11 - stopAt});
  }
  // The last frame of a shorter loop is not one of a longer loop's.
  void aLongerLoopGoesOnFromAShorterOne() {
    Memory memory;
    RunOptions options;
    options.checkpoints = &memory;
    test::finish(loop(5), options);
    test::resetCalls();
    const test::Finished longer = test::finish(loop(12), options);
    QCOMPARE(calls("add"), int64_t{7});
    QVERIFY(sameResults(longer, test::finish(loop(12))));
  }
  void theWholeLoopIsKnown() {
    Memory memory;
    RunOptions options;
    options.checkpoints = &memory;
    const test::Finished once = test::finish(loop(5), options);
    test::resetCalls();
    const test::Finished again = test::finish(loop(5), options);
    QCOMPARE(calls("add"), int64_t{0});
    QVERIFY(sameResults(again, once));
  }
  void anotherGraphBeginsAnew() {
    Memory memory;
    RunOptions options;
    options.checkpoints = &memory;
    test::finish(loop(5), options);
    test::resetCalls();
    std::string text = loop(5);
    text.replace(text.find("'seed':9"), 8, "'seed':8");
    test::finish(text, options);
    QCOMPARE(calls("add"), int64_t{5});
  }
  // Where the zone itself said that it was done there is nothing to go on with.
  void anEarlyEndIsNoPlaceToGoOnFrom() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'c':{'type':'test.constant'},'z':{'type':'zone','count':10,'until':'far."
        "holds','state':{'x':{'init':'c.value','next':'a.result'}},'nodes':{'a':{'type':'test.add','inputs':{"
        "'a':'z.x'}},'far':{'type':'test.less','params':{'a':3.5},'inputs':{'b':'a.result'}}}}},'outputs':{'"
        "x':{'from':'z.x'}}}";
    Memory memory;
    RunOptions options;
    options.checkpoints = &memory;
    QCOMPARE(test::finish(text, options).real("x"), 4.0);
    QCOMPARE(test::finish(text, options).real("x"), 4.0);
  }
  void onlyOutermostZonesAreOffered() {
    Memory memory;
    RunOptions options;
    options.checkpoints = &memory;
    test::finish(
        "{'noiseloom':1,'nodes':{'c':{'type':'test.constant'},'z':{'type':'zone','count':3,'state':{'x':{'"
        "init':'c.value','next':'i.y'}},'nodes':{'i':{'type':'zone','count':4,'state':{'y':{'init':'z.x','"
        "next':'a.result'}},'nodes':{'a':{'type':'test.add','inputs':{'a':'i.y'}}}}}}},'outputs':{'x':{'from'"
        ":'z.x'}}}",
        options);
    QCOMPARE(memory.offers, 3);
    QCOMPARE(memory.kept.size(), size_t{1});
  }
  void anUnknownBeginningIsNotKept() {
    Memory memory;
    RunOptions options;
    options.checkpoints = &memory;
    test::finish(
        "{'noiseloom':1,'nodes':{'k':{'type':'test.clock'},'z':{'type':'zone','count':3,'state':{'x':{'init':"
        "'k.value','next':'z.x'}}}},'outputs':{'x':{'from':'z.x'}}}",
        options);
    QCOMPARE(memory.offers, 0);
  }
  // A store that answers nonsense makes the run begin anew, not fail.
  void aBadStore_data() {
    QTest::addColumn<int>("done");
    QTest::addColumn<bool>("complete");
    QTest::newRow("too far") << 100 << true;
    QTest::newRow("negative") << -5 << true;
    QTest::newRow("a state is missing") << 3 << false;
  }
  void aBadStore() {
    QFETCH(int, done);
    QFETCH(bool, complete);
    struct Bad final : CheckpointStore {
      State state;
      State find(const Loop&) override { return state; }
      void offer(const Loop&, int64_t, const std::function<State()>&) override {}
    } bad;
    bad.state.done = done;
    bad.state.states["x"] = Value::of<at::Tensor>(at::zeros({2}));
    if (complete) bad.state.states["s"] = Value::of<Real>(0.0);
    RunOptions options;
    options.checkpoints = &bad;
    QVERIFY(sameResults(test::finish(loop(11), options), test::finish(loop(11))));
  }
};

QTEST_GUILESS_MAIN(ResumeTest)
#include "resume_test.moc"
