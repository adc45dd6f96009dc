// Pausing, keeping steps and forking, by the program as a shell user has it. Pictures are compared byte by
// byte: on one machine the same steps give the same bytes.
#include <QCryptographicHash>
#include <QDirIterator>
#include <QtTest>

#include "tests/app/cli/program.h"

namespace {

// The walk by DDIM, whose eta is 0 up to step 60, and then what one says.
QByteArray steered() {
  QByteArray graph = kWalk;
  graph.replace(R"("step": {"type": "step.ddpm", "version": 1, "inputs": {"noise": "z.noise", )",
                R"("eta": {"type": "schedule.by_step", "version": 1, "params": {"steps": [0, 60],
                   "values": [0, 0.5]}, "inputs": {"index": "sampling.index"}},
                   "step": {"type": "step.ddim", "version": 1, "inputs": {"noise": "z.noise", "eta": "eta.value",
                   "epsilon": "sampling.x", )");
  return graph;
}

int firstStep(const Outcome& outcome) {
  return eventsOf(outcome.out, "zone-started").value(0)["first"].toInt(-1);
}

QStringList filesBelow(const QString& folder) {
  QStringList files;
  QDirIterator all(folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
  while (all.hasNext()) {
    QFile file(all.next());
    if (file.open(QIODevice::ReadOnly))
      files << file.fileName() + QCryptographicHash::hash(file.readAll(), QCryptographicHash::Md5).toHex();
  }
  files.sort();
  return files;
}

}  // namespace

class ForkTest : public QObject {
  Q_OBJECT

  Program program_;
  QByteArray whole_;

  Outcome walk(const QStringList& more) const {
    return program_.run(QStringList{"run", "walk.loom", "--json"} + more);
  }

