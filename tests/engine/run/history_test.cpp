// Histories: a run forks from any step that was kept, goes on from the first step that a change reaches, and
// is then the run that a loop written by hand would be. All numbers are small and whole: equality is exact.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "engine/run/history.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::calls;
namespace fs = std::filesystem;

namespace {

struct Loop {
  int size = 10;
  double start = 0, factor = 2, bound = 100, first = 1;
  int every = 1;
};

// x ← x + factor t + [t < bound], over t = start, start + 1, ...
std::string loop(const Loop& shape) {
  const auto number = [](double value) { return std::to_string(value); };
  return "{'noiseloom':1,'nodes':{'c':{'type':'test.constant','params':{'value':" + number(shape.first) +
         "}},'l':{'type':'test.ladder','params':{'size':" + std::to_string(shape.size) +
         ",'start':" + number(shape.start) +
         "}},'z':{'type':'zone','over':{'t':'l.ladder'},'state':{'x':{'init':'c.value','next':'a.result'}},"
         "'collect':{'h':{'from':'a.result','every':" +
         std::to_string(shape.every) +
         "}},'nodes':{'far':{'type':'test.less','params':{'b':" + number(shape.bound) +
         "},'inputs':{'a':'z.t'}},'early':{'type':'test.count','inputs':{'flag':'far.holds'}},"
         "'f':{'type':'test.multiply','params':{'b':" +
         number(shape.factor) +
         "},'inputs':{'a':'z.t'}},'s':{'type':'test.sum','inputs':{'terms':['z.x','early.result']}},"
         "'a':{'type':'test.add','inputs':{'a':'s.result','b':'f.result'}}}}},"
         "'outputs':{'x':{'from':'z.x'},'h':{'from':'z.h'}}}";
}

double byHand(const Loop& shape, double x, int from) {
  for (int i = from; i < shape.size; ++i) {
    const double t = shape.start + i;
    x += shape.factor * t + (t < shape.bound ? 1 : 0);
  }
  return x;
}

struct Session {
  Session(const fs::path& folder, KeepRule keep = {}) : folder(folder), keep(keep) {}

  test::Finished run(const Loop& shape, const std::map<std::string, ForkPoint>& forks = {},
                     Cache* cache = nullptr) {
    CompileOptions compile;
    compile.forks = forks;
    const auto plan = test::planOf(loop(shape), compile);
    History history({.folder = folder,
                     .keep = keep,
                     .device = c10::kCPU,
                     .plan = plan.get(),
                     .registry = &test::registry(),
                     .say = [this](const std::string&, const std::string& text) { said += text + "\n"; }});
    RunOptions options;
    options.checkpoints = &history;
    options.cache = cache;
    test::resetCalls();
    return test::Finished(plan, options);
  }

  /// Of zone z, after `done` steps.
  ForkPoint pointAt(int64_t done) const {
    const History::ZoneSteps zone = History::read(folder).at(0);
    for (const History::Step& step : zone.steps)
      if (step.done == done) return {done, step.key};
    return {};
  }
  std::vector<int64_t> kept() const {
    std::vector<int64_t> steps;
    const History::ZoneSteps zone = History::read(folder).at(0);
    for (const History::Step& step : zone.steps)
      if (step.state) steps.push_back(step.done);
    return steps;
  }

  fs::path folder;
  KeepRule keep;
  std::string said;
};

std::vector<double> framesOf(const test::Finished& run) {
  std::vector<double> values;
  for (const auto& frame : run.value("h").as<Recording>().frames) values.push_back(frame.value.as<Real>());
  return values;
}

}  // namespace

class HistoryTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void goesOnFromWhereTheChangeReaches_data() {
    QTest::addColumn<int>("size");
    QTest::addColumn<double>("start");
    QTest::addColumn<double>("factor");
    QTest::addColumn<double>("bound");
    QTest::addColumn<double>("first");
    QTest::addColumn<int>("steps");  // that have to be taken
    QTest::newRow("nothing changed") << 10 << 0.0 << 2.0 << 100.0 << 1.0 << 0;
    QTest::newRow("longer") << 14 << 0.0 << 2.0 << 100.0 << 1.0 << 4;
    QTest::newRow("shorter") << 6 << 0.0 << 2.0 << 100.0 << 1.0 << 0;
    QTest::newRow("other numbers from step 7 on") << 10 << 0.0 << 2.0 << 7.0 << 1.0 << 3;
    // 0 times any factor is 0: the first step is the same.
    QTest::newRow("other numbers from step 1 on") << 10 << 0.0 << 3.0 << 100.0 << 1.0 << 9;
    QTest::newRow("all steps") << 10 << 1.0 << 2.0 << 100.0 << 1.0 << 10;
    QTest::newRow("another beginning") << 10 << 0.0 << 2.0 << 100.0 << 5.0 << 10;
  }
  void goesOnFromWhereTheChangeReaches() {
    QFETCH(int, size);
    QFETCH(double, start);
    QFETCH(double, factor);
    QFETCH(double, bound);
    QFETCH(double, first);
    QFETCH(int, steps);
    QTemporaryDir folder;
    Session session(folder.path().toStdString());
    session.run({});
    const Loop changed{size, start, factor, bound, first};
    const test::Finished again = session.run(changed);
    QVERIFY2(session.said.empty(), session.said.c_str());
    QCOMPARE(calls("add"), int64_t{steps});
    QCOMPARE(again.real("x"), byHand(changed, first, 0));
    QCOMPARE(framesOf(again), framesOf(test::finish(loop(changed))));
  }

  void forksByChoice_data() {
    QTest::addColumn<int>("at");
    for (const int at : {1, 4, 9, 10}) QTest::addRow("after %d", at) << at;
  }
  void forksByChoice() {
    QFETCH(int, at);
    QTemporaryDir folder;
    Session session(folder.path().toStdString());
    const std::vector<double> before = framesOf(session.run({}));
    const Loop changed{.factor = -3};
    const ForkPoint point = session.pointAt(at);
    const test::Finished fork = session.run(changed, {{"z", point}});
    QCOMPARE(calls("add"), int64_t{10 - at});
    QCOMPARE(fork.real("x"), byHand(changed, before[static_cast<size_t>(at) - 1], at));
    std::vector<double> frames = framesOf(fork);
    QCOMPARE(frames.size(), size_t{10});
    QVERIFY(std::equal(before.begin(), before.begin() + at, frames.begin()));
    // The same fork again is known to its end, and a fork of the fork begins in it.
    session.run(changed, {{"z", point}});
    QCOMPARE(calls("add"), int64_t{0});
    if (at > 8) return;
    const Loop third{.factor = 7};
    QCOMPARE(session.run(third, {{"z", session.pointAt(9)}}).real("x"), byHand(third, frames[8], 9));
    QCOMPARE(calls("add"), int64_t{1});
  }
  // A fork's results and those of the same graph from its beginning are not the same thing.
  void aForkIsNotTakenForTheWhole() {
    QTemporaryDir folder;
    Session session(folder.path().toStdString());
    const std::vector<double> before = framesOf(session.run({}));
    const ForkPoint point = session.pointAt(5);
    Cache cache;
    const Loop changed{.factor = 4};
    QCOMPARE(session.run(changed, {{"z", point}}, &cache).real("x"), byHand(changed, before[4], 5));
    QCOMPARE(session.run(changed, {}, &cache).real("x"), byHand(changed, 1, 0));
    QCOMPARE(session.run(changed, {{"z", point}}, &cache).real("x"), byHand(changed, before[4], 5));
  }
  void whatWasNotKeptIsNoPlaceToForkFrom() {
    QTemporaryDir folder;
    Session session(folder.path().toStdString());
    session.run({});
    ForkPoint point = session.pointAt(5);
    point.state.low ^= 1;
    const std::string said = test::failure([&] { session.run({.factor = 3}, {{"z", point}}); });
    QVERIFY2(said.find("z: the state after step 5, to fork from, was not kept") == 0, said.c_str());
    CompileOptions compile;
    compile.forks = {{"z", point}};
    const std::string alone = test::failure([&] { test::finish(loop({}), {}, compile); });
    QVERIFY2(alone.find("has nothing kept to fork from") != std::string::npos, alone.c_str());
  }

  void keepsWhatTheRuleSays_data() {
    QTest::addColumn<int>("every");
    QTest::addColumn<int>("last");
    QTest::addColumn<QList<qint64>>("kept");
    QTest::newRow("all") << 1 << 0 << QList<qint64>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    QTest::newRow("every third") << 3 << 0 << QList<qint64>{3, 6, 9, 10};
    QTest::newRow("last two") << 100 << 2 << QList<qint64>{9, 10};
    QTest::newRow("both") << 4 << 3 << QList<qint64>{4, 8, 9, 10};
  }
  void keepsWhatTheRuleSays() {
    QFETCH(int, every);
    QFETCH(int, last);
    QFETCH(QList<qint64>, kept);
    QTemporaryDir folder;
    Session session(folder.path().toStdString(), {.every = every, .last = last});
    const test::Finished run = session.run({.every = 2});
    QCOMPARE(session.kept(), std::vector<int64_t>(kept.begin(), kept.end()));
    // What was collected is whole, whatever the rule.
    const Loop changed{.factor = 1, .every = 2};
    const test::Finished fork = session.run(changed, {{"z", session.pointAt(9 + (every == 4 ? -1 : 0))}});
    QCOMPARE(framesOf(fork).size(), framesOf(run).size());
  }
  void thinsToStayWithinItsBytes() {
    QTemporaryDir folder;
    Session session(folder.path().toStdString(), {.mostBytes = 3000});
    session.run({.size = 64});
    uintmax_t bytes = 0;
    for (const auto& file : fs::recursive_directory_iterator(session.folder))
      if (file.path().string().ends_with(".state.safetensors")) bytes += file.file_size();
    QVERIFY2(bytes <= 3000, std::to_string(bytes).c_str());
    QVERIFY(session.said.find("keeps the state of every") != std::string::npos);
    QCOMPARE(session.kept().back(), int64_t{64});
  }
  void whatIsDamagedIsPassedOver() {
    QTemporaryDir folder;
    Session session(folder.path().toStdString());
    session.run({});
    const std::string name = session.pointAt(10).state.hex();
    for (const auto& file : fs::recursive_directory_iterator(session.folder)) {
      if (file.path().filename().string().find(name + ".state") == std::string::npos) continue;
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(-1, std::ios::end);
      bytes.put('\x5a');
    }
    QCOMPARE(session.run({}).real("x"), byHand({}, 1, 0));
    QCOMPARE(calls("add"), int64_t{1});
    QVERIFY2(session.said.find("after step 10 can't be used") != std::string::npos, session.said.c_str());
  }
  void hostileNames_data() {
    QTest::addColumn<QByteArray>("latest");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("{");
    QTest::newRow("another form") << QByteArray("[1, 2]");
    QTest::newRow("out of the folder")
        << QByteArray(R"({"history": 1, "zone": "z", "step": "../../secret", "count": 3})");
    QTest::newRow("another type") << QByteArray(R"({"history": 1, "zone": 4, "step": [], "count": "x"})");
    QTest::newRow("long") << QByteArray(100'000, '[');
  }
  void hostileNames() {
    QFETCH(QByteArray, latest);
    QTemporaryDir folder;
    Session session(folder.path().toStdString());
    session.run({});
    std::ofstream(session.folder / "z" / "latest.json") << latest.toStdString();
    QVERIFY(History::read(session.folder).empty());
    QCOMPARE(session.run({}).real("x"), byHand({}, 1, 0));
  }
  void aCopyIsOfItsOwn() {
    QTemporaryDir folder, other;
    Session session(folder.path().toStdString());
    const std::vector<double> before = framesOf(session.run({}));
    History::copy(session.folder, fs::path(other.path().toStdString()));
    Session copied(fs::path(other.path().toStdString()));
    const Loop changed{.factor = 9};
    QCOMPARE(copied.run(changed, {{"z", copied.pointAt(6)}}).real("x"), byHand(changed, before[5], 6));
    QVERIFY(copied.pointAt(10).state != session.pointAt(10).state);
    session.run({});
    QCOMPARE(calls("add"), int64_t{0});
  }
};

QTEST_GUILESS_MAIN(HistoryTest)
#include "history_test.moc"
