// A batch that is killed (SIGKILL) at random moments, again and again: what its records call done is done and
// whole, and in the end all is as if nothing had happened. About half a minute.
#include <QRandomGenerator>
#include <QThread>
#include <QtTest>

#include "tests/app/batch/batches.h"

class BatchKillTest : public QObject {
  Q_OBJECT

  static constexpr int kKills = 36;
  static constexpr int kJobs = 60;

  static QStringList command(const QString& out, int round) {
    QStringList words{"batch", "walk.loom", "--sweep", QString("seed=0..%1").arg(kJobs - 1),
                      "--set", "steps=400", "--json",  "--threads",
                      "1",     "--out",     out};
    words << "--together" << QString::number(1 + round % 3);
    if (round % 4 == 3)
      words << "--workers"
            << "2";
    return words;
  }

  static void compareWhole(const Batches& batches) {
    for (const QString& name : batches.recordNames()) {
      const QJsonObject record = batches.record(name);
      QCOMPARE(record["status"].toString(), "done");
      QCOMPARE(record["files"].toArray().size(), 1);
      QVERIFY2(batches.read("out/" + name + "/walk.png") == batches.read("calm/" + name + "/walk.png"),
               qPrintable(name));
    }
  }

 private Q_SLOTS:
  void killed() {
    const Batches batches;
    QCOMPARE(batches.run(command("calm", 0)).code, 0);
    QCOMPARE(batches.recordNames("calm").size(), kJobs);

    double jobSeconds = 0;
    for (const QString& name : batches.recordNames("calm"))
      jobSeconds += batches.record(name, "calm")["seconds"].toDouble() / kJobs;

    QRandomGenerator random(20);
    QList<qsizetype> done;
    for (int round = 0; round < kKills; ++round) {
      QProcess process;
      batches.start(process, command("out", round));
      // Some die before they have done anything, some after a job or two.
      const QByteArray event = random.bounded(2) ? "job-finished" : "batch-started";
      QByteArray seen;
      while (!seen.contains(event) && process.waitForReadyRead(60'000))
        seen += process.readAllStandardOutput();
      QThread::usleep(static_cast<unsigned long>(random.generateDouble() * 2e6 * jobSeconds));
      process.kill();
      process.waitForFinished();
      compareWhole(batches);
      if (QTest::currentTestFailed()) return;
      done << batches.recordNames().size();
    }
    QVERIFY2(done[kKills / 2] > 0, "no job was ever done: the kills come too early");
    QVERIFY2(done[kKills / 2] < kJobs, "all was done before half of the kills: they come too late");

    const Outcome rest = batches.run(command("out", 0));
    QVERIFY2(rest.code == 0, qPrintable(rest.text()));
    QCOMPARE(batches.recordNames(), batches.recordNames("calm"));
    compareWhole(batches);
    QCOMPARE(batches.read("out/grid.png"), batches.read("calm/grid.png"));
    qInfo() << "done after each kill:" << done;
    // And nothing else is there: no locks, no halves of files.
    QStringList left;
    for (const QFileInfo& job : QDir(batches.path("out")).entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot))
      for (const QString& file : QDir(job.filePath()).entryList(QDir::Files | QDir::Hidden))
        if (file != "walk.png") left << job.fileName() + "/" + file;
    QVERIFY2(left.isEmpty(), qPrintable(left.join(' ')));
    QVERIFY(QDir(batches.path("out/.jobs")).entryList({"*.lock"}, QDir::Files).isEmpty());
  }
};

QTEST_GUILESS_MAIN(BatchKillTest)
#include "batch_kill_test.moc"