 private Q_SLOTS:
  void initTestCase() {
    program_.write("walk.loom", kWalk);
    program_.write("steered.loom", steered());
    const Outcome outcome = walk({"--keep-steps", "--out", "whole"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    whole_ = program_.read("whole/walk.png");
    QVERIFY(!whole_.isEmpty());
  }

  void pausesAndGoesOn_data() {
    QTest::addColumn<QStringList>("options");
    QTest::newRow("all steps kept") << QStringList{"--keep-steps"};
    QTest::newRow("some steps kept") << QStringList{"--keep-steps", "7", "--keep-last", "2"};
    QTest::newRow("no steps kept") << QStringList{"--resume"};
  }
  void pausesAndGoesOn() {
    QFETCH(QStringList, options);
    const QString out = QString("paused%1").arg(options.size()) + options.at(0);
    const Outcome first = walk(options + QStringList{"--pause-at", "30", "--out", out});
    QVERIFY2(first.code == 0, qPrintable(first.text()));
    QCOMPARE(eventsOf(first.out, "paused").value(0)["done"].toInt(), 30);
    QVERIFY(!program_.has(out + "/walk.png"));
    const Outcome second = walk(options + QStringList{"--out", out});
    QVERIFY2(second.code == 0, qPrintable(second.text()));
    QCOMPARE(firstStep(second), 30);
    QCOMPARE(program_.read(out + "/walk.png"), whole_);
  }

  void forksByChoice() {
    const QStringList before = filesBelow(program_.path("whole"));
    const QStringList fork{"--fork", "whole", "--at", "30", "--set", "z.seed=5"};
    const Outcome once = walk(fork + QStringList{"--out", "fork"});
    QVERIFY2(once.code == 0, qPrintable(once.text()));
    QCOMPARE(firstStep(once), 30);
    QVERIFY(program_.read("fork/walk.png") != whole_);
    // It is no sample of the other seed either: its first 30 steps are those of the first.
    QCOMPARE(walk({"--set", "z.seed=5", "--out", "other"}).code, 0);
    QVERIFY(program_.read("fork/walk.png") != program_.read("other/walk.png"));
    QCOMPARE(walk(fork + QStringList{"--out", "again"}).code, 0);
    QCOMPARE(program_.read("again/walk.png"), program_.read("fork/walk.png"));
    QCOMPARE(filesBelow(program_.path("whole")), before);
    // A fork keeps its steps, so that it can be forked from.
    const Outcome twice =
        walk({"--fork", "fork", "--at", "sampling=80", "--set", "z.seed=6", "--out", "twice"});
    QVERIFY2(twice.code == 0, qPrintable(twice.text()));
    QCOMPARE(firstStep(twice), 80);
    // And from a step that it has from its own parent.
    const Outcome early = walk({"--fork", "fork", "--at", "10", "--set", "z.seed=7", "--out", "early"});
    QVERIFY2(early.code == 0, qPrintable(early.text()));
    QCOMPARE(firstStep(early), 10);

    // A picture tells what it began from, fork by fork, and is made again by that; also where one call has
    // the parent's result already.
    const Outcome verified =
        program_.run({"verify", "whole/walk.png", "fork/walk.png", "twice/walk.png", "early/walk.png"});
    QVERIFY2(verified.code == 0, qPrintable(verified.text()));
    QCOMPARE(verified.out.count("agrees exactly"), 4);
    QCOMPARE(program_.run({"verify", "twice/walk.png"}).code, 0);
  }

  // Steps that some program kept without saying of which run they are.
  void ofAnUnknownParent() {
    QVERIFY(QDir().rename(program_.path("whole/.steps/origin.json"), program_.path("origin.json")));
    QCOMPARE(walk({"--fork", "whole", "--at", "30", "--set", "z.seed=5", "--out", "orphan"}).code, 0);
    QVERIFY(QDir().rename(program_.path("origin.json"), program_.path("whole/.steps/origin.json")));
    const Outcome verified = program_.run({"verify", "orphan/walk.png"});
    QCOMPARE(verified.code, 2);
    QVERIFY2(verified.out.contains("it was forked from a step of another run"), qPrintable(verified.text()));
  }

  void goesOnFromWhereTheChangeReaches() {
    const QStringList run{"run", "steered.loom", "--json"};
    const Outcome first = program_.run(run + QStringList{"--keep-steps", "--out", "steered"});
    QVERIFY2(first.code == 0, qPrintable(first.text()));
    QCOMPARE(firstStep(first), 0);
    const QStringList change{"--set", "eta.values=[0,1]"};
    const Outcome fork = program_.run(run + change + QStringList{"--fork", "steered", "--out", "turned"});
    QVERIFY2(fork.code == 0, qPrintable(fork.text()));
    QCOMPARE(firstStep(fork), 60);
    QCOMPARE(program_.run(run + change + QStringList{"--out", "straight"}).code, 0);
    QVERIFY(program_.read("turned/walk.png") != program_.read("steered/walk.png"));
    // Pictures hold how they were made, so pixels are what agrees.
    QCOMPARE(program_.run({"diff", "turned/walk.png", "straight/walk.png"}).code, 0);
  }

  void refused_data() {
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("message");
    QTest::newRow("nothing there") << QStringList{"--fork", "nowhere", "--at", "3"}
                                   << "no steps were kept there";
    QTest::newRow("nothing there, no step") << QStringList{"--fork", "nowhere"} << "no steps were kept there";
    QTest::newRow("no such step") << QStringList{"--fork", "whole", "--at", "300"} << "there are 1, 2, 3";
    QTest::newRow("no number") << QStringList{"--fork", "whole", "--at", "x"} << "give a step from 1 up";
    QTest::newRow("no such zone") << QStringList{"--fork", "whole", "--at", "loop=3"}
                                  << "kept are steps of sampling";
    QTest::newRow("pause in no zone") << QStringList{"--pause-at", "loop=3"} << "there are: sampling";
    QTest::newRow("at without a fork") << QStringList{"--at", "3"} << "--fork";
  }
  void refused() {
    QFETCH(QStringList, options);
    QFETCH(QString, message);
    const Outcome outcome =
        program_.run(QStringList{"run", "walk.loom"} + options + QStringList{"--out", "refused"});
    QVERIFY2(outcome.code == 2, qPrintable(outcome.text()));
    QVERIFY2(QString(outcome.err).contains(message), qPrintable(outcome.text()));
    QVERIFY(!program_.has("refused"));
  }
};

QTEST_GUILESS_MAIN(ForkTest)
#include "fork_test.moc"
