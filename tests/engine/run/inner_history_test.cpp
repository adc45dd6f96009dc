// Steps of zones within zones: each one that is kept is a place to fork from, and the fork is the run that
// loops written by hand would be, begun there. Bit for bit: both add and multiply the same numbers.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "engine/run/history.h"
#include "tests/engine/run/nested_loops.h"

using namespace loom;
using loom::test::ByHand;
using loom::test::calls;
using loom::test::Nested;
using loom::test::Place;
namespace fs = std::filesystem;

Q_DECLARE_METATYPE(loom::test::Nested)

namespace {

using Forks = std::map<std::string, ForkPoint>;

struct Listed {
  Place place;
  Forks forks;
};

std::vector<Listed> listedIn(const fs::path& folder) {
  std::vector<Listed> all;
  for (const History::ZoneSteps& zone : History::read(folder))
    for (const History::Step& step : zone.steps) {
      if (!step.state) continue;
      Listed each{{zone.zone, {}}, {{zone.zone, {step.done, step.key}}}};
      for (const auto& [around, point] : zone.around) {
        each.place.at.push_back(point.done);
        if (point.done > 0) each.forks[around] = point;
      }
      each.place.at.push_back(step.done);
      all.push_back(each);
    }
  return all;
}

std::vector<Place> placesIn(const fs::path& folder) {
  std::vector<Place> places;
  for (const Listed& each : listedIn(folder)) places.push_back(each.place);
  std::sort(places.begin(), places.end());
  return places;
}

Forks forksAt(const fs::path& folder, const Place& place) {
  for (const Listed& each : listedIn(folder))
    if (each.place == place) return each.forks;
  throw std::runtime_error("no such step was kept");
}

std::vector<Place> placesOf(const std::map<Place, double>& states) {
  std::vector<Place> places;
  for (const auto& [place, state] : states) places.push_back(place);
  return places;
}

QString nameOf(const Place& place) {
  QString text = QString::fromStdString(place.zone);
  for (const int64_t step : place.at) text += " " + QString::number(step);
  return text;
}

class Session {
 public:
  explicit Session(const QTemporaryDir& folder, KeepRule keep = {.inner = 1})
      : folder(folder.path().toStdString()), keep(keep) {}

  test::Finished run(const std::string& text, const Forks& forks = {}, RunOptions options = {}) {
    CompileOptions compile;
    compile.forks = forks;
    const auto plan = test::planOf(text, compile);
    History::requireForks(folder, *plan);
    History history({.folder = folder,
                     .keep = keep,
                     .device = c10::kCPU,
                     .plan = plan.get(),
                     .registry = &test::registry(),
                     .say = [this](const std::string&, const std::string& text) { said += text + "\n"; }});
    options.checkpoints = &history;
    test::resetCalls();
    return test::Finished(plan, options);
  }
  test::Finished run(const Nested& shape, const Forks& forks = {}, RunOptions options = {}) {
    return run(test::text(shape), forks, options);
  }

  const fs::path folder;
  KeepRule keep;
  std::string said;
};

// For forks that are looked at and no more: writing is what takes the time.
constexpr KeepRule kLittle{.every = 1000};

// Stops a run after a step of a zone.
struct StopAt final : Observer {
  StopAt(Place place, CancelToken& cancel) : place(std::move(place)), cancel(cancel) {}
  void stepFinished(const StepEvent& event) override {
    std::vector<int64_t> at(event.iteration.begin(), event.iteration.end());
    at.back() = event.done;
    if (event.zone == place.zone && at == place.at) cancel.request();
  }
  Place place;
  CancelToken& cancel;
};

void stop(Session& session, const Nested& shape, const Place& place) {
  CancelToken cancel;
  StopAt observer(place, cancel);
  RunOptions options;
  options.cancel = &cancel;
  options.observer = &observer;
  try {
    session.run(shape, {}, options);
  } catch (const Cancelled&) {
    return;
  }
  throw std::runtime_error("the run has not been stopped");
}

// Every number of a recording of recordings, in order.
std::vector<double> numbersIn(const Value& recording) {
  std::vector<double> numbers;
  for (const Recording::Frame& frame : recording.as<Recording>().frames) {
    if (frame.value.is<Real>()) {
      numbers.push_back(frame.value.as<Real>());
      continue;
    }
    const std::vector<double> inner = numbersIn(frame.value);
    numbers.insert(numbers.end(), inner.begin(), inner.end());
  }
  return numbers;
}

uintmax_t stateBytes(const fs::path& folder) {
  uintmax_t bytes = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder))
    if (file.path().string().ends_with(".state.safetensors")) bytes += file.file_size();
  return bytes;
}

