// Steps of zones within zones, kept and forked from by the program as a shell user has it: each call is a
// process of its own.
#include <QtTest>

#include "tests/app/cli/program.h"

namespace {

// Where a zone went round first: after so many steps.
int firstOf(const Outcome& outcome, const QString& zone) {
  for (const QJsonObject& event : eventsOf(outcome.out, "zone-started"))
    if (event["zone"].toString() == zone) return event["first"].toInt(-1);
  return -1;
}

}  // namespace

class InnerForkTest : public QObject {
  Q_OBJECT

  Program program_;

  Outcome rounds(const QStringList& more) const {
    return program_.run(QStringList{"run", "rounds.loom", "--json"} + more);
  }
  bool samePixels(const QString& a, const QString& b) const {
    return program_.run({"diff", a + "/rounds.png", b + "/rounds.png"}).code == 0;
  }

 private Q_SLOTS:
  void initTestCase() {
    program_.write("rounds.loom", kRounds);
    Outcome outcome = rounds({"--keep-inner", "--record", "rounds.x", "--out", "whole"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    outcome = rounds({"--keep-steps", "--out", "outer"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
  }

  void forksByChoice_data() {
    QTest::addColumn<QString>("at");
    QTest::addColumn<int>("outer");
    QTest::addColumn<int>("inner");
    QTest::newRow("in the first round") << "0,3" << 0 << 3;
    QTest::newRow("in the second") << "1,7" << 1 << 7;
    QTest::newRow("with its name") << "walk=2,9" << 2 << 9;
    QTest::newRow("after its last step") << "1,10" << 1 << 10;
    QTest::newRow("of the outer one") << "2" << 2 << 0;
  }
  void forksByChoice() {
    QFETCH(QString, at);
    QFETCH(int, outer);
    QFETCH(int, inner);
    const QStringList fork{"--fork", "whole", "--at", at};
    const QString same = "same " + at, other = "other " + at, again = "again " + at;
    const Outcome once = rounds(fork + QStringList{"--out", same});
    QVERIFY2(once.code == 0, qPrintable(once.text()));
    QCOMPARE(firstOf(once, "rounds"), outer);
    QCOMPARE(firstOf(once, "walk"), inner);
    QVERIFY(samePixels(same, "whole"));
    // From there on with other noise: the same every time, and not what it would be from the beginning.
    const Outcome changed = rounds(fork + QStringList{"--set", "z.seed=9", "--keep-inner", "--out", other});
    QVERIFY2(changed.code == 0, qPrintable(changed.text()));
    QCOMPARE(rounds(fork + QStringList{"--set", "z.seed=9", "--out", again}).code, 0);
    QCOMPARE(rounds({"--set", "z.seed=9", "--out", "straight"}).code, 0);
    QVERIFY(samePixels(again, other));
    QVERIFY(!samePixels(other, "straight"));
    QVERIFY(!samePixels(other, "whole") || (outer == 2 && inner > 8));  // the last step takes no noise
    // What it began from is told with the picture, and made again by it.
    const Outcome verified = program_.run({"verify", "--exact", same + "/rounds.png", other + "/rounds.png"});
    QVERIFY2(verified.code == 0, qPrintable(verified.text()));
  }
  // A fork of a fork: from a step of its own, and from one that it has from the first.
  void aForkOfAFork() {
    QCOMPARE(
        rounds({"--fork", "whole", "--at", "1,5", "--set", "z.seed=9", "--keep-inner", "--out", "one"}).code,
        0);
    for (const auto& [at, outer, inner] : {std::tuple{"1,8", 1, 8}, {"0,2", 0, 2}, {"2,4", 2, 4}}) {
      const QString out = QString("two ") + at;
      const Outcome outcome = rounds({"--fork", "one", "--at", at, "--set", "z.seed=4", "--out", out});
      QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
      QCOMPARE(firstOf(outcome, "rounds"), outer);
      QCOMPARE(firstOf(outcome, "walk"), inner);
      const Outcome verified = program_.run({"verify", "--exact", out + "/rounds.png"});
      QVERIFY2(verified.code == 0, qPrintable(verified.text()));
    }
  }
  // Ended within a round, the same command goes on within it.
  void goesOnWithin() {
    const QStringList run{"--keep-inner", "--out", "paused"};
    const Outcome first = rounds(run + QStringList{"--pause-at", "walk=6"});
    QVERIFY2(first.code == 0, qPrintable(first.text()));
    QCOMPARE(eventsOf(first.out, "paused").value(0)["done"].toInt(), 6);
    const Outcome later = rounds({"--keep-inner", "--out", "later", "--pause-at", "1,4"});
    QVERIFY2(later.code == 0, qPrintable(later.text()));
    const QJsonObject paused = eventsOf(later.out, "paused").value(0);
    QCOMPARE(paused["zone"].toString(), "walk");
    QCOMPARE(paused["at"].toArray(), (QJsonArray{1, 4}));
    const Outcome fork = rounds({"--fork", "paused", "--at", "0,4", "--out", "early"});
    QVERIFY2(fork.code == 0, qPrintable(fork.text()));
    QVERIFY(samePixels("early", "whole"));
    const Outcome second = rounds(run);
    QVERIFY2(second.code == 0, qPrintable(second.text()));
    QCOMPARE(firstOf(second, "walk"), 6);
    QVERIFY(samePixels("paused", "whole"));
  }

  void refused_data() {
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const QStringList& options, const QString& message) {
      QTest::newRow(name) << options << message;
    };
    row("no inner steps kept", {"--fork", "outer", "--at", "1,3"}, "kept are steps of rounds");
    row("no such step", {"--fork", "whole", "--at", "1,30"},
        "there are 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 in step 1");
    row("no such round", {"--fork", "whole", "--at", "7,3"}, "steps of it were kept in step 0, 1, 2");
    row("too many", {"--fork", "whole", "--at", "1,2,3"},
        "outermost first; kept are steps of rounds, walk in rounds");
    row("too few", {"--fork", "whole", "--at", "walk=3"},
        "outermost first; kept are steps of rounds, walk in rounds");
    row("no such zone", {"--fork", "whole", "--at", "loop=1,3"}, "kept are steps of rounds, walk in rounds");
    row("none done", {"--fork", "whole", "--at", "1,0"}, "give a step from 1 up");
    row("no number", {"--fork", "whole", "--at", "1,x"}, "give a step from 1 up");
    row("nothing between", {"--fork", "whole", "--at", "1,,3"}, "give a step from 1 up");
    row("nothing behind", {"--fork", "whole", "--at", "1,"}, "give a step from 1 up");
    row("negative", {"--fork", "whole", "--at=-1,3"}, "give a step from 1 up");
    row("a pause after none", {"--pause-at", "1,0"}, "give a step from 1 up");
    row("a pause too deep", {"--pause-at", "1,2,3"}, "no zone lies so deep; there are: rounds, walk");
    row("a pause in no zone", {"--pause-at", "loop=1,3"}, "there is no such zone; there are: rounds, walk");
    row("no count", {"--keep-inner", "0"}, "--keep-inner");
  }
  void refused() {
    QFETCH(QStringList, options);
    QFETCH(QString, message);
    const Outcome outcome =
        program_.run(QStringList{"run", "rounds.loom"} + options + QStringList{"--out", "refused"});
    QVERIFY2(outcome.code == 2, qPrintable(outcome.text()));
    QVERIFY2(QString(outcome.err).contains(message), qPrintable(outcome.text()));
    QVERIFY(!program_.has("refused"));
  }
  // The graph has changed so that nothing fits: said before anything runs.
  void refusedForTheGraph() {
    QByteArray graph = kRounds;
    graph.replace("walk", "stroll");
    program_.write("stroll.loom", graph);
    const QStringList fork{"--fork", "whole", "--at", "1,3", "--out", "refused"};
    const Outcome zone = program_.run(QStringList{"run", "stroll.loom"} + fork);
    QVERIFY2(zone.code == 2 && zone.err.contains("walk: is no zone that this graph runs"),
             qPrintable(zone.text()));
    graph = kRounds;
    graph.replace("\"y\"", "\"w\"").replace("walk.y", "walk.w");
    program_.write("other.loom", graph);
    const Outcome state = program_.run(QStringList{"run", "other.loom"} + fork);
    QVERIFY2(
        state.code == 2 && state.err.contains("walk.w: the state after step 3 in step 1 of rounds, to fork "
                                              "from, holds nothing of this name"),
        qPrintable(state.text()));
    QVERIFY(!program_.has("refused"));
  }
};

QTEST_GUILESS_MAIN(InnerForkTest)
#include "inner_fork_test.moc"
