// Worker processes: the same results, and one that dies takes nothing with it but its job.
#include <signal.h>

#include <QElapsedTimer>
#include <QThread>
#include <QtTest>

#include "tests/app/batch/batches.h"

class BatchWorkersTest : public QObject {
  Q_OBJECT

  static QList<pid_t> childrenOf(qint64 process) {
    QFile file(QString("/proc/%1/task/%1/children").arg(process));
    QList<pid_t> children;
    if (file.open(QIODevice::ReadOnly))
      for (const QByteArray& each : file.readAll().split(' '))
        if (!each.trimmed().isEmpty()) children << each.toInt();
    return children;
  }
  static QByteArray until(QProcess& process, const QByteArray& text) {
    QByteArray seen;
    while (!seen.contains(text) && process.waitForReadyRead(60'000)) seen += process.readAllStandardOutput();
    return seen;
  }

 private Q_SLOTS:
  void sameResults() {
    const Batches batches;
    const QStringList jobs{"walk.loom", "--sweep", "seed=0..11", "--set", "steps=50", "--json"};
    QCOMPARE(batches.batch(jobs, "one").code, 0);
    const Outcome two = batches.batch(jobs + QStringList{"--workers", "2"}, "two");
    QVERIFY2(two.code == 0, qPrintable(two.text()));
    QCOMPARE(jobsOf(two.out, "job-finished").size(), 12);
    QVERIFY(!eventsOf(two.out, "step").isEmpty());
    QCOMPARE(eventsOf(two.out, "batch-started").size(), 1);
    for (const QString& name : batches.recordNames("one"))
      QCOMPARE(batches.read("two/" + name + "/walk.png"), batches.read("one/" + name + "/walk.png"));
    QCOMPARE(batches.read("two/grid.png"), batches.read("one/grid.png"));
    QCOMPARE(batches.batch(jobs + QStringList{"--workers", "2"}, "two").code, 0);
  }

  void failingJob() {
    const Batches batches;
    QDir().mkpath(batches.path("out/seed=2/walk.png"));
    const Outcome outcome =
        batches.batch({"walk.loom", "--sweep", "seed=0..5", "--set", "steps=5", "--workers", "2"});
    QCOMPARE(outcome.code, 1);
    QVERIFY2(outcome.err.contains("seed=2  failed: save"), qPrintable(outcome.text()));
    QCOMPARE(batches.summary()["done"].toInt(), 5);
  }

  void killedWorker() {
    const Batches batches;
    const QStringList jobs{"batch",      "walk.loom", "--sweep",   "seed=0..5", "--set",
                           "steps=3000", "--json",    "--threads", "1",         "--together",
                           "1",          "--out",     "out",       "--workers", "2"};
    QProcess process;
    batches.start(process, jobs);
    QByteArray seen = until(process, "\"event\":\"step\"");
    const QList<pid_t> children = childrenOf(process.processId());
    QVERIFY(!children.isEmpty());
    ::kill(children[0], SIGKILL);
    Outcome outcome = Program::finish(process);
    outcome.out = seen + outcome.out;
    // Where it had no job yet, nothing is lost at all.
    const auto failed = jobsOf(outcome.out, "job-failed");
    QVERIFY2(failed.size() <= 1 && outcome.code == (failed.isEmpty() ? 0 : 1), qPrintable(outcome.text()));
    if (!failed.isEmpty())
      QVERIFY(batches.record(failed[0])["error"].toObject()["message"].toString().contains("signal 9"));
    QCOMPARE(jobsOf(outcome.out, "job-finished").size(), 6 - failed.size());
    QCOMPARE(batches.run(jobs).code, 0);
    QCOMPARE(batches.summary()["done"].toInt(), 6);
  }

  // Nobody would hear of them.
  void workersGoWithTheirParent() {
    const Batches batches;
    QProcess process;
    batches.start(process, {"batch", "walk.loom", "--sweep", "seed=0..5", "--set", "steps=100000", "--json",
                            "--threads", "1", "--out", "out", "--workers", "2"});
    until(process, "\"event\":\"step\"");
    const QList<pid_t> children = childrenOf(process.processId());
    QVERIFY(!children.isEmpty());
    process.kill();
    process.waitForFinished();
    QElapsedTimer timer;
    timer.start();
    for (const pid_t child : children)
      while (::kill(child, 0) == 0 && timer.elapsed() < 20'000) QThread::msleep(50);
    QVERIFY(timer.elapsed() < 20'000);
  }

  void stopped() {
    const Batches batches;
    const QStringList jobs{"batch",      "walk.loom", "--sweep",   "seed=0..5",  "--set",
                           "steps=3000", "--json",    "--threads", "1",          "--out",
                           "out",        "--workers", "2",         "--together", "1"};
    QProcess process;
    batches.start(process, jobs);
    QByteArray seen = until(process, "job-finished");
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    const Outcome outcome = Program::finish(process);
    QVERIFY2(outcome.code == 130, qPrintable(outcome.text()));
    QVERIFY(jobsOf(seen + outcome.out, "job-failed").isEmpty());
    QCOMPARE(batches.run(jobs).code, 0);
    QCOMPARE(batches.summary()["done"].toInt(), 6);
  }
};

QTEST_GUILESS_MAIN(BatchWorkersTest)
#include "batch_workers_test.moc"