void spoil(const fs::path& folder, const std::string& ending) {
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (!file.path().string().ends_with(ending)) continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(-1, std::ios::end);
    bytes.put('\x5a');
  }
}

// z within o, which runs only in some of o's steps: those whose index is greater than `least`.
std::string conditional(int least) {
  return "{'noiseloom':1,'nodes':{'c':{'type':'test.constant'},'o':{'type':'zone','count':4,'state':{'x':{'"
         "init':"
         "'c.value','next':'s.result'}},'nodes':{'w':{'type':'test.less','params':{'a':" +
         std::to_string(least) +
         "},'inputs':{'b':'o.index'}},'z':{'type':'zone','count':3,'when':'w.holds','state':{'y':{'init':'o."
         "x',"
         "'next':'a.result'}},'nodes':{'a':{'type':'test.add','inputs':{'a':'z.y'}}}},'s':{'type':'test.sum',"
         "'inputs':{'terms':['o.x','z.y']}}}}},'outputs':{'x':{'from':'o.x'}}}";
}

}  // namespace

class InnerHistoryTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void everyStepIsAPlaceToForkFrom_data() {
    QTest::addColumn<Nested>("shape");
    QTest::addColumn<Nested>("changed");
    const std::pair<const char*, Nested> shapes[] = {
        {"two loops", {}},
        {"three loops", {.counts = {2, 3, 2}}},
        {"four loops", {.counts = {2, 1, 2, 2}}},
        {"some end early", {.counts = {3, 5}, .bound = 60}},
        {"three, some end early", {.counts = {2, 2, 4}, .bound = 100}},
        {"thinned collections", {.counts = {2, 5}, .every = 3}},
    };
    for (const auto& [name, shape] : shapes) {
      QTest::addRow("%s, as they are", name) << shape << shape;
      Nested changed = shape;
      changed.factor = -1.5;
      QTest::addRow("%s, another factor", name) << shape << changed;
      changed.before = 7, changed.after = -2;
      QTest::addRow("%s, other numbers around", name) << shape << changed;
      changed = shape;
      changed.counts.back() += 2;
      QTest::addRow("%s, longer", name) << shape << changed;
    }
  }
  void everyStepIsAPlaceToForkFrom() {
    QFETCH(Nested, shape);
    QFETCH(Nested, changed);
    QTemporaryDir folder;
    Session whole(folder);
    ByHand hand(shape);
    const test::Finished run = whole.run(shape);
    QCOMPARE(run.real("x"), hand.run());
    QVERIFY2(whole.said.empty(), whole.said.c_str());
    QVERIFY(placesIn(whole.folder) == placesOf(hand.states));
    Session session(folder, kLittle);
    for (const Listed& each : listedIn(whole.folder)) {
      const test::Finished fork = session.run(changed, each.forks);
      ByHand again(changed);
      QVERIFY2(fork.real("x") == again.forked(each.place, hand.states), qPrintable(nameOf(each.place)));
      QVERIFY2(calls("multiply") == again.products, qPrintable(nameOf(each.place)));
      QVERIFY2(session.said.empty(), session.said.c_str());
      // What was collected before it is there, and of a fork in which nothing has changed all of it.
      const std::vector<double> collected = numbersIn(fork.value("h"));
      if (test::text(shape) == test::text(changed)) QVERIFY(collected == numbersIn(run.value("h")));
      if (shape.counts.size() != 2 || changed.every > 1) continue;
      QVERIFY(collected.size() >= again.collected.size());
      QVERIFY(std::equal(again.collected.rbegin(), again.collected.rend(), collected.rbegin()));
    }
  }

  // A fork keeps its steps; a fork of it begins in them, or in those that it has from its own parent.
  void aForkOfAFork() {
    QTemporaryDir folder;
    Session session(folder);
    const Nested first, second{.factor = 5}, third{.factor = -1};
    ByHand one(first), two(second), three(third), four(third);
    one.run();
    session.run(first);
    const Place place{"z1", {1, 2}}, later{"z1", {2, 1}}, earlier{"z1", {0, 3}};
    two.forked(place, one.states);
    session.run(second, forksAt(session.folder, place));
    // It knows the steps before it from the first, and its own.
    std::map<Place, double> states = two.states;
    for (const auto& [each, state] : one.states)
      if (each.at[0] < 1 || each.at == std::vector<int64_t>{1} || (each.zone == "z1" && each.at[0] == 1))
        states.try_emplace(each, state);
    QVERIFY(placesIn(session.folder) == placesOf(states));
    const Forks atLater = forksAt(session.folder, later), atEarlier = forksAt(session.folder, earlier);
    QTemporaryDir other;
    Session copied(other);
    History::copy(session.folder, copied.folder);
    QCOMPARE(copied.run(third, atLater).real("x"), three.forked(later, states));
    QCOMPARE(session.run(third, atEarlier).real("x"), four.forked(earlier, states));
    // The same fork again is known to its end.
    session.run(third, atEarlier);
    QCOMPARE(calls("multiply"), int64_t{0});
  }
  void aForkIsNotTakenForTheWhole() {
    QTemporaryDir folder;
    Session session(folder);
    const Nested shape, changed{.factor = 4};
    ByHand one(shape), two(changed), whole(changed);
    one.run();
    session.run(shape);
    const Place place{"z1", {0, 2}};
    const Forks forks = forksAt(session.folder, place);
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    const double forked = two.forked(place, one.states);
    QCOMPARE(session.run(changed, forks, options).real("x"), forked);
    QCOMPARE(session.run(changed, {}, options).real("x"), whole.run());
    QCOMPARE(session.run(changed, forks, options).real("x"), forked);
  }

  // The same run again, which has been stopped within a step, goes on within it.
  void goesOnWithin_data() {
    QTest::addColumn<int>("outer");
    QTest::addColumn<int>("inner");
    for (const auto& [outer, inner] : {std::pair{0, 1}, {0, 3}, {1, 2}, {2, 3}})
      QTest::addRow("%d, %d", outer, inner) << outer << inner;
  }
  void goesOnWithin() {
    QFETCH(int, outer);
    QFETCH(int, inner);
    QTemporaryDir folder;
    Session session(folder);
    const Nested shape;
    const Place place{"z1", {outer, inner}};
    stop(session, shape, place);
    QCOMPARE(placesIn(session.folder).back(), place);
    const Forks forks = forksAt(session.folder, place);
    const test::Finished again = session.run(shape);
    QCOMPARE(calls("multiply"), int64_t{(3 - outer) * 4 - inner});
    QCOMPARE(again.real("x"), ByHand(shape).run());
    QCOMPARE(numbersIn(again.value("h")), numbersIn(test::finish(test::text(shape)).value("h")));
    // As a place to fork from it has stayed what it was.
    QVERIFY(forksAt(session.folder, place).at("z1").state == forks.at("z1").state);
  }

  // Steps that another run took in the same folder are none of the one that wrote last.
  void whatIsListedIsOfTheLastRun() {
    QTemporaryDir folder;
    Session session(folder);
    const Nested first, second{.first = 2};
    session.run(first);
    stop(session, second, {"z1", {0, 2}});
    QVERIFY((placesIn(session.folder) == std::vector<Place>{{"z1", {0, 1}}, {"z1", {0, 2}}}));
    stop(session, second, {"z1", {2, 1}});
    ByHand hand(second);
    hand.run();
    std::vector<Place> expected;
    for (const auto& [place, state] : hand.states)
      if (place.at < std::vector<int64_t>{2, 1} || place == Place{"z1", {2, 1}}) expected.push_back(place);
    QVERIFY(placesIn(session.folder) == expected);
    for (const Place& place : expected) {
      ByHand again(second);
      QTemporaryDir other;
      Session copied(other);
      History::copy(session.folder, copied.folder);
      QCOMPARE(copied.run(second, forksAt(session.folder, place)).real("x"), hand.states.at({"z0", {3}}));
    }
  }

  void keepsNoneUnlessAsked() {
    QTemporaryDir folder;
    Session session(folder, {});
    session.run(Nested{});
    QVERIFY((placesIn(session.folder) == std::vector<Place>{{"z0", {1}}, {"z0", {2}}, {"z0", {3}}}));
    for (const auto& entry : fs::directory_iterator(session.folder / "z0")) QVERIFY(entry.is_regular_file());
  }
  // Inner steps stay where the state that one begins with to get there has stayed.
  void keepsWhatTheRuleSays_data() {
    QTest::addColumn<int>("every");
    QTest::addColumn<int>("last");
    QTest::addColumn<int>("inner");
    QTest::addColumn<QStringList>("kept");
    const auto row = [](const char* name, int every, int last, int inner, const QString& kept) {
      QTest::newRow(name) << every << last << inner << kept.split(", ");
    };
    row("each third", 1, 0, 3,
        "z0 1, z0 2, z0 3, z0 4, z1 0 3, z1 0 5, z1 1 3, z1 1 5, z1 2 3, z1 2 5, z1 3 3, z1 3 5");
    row("every second outer one", 2, 0, 2, "z0 2, z0 4, z1 0 2, z1 0 4, z1 0 5, z1 2 2, z1 2 4, z1 2 5");
    row("the last", 100, 1, 100, "z0 4, z1 0 5");
    row("the last two", 100, 2, 100, "z0 3, z0 4, z1 0 4, z1 0 5, z1 3 4, z1 3 5");
  }
  void keepsWhatTheRuleSays() {
    QFETCH(int, every);
    QFETCH(int, last);
    QFETCH(int, inner);
    QFETCH(QStringList, kept);
    QTemporaryDir folder;
    Session session(folder, {.every = every, .last = last, .inner = inner});
    session.run(Nested{.counts = {4, 5}});
    QStringList found;
    for (const Place& place : placesIn(session.folder))
      if (place.zone != "s0") found << nameOf(place);
    QCOMPARE(found, kept);
  }
  void staysWithinItsBytes_data() {
    QTest::addColumn<int>("states");  // that have room
    for (const int states : {4, 8, 20, 60}) QTest::addRow("%d states", states) << states;
  }
  void staysWithinItsBytes() {
    QFETCH(int, states);
    const Nested shape{.counts = {6, 3, 8}};
    QTemporaryDir sample, folder;
    Session one(sample);
    stop(one, shape, {"z2", {0, 0, 1}});
    const size_t each = stateBytes(one.folder);
    QVERIFY(each > 0);
    // Of each loop at hand the last state stays, and the one before it: what it needs to go on.
    Session session(folder, {.mostBytes = each * static_cast<size_t>(states), .inner = 1});
    ByHand hand(shape);
    QCOMPARE(session.run(shape).real("x"), hand.run());
    QVERIFY2(stateBytes(session.folder) <= each * static_cast<size_t>(states + 2),
             qPrintable(QString("%1 of %2").arg(stateBytes(session.folder)).arg(each)));
    QVERIFY(session.said.find("steps of zones in its earlier steps") != std::string::npos);
    const std::vector<Listed> listed = listedIn(session.folder);
    QVERIFY(std::any_of(listed.begin(), listed.end(), [](const Listed& at) {
      return at.place == Place{"z0", {6}};
    }));
    Session forks(folder, kLittle);
    for (const Listed& at : listed)
      QCOMPARE(forks.run(shape, at.forks).real("x"), hand.states.at({"z0", {6}}));
  }
  // In the midst of things too: one can always go on.
  void canGoOnWhereBytesAreShort() {
    QTemporaryDir folder;
    const Nested shape{.counts = {4, 6}};
    Session session(folder, {.mostBytes = 1, .inner = 1});
    stop(session, shape, {"z1", {2, 4}});
    const std::vector<Place> kept = placesIn(session.folder);
    QVERIFY(std::find(kept.begin(), kept.end(), Place{"z1", {2, 4}}) != kept.end());
    QCOMPARE(session.run(shape).real("x"), ByHand(shape).run());
    QCOMPARE(calls("multiply"), int64_t{2 + 6});
  }

  void whatIsDamagedIsPassedOver() {
    QTemporaryDir folder;
    Session session(folder);
    const Nested shape;
    stop(session, shape, {"z1", {1, 3}});
    const Place place{"z1", {1, 2}};
    const Forks forks = forksAt(session.folder, place);
    spoil(session.folder / "z0" / "00000001", ".state.safetensors");
    QTemporaryDir other;
    Session copied(other);
    History::copy(session.folder, copied.folder);
    QCOMPARE(session.run(shape).real("x"), ByHand(shape).run());
    QCOMPARE(calls("multiply"), int64_t{8});
    QVERIFY2(session.said.find("after step 3 can't be used") != std::string::npos, session.said.c_str());
    const std::string said = test::failure([&] { copied.run(shape, forks); });
    QVERIFY2(said.find("z1: the state after step 2 in step 1 of z0, to fork from, is damaged") == 0,
             said.c_str());
  }
  void hostileFolders_data() {
    QTest::addColumn<QByteArray>("latest");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("out of the folder")
        << QByteArray(R"({"history":1,"zone":"z1","step":"../../../secret","count":3,"after":"","is":"x"})");
    QTest::newRow("of another loop") << QByteArray(
        R"({"history":1,"zone":"z1","step":"","count":3,"after":"","is":"x"})");
    QTest::newRow("another type") << QByteArray(
        R"({"history":1,"zone":"z1","step":"","count":3,"after":[],"is":4})");
    QTest::newRow("long") << QByteArray(100'000, '[');
  }
  void hostileFolders() {
    QFETCH(QByteArray, latest);
    QTemporaryDir folder;
    Session session(folder);
    session.run(Nested{});
    const auto isThere = [&](const Place& place) {
      const std::vector<Place> places = placesIn(session.folder);
      return std::find(places.begin(), places.end(), place) != places.end();
    };
    QVERIFY(isThere({"z1", {1, 1}}));
    std::ofstream(session.folder / "z0" / "00000001" / "z1" / "latest.json") << latest.toStdString();
    QVERIFY(!isThere({"z1", {1, 1}}));
    QVERIFY(isThere({"z1", {2, 1}}) && isThere({"s0", {1, 1}}) && isThere({"z0", {2}}));
    QCOMPARE(session.run(Nested{}).real("x"), ByHand(Nested{}).run());
  }
  // A folder that holds itself has an end.
  void linksAreNotFollowed() {
    QTemporaryDir folder, other;
    Session session(folder);
    session.run(Nested{});
    const std::vector<Place> before = placesIn(session.folder);
    fs::create_directory_symlink(session.folder, session.folder / "z0" / "00000003");
    QVERIFY(placesIn(session.folder) == before);
    History::copy(session.folder, other.path().toStdString());
    QVERIFY(placesIn(other.path().toStdString()) == before);
    QVERIFY(!fs::exists(fs::path(other.path().toStdString()) / "z0" / "00000003"));
  }

  void refusedBeforeItRuns() {
    QTemporaryDir folder;
    Session session(folder);
    const Nested shape;
    session.run(shape);
    const auto refusal = [&](const std::string& text, Forks forks) {
      test::resetCalls();
      const std::string said = test::failure([&] { session.run(text, forks); });
      return calls("multiply") + calls("add") == 0 ? said : "it ran: " + said;
    };
    const Forks forks = forksAt(session.folder, {"z1", {2, 3}});
    Forks other = forks;
    other["z1"].state.low ^= 1;
    QCOMPARE(
        refusal(test::text(shape), other),
        std::string("z1: the state after step 3 in step 2 of z0, to fork from, was not kept; fork from a "
                    "step whose state was"));
    // A state of the second step of z0 is none of its first.
    QVERIFY(
        refusal(test::text(shape), {{"z1", forks.at("z1")}}).find("z1: the state after step 3 in step 0") ==
        0);
    std::string text = test::text(shape);
    const auto replace = [&text](const std::string& from, const std::string& to) {
      for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    };
    replace("z1.x", "z1.w");
    replace("'x':{'init':'p0", "'w':{'init':'p0");
    QVERIFY2(refusal(text, forks)
                     .find("z1.w: the state after step 3 in step 2 of z0, to fork from, holds nothing "
                           "of this name") == 0,
             refusal(text, forks).c_str());
    QVERIFY2(
        refusal("{'noiseloom':1,'nodes':{'c':{'type':'test.tensor'},'z0':{'type':'zone','count':3,'state':{"
                "'x':{'init':'c.tensor','next':'a.tensor'}},'nodes':{'a':{'type':'test.increase','inputs':{"
                "'x':'z0.x'}}}}},'outputs':{'x':{'from':'z0.x'}}}",
                forksAt(session.folder, {"z0", {2}}))
                .find("z0.x: the state after step 2, to fork from, is of the type ") == 0,
        "another type");
    replace("z1", "z2");
    QVERIFY2(refusal(text, forks).find("z1: is no zone that this graph runs") == 0,
             refusal(text, forks).c_str());
  }
  // Where it turns out in the loop: a zone that is skipped there, a loop that has become shorter.
  void refusedWhereItDoesNotGoRound() {
    QTemporaryDir folder;
    Session session(folder);
    session.run(conditional(0));
    const Forks forks = forksAt(session.folder, {"z", {2, 1}});
    QCOMPARE(session.run(conditional(1), forks).real("x"), test::finish(conditional(0)).real("x"));
    const std::string said = test::failure([&] { session.run(conditional(2), forks); });
    QVERIFY2(said.find("z: does not go round here (at step 2 of o), so it can't go on from its step 1") == 0,
             said.c_str());
    QTemporaryDir other;
    Session nested(other);
    nested.run(Nested{});
    const std::string shorter = test::failure([&] {
      nested.run(Nested{.counts = {2, 4}}, forksAt(nested.folder, {"z1", {2, 1}}));
    });
    QVERIFY2(shorter.find("z1: does not go round here (at step 2 of z0)") == 0, shorter.c_str());
  }
  // Noise that differs from one run to the next gives a loop no name.
  void anUnknownBeginningIsNotKept() {
    QTemporaryDir folder;
    Session session(folder);
    session.run(
        "{'noiseloom':1,'nodes':{'c':{'type':'test.constant'},'o':{'type':'zone','count':2,'state':{'x':{'"
        "init':'c."
        "value','next':'o.x'}},'nodes':{'k':{'type':'test.clock'},'z':{'type':'zone','count':3,'state':{'y':{"
        "'init'"
        ":'k.value','next':'z.y'}}},'keep':{'type':'test.record','inputs':{'value':'z.y'}}}}},'outputs':{'x':"
        "{'from"
        "':'o.x'}}}");
    QVERIFY((placesIn(session.folder) == std::vector<Place>{{"o", {1}}, {"o", {2}}}));
  }
};

QTEST_GUILESS_MAIN(InnerHistoryTest)
#include "inner_history_test.moc"
