// `noiseloom batch` as a person calls it: each job once, whatever came before.
#include <ATen/ATen.h>
#include <signal.h>

#include <QtTest>

#include "nodes/images/image_file.h"
#include "tests/app/batch/batches.h"

namespace fs = std::filesystem;

class BatchTest : public QObject {
  Q_OBJECT

  static at::Tensor picture(const Batches& batches, const QString& name) {
    return loom::readPicture(batches.path(name).toStdString());
  }

 private Q_SLOTS:
  void sweep() {
    const Batches batches;
    const QStringList six{"walk.loom", "--sweep", "seed=0..2", "--sweep", "steps=5,10", "--json"};
    const Outcome first = batches.batch(six);
    QVERIFY2(first.code == 0, qPrintable(first.text()));
    QCOMPARE(jobsOf(first.out, "job-finished"),
             (QStringList{"seed=0,steps=10", "seed=0,steps=5", "seed=1,steps=10", "seed=1,steps=5",
                          "seed=2,steps=10", "seed=2,steps=5"}));
    const QJsonObject record = batches.record("seed=1,steps=5");
    QCOMPARE(record["status"].toString(), "done");
    QCOMPARE(record["settings"].toObject()["steps"].toInt(), 5);
    const QJsonObject file = record["files"].toArray()[0].toObject();
    QCOMPARE(file["path"].toString(), "walk.png");
    QCOMPARE(file["bytes"].toInteger(), QFileInfo(batches.path("out/seed=1,steps=5/walk.png")).size());
    QCOMPARE(batches.summary()["done"].toInt(), 6);
    QCOMPARE(batches.summary()["results"].toArray().size(), 6);
    for (const QJsonObject& event : eventsOf(first.out, "step")) QVERIFY(event.contains("job"));
    // 2 across, 3 down, each at least 96 pixels wide.
    const at::Tensor grid = picture(batches, "out/grid.png");
    QVERIFY(grid.size(2) > 2 * 96 && grid.size(1) > 3 * 40);

    const Outcome second = batches.batch(six);
    QCOMPARE(second.code, 0);
    QVERIFY(jobsOf(second.out, "job-started").isEmpty());
    QCOMPARE(eventsOf(second.out, "batch-started")[0]["known"].toInt(), 6);
    QVERIFY(at::equal(grid, picture(batches, "out/grid.png")));  // of pictures read back
  }

  // The job's own picture, byte for byte what `run` makes with the same settings.
  void sameAsRun() {
    const Batches batches;
    QCOMPARE(batches.batch({"walk.loom", "--sweep", "seed=3,4"}).code, 0);
    QCOMPARE(batches.run({"run", "walk.loom", "--seed", "4", "--threads", "1", "--out", "alone"}).code, 0);
    QCOMPARE(batches.read("out/seed=4/walk.png"), batches.read("alone/walk.png"));
  }

  void doesWhatIsMissing() {
    const Batches batches;
    const QStringList jobs{"walk.loom", "--sweep", "seed=0..3", "--set", "steps=5", "--json"};
    QCOMPARE(batches.batch(jobs).code, 0);
    QFile::remove(batches.path("out/seed=0/walk.png"));
    QFile(batches.path("out/seed=1/walk.png")).resize(10);
    QFile::remove(batches.path("out/.jobs/seed=2.json"));
    batches.write("out/.jobs/seed=3.json", batches.read("out/.jobs/seed=3.json").chopped(20));
    QCOMPARE(jobsOf(batches.batch(jobs).out, "job-started").size(), 4);
    QCOMPARE(jobsOf(batches.batch(jobs).out, "job-started").size(), 0);
    // More values; another setting for all; all again.
    QStringList more = jobs;
    more[2] = "seed=0..5";
    QCOMPARE(jobsOf(batches.batch(more).out, "job-started"), (QStringList{"seed=4", "seed=5"}));
    more[4] = "steps=6";
    QCOMPARE(jobsOf(batches.batch(more).out, "job-started").size(), 6);
    QCOMPARE(jobsOf(batches.batch(more).out, "job-started").size(), 0);
    QCOMPARE(jobsOf(batches.batch(more + QStringList{"--redo"}).out, "job-started").size(), 6);
    // Another graph of the same name.
    batches.write("walk.loom",
                  QByteArray(kWalk).replace("\"spacing\": \"all\"", "\"spacing\": \"spaced\", \"steps\": 3"));
    QCOMPARE(jobsOf(batches.batch(more).out, "job-started").size(), 6);
  }

  // A column that all rows had in common becomes part of the names; what is done stays done.
  void moreRows() {
    const Batches batches;
    batches.write("jobs.csv", "seed,steps\n1,5\n2,5\n");
    const QStringList jobs{"jobs.csv", "--graph", "walk.loom", "--json"};
    QCOMPARE(jobsOf(batches.batch(jobs).out, "job-started"), (QStringList{"seed=1", "seed=2"}));
    batches.write("jobs.csv", "seed,steps\n1,5\n2,5\n2,6\n");
    QCOMPARE(jobsOf(batches.batch(jobs).out, "job-started"), QStringList{"seed=2,steps=6"});
    QCOMPARE(batches.summary()["done"].toInt(), 3);
  }

  void jobFiles() {
    const Batches batches;
    QDir().mkpath(batches.path("sub"));
    batches.write("sub/own.loom", kWalk);
    batches.write("sub/jobs.jsonl",
                  "{\"name\": \"cat\", \"graph\": \"own.loom\", \"seed\": 1, \"steps\": 5}\n"
                  "{\"name\": \"dog\", \"save.path\": \"dog.png\", \"steps\": 5}\n");
    const Outcome done = batches.batch({"sub/jobs.jsonl", "--graph", "walk.loom", "--sweep", "batch=1,3"});
    QVERIFY2(done.code == 0, qPrintable(done.text()));
    for (const char* file :
         {"out/cat,batch=1/walk.png", "out/cat,batch=3/walk.png", "out/dog,batch=3/dog.png"})
      QVERIFY2(batches.has(file), file);
    QVERIFY(done.err.contains("4/4"));
    QCOMPARE(done.out, QByteArray("out/grid.png\nout/summary.json\n"));
  }

  // A graph that shows a picture and saves none has it saved, so that the batch leaves something.
  void shownPictures() {
    const Batches batches;
    QByteArray graph(kWalk);
    const qsizetype save = graph.indexOf(",\n    \"save\"");
    graph.remove(save, graph.indexOf("\n  },\n  \"inputs\"") - save);
    graph.replace("\"x\": {\"from\": \"sampling.x\"}}\n}", "\"image\": {\"from\": \"picture.image\"}}\n}");
    batches.write("shown.loom", graph);
    const Outcome outcome = batches.batch({"shown.loom", "--sweep", "seed=1,2", "--set", "steps=5"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QCOMPARE(batches.record("seed=1")["picture"].toString(), "image.png");
    QVERIFY(batches.has("out/seed=2/image.png") && batches.has("out/grid.png"));
    // And a picture stands for the graph that made it.
    QCOMPARE(batches.batch({"out/seed=2/image.png", "--sweep", "seed=1,2"}, "again").code, 0);
    QVERIFY(at::equal(picture(batches, "again/seed=1/image.png"), picture(batches, "out/seed=1/image.png")));
  }

  // What jobs have in common is done once: the second job finds it.
  void sharedWork() {
    const Batches batches;
    const QString ddim = QString(NOISELOOM_SOURCE_DIR) + "/graphs/ddim.loom";
    const Outcome outcome = batches.batch(
        {ddim, "--sweep", "seed=1,2", "--set", "steps=1", "--batch", "1", "--together", "1", "--json"});
    QCOMPARE(outcome.code, 0);
    QStringList computed, known;
    for (const QJsonObject& event : eventsOf(outcome.out, "node-finished"))
      if (event["node"].toString() == "weights" || event["node"].toString() == "unet")
        (event["cached"].toBool() ? known : computed) << event["job"].toString();
    QVERIFY2(!computed.isEmpty(), outcome.out.constData());
    for (const QString& job : computed) QCOMPARE(job, "seed=1");
    QVERIFY(known.contains("seed=2"));
  }

  // A folder stands where its picture should go; the others are done, and later it too.
  void oneFails() {
    const Batches batches;
    QDir().mkpath(batches.path("out/seed=2/walk.png"));
    const QStringList jobs{"walk.loom", "--sweep", "seed=0..4", "--set", "steps=5", "--json"};
    const Outcome first = batches.batch(jobs);
    QCOMPARE(first.code, 1);
    QCOMPARE(jobsOf(first.out, "job-failed"), QStringList{"seed=2"});
    QCOMPARE(jobsOf(first.out, "job-finished").size(), 4);
    QCOMPARE(batches.record("seed=2")["error"].toObject()["node"].toString(), "save");
    QCOMPARE(batches.summary()["failed"].toInt(), 1);
    const Outcome kept = batches.batch(jobs + QStringList{"--keep-failed"});
    QCOMPARE(kept.code, 1);
    QVERIFY(jobsOf(kept.out, "job-started").isEmpty());
    QDir(batches.path("out/seed=2/walk.png")).removeRecursively();
    const Outcome again = batches.batch(jobs);
    QCOMPARE(again.code, 0);
    QCOMPARE(jobsOf(again.out, "job-started"), QStringList{"seed=2"});
  }

  void refused_data() {
    QTest::addColumn<QByteArray>("csv");
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("refusal");
    QByteArray rows = "seed,steps\n";
    for (int i = 0; i < 100; ++i) rows += QByteArray::number(i) + (i == 55 ? ",0\n" : ",5\n");
    const QStringList file{"jobs.csv", "--graph", "walk.loom"}, graph{"walk.loom"};
    QTest::newRow("a value in row 57")
        << rows << file << "jobs.csv, line 57, column steps: 0 is out of range";
    QTest::newRow("a seed") << QByteArray("seed\n1\nx\n") << file
                            << "line 3, column seed: expected a whole number";
    QTest::newRow("a column") << QByteArray("sed\n1\n") << file
                              << "column sed: the graph has nothing of that "
                                 "name; did you mean \"seed\"?";
    QTest::newRow("a parameter") << QByteArray("save.pth\n1\n") << file << "did you mean \"save.path\"?";
    QTest::newRow("no graph") << QByteArray("seed\n1\n") << QStringList{"jobs.csv"} << "it names no graph";
    QTest::newRow("a graph that is not there")
        << QByteArray("graph,seed\n,1\nnone.loom,2\n") << file << "jobs.csv, line 3: there is no file";
    QTest::newRow("a folder outside")
        << QByteArray("save.path\n../x.png\n") << file << "outside the output folder";
    QTest::newRow("one file for all")
        << QByteArray() << (graph + QStringList{"--sweep", "seed=1,2", "--set", "save.path=/tmp/x.png"})
        << "a job writes below its own folder";
    QTest::newRow("nothing to do") << QByteArray() << graph << "needs --sweep name=values or --jobs";
    QTest::newRow("shard") << QByteArray() << (graph + QStringList{"--sweep", "seed=1,2", "--shard", "0/2"})
                           << "i from 1 to n";
    QTest::newRow("together") << QByteArray()
                              << (graph + QStringList{"--sweep", "seed=1,2", "--together", "0"})
                              << "auto, or from 1";
    QTest::newRow("more than there is memory for")
        << QByteArray()
        << (graph +
            QStringList{"--sweep", "seed=1,2", "--batch", "65536", "--set", "noise.shape=[3,2048,2048]"})
        << "this run would need about";
    QTest::newRow("a sweep of nothing") << QByteArray() << (graph + QStringList{"--sweep", "nothing=1,2"})
                                        << "--sweep nothing: the graph has nothing";
    QTest::newRow("two files") << QByteArray("seed\n1\n") << QStringList{"jobs.csv", "--jobs", "jobs.csv"}
                               << "two files of jobs";
  }
  void refused() {
    QFETCH(QByteArray, csv);
    QFETCH(QStringList, arguments);
    QFETCH(QString, refusal);
    const Batches batches;
    batches.write("jobs.csv", csv);
    const Outcome outcome = batches.batch(arguments);
    QCOMPARE(outcome.code, 2);
    QVERIFY2(outcome.err.contains(refusal.toUtf8()), qPrintable(outcome.text()));
    QVERIFY(!batches.has("out"));
  }

  void dryRun() {
    const Batches batches;
    const QStringList jobs{"walk.loom", "--sweep", "seed=0..2", "--set", "steps=5"};
    const Outcome before = batches.batch(jobs + QStringList{"--dry-run"});
    QCOMPARE(before.code, 0);
    QVERIFY(!batches.has("out"));
    QVERIFY2(before.out.contains("to do          seed=1   seed=1\n"), qPrintable(before.text()));
    QCOMPARE(batches.batch(jobs).code, 0);
    for (const QJsonObject& job : eventsOf(batches.batch(jobs + QStringList{"--dry-run", "--json"}).out))
      QCOMPARE(job["status"].toString(), "done");
  }

  void shards() {
    const Batches batches;
    QSet<QString> all;
    for (const char* shard : {"1/3", "2/3", "3/3"}) {
      const Outcome one = batches.batch(
          {"walk.loom", "--sweep", "seed=0..6", "--set", "steps=5", "--shard", shard, "--json"});
      QCOMPARE(one.code, 0);
      for (const QString& job : jobsOf(one.out, "job-started")) {
        QVERIFY(!all.contains(job));
        all << job;
      }
    }
    QCOMPARE(all.size(), 7);
    QCOMPARE(batches.summary()["done"].toInt(), 7);
  }

  // Runs in step make the pictures that each makes alone, of a network too. 1 of 255 levels: joined calls are
  // larger matrix products, whose sums LibTorch may take in another order.
  void together_data() {
    QTest::addColumn<QStringList>("jobs");
    QTest::addColumn<int>("tolerance");
    const QString ddim = QString(NOISELOOM_SOURCE_DIR) + "/graphs/ddim.loom";
    QTest::newRow("no network") << QStringList{"walk.loom", "--sweep", "seed=0..3", "--sweep", "steps=5,9"}
                                << 0;
    QTest::newRow("a network") << QStringList{ddim,    "--sweep", "seed=0..1", "--sweep", "eta=0,1",
                                              "--set", "steps=3", "--batch",   "2"}
                               << 1;
  }
  void together() {
    QFETCH(QStringList, jobs);
    QFETCH(int, tolerance);
    const Batches batches;
    QCOMPARE(batches.batch(jobs + QStringList{"--together", "1"}, "alone").code, 0);
    const Outcome joined = batches.batch(jobs + QStringList{"--together", "8"}, "joined");
    QVERIFY2(joined.code == 0, qPrintable(joined.text()));
    const QStringList names = batches.recordNames("alone");
    QVERIFY(names.size() >= 4);
    for (const QString& name : names) {
      QCOMPARE(batches.record(name, "alone")["together"].toInt(), 1);
      QCOMPARE(batches.record(name, "joined")["together"].toInt(), static_cast<int>(names.size()));
      const QString file = name + "/" + batches.record(name, "alone")["picture"].toString();
      const at::Tensor a = picture(batches, "alone/" + file), b = picture(batches, "joined/" + file);
      QVERIFY((a.to(at::kInt) - b.to(at::kInt)).abs().max().item<int>() <= tolerance);
    }
    QVERIFY(!at::equal(
        picture(batches, "alone/" + names[0] + "/" + batches.record(names[0], "alone")["picture"].toString()),
        picture(batches,
                "alone/" + names[2] + "/" + batches.record(names[2], "alone")["picture"].toString())));
  }

  // Ctrl-C: what is finished stays, the rest is done by the same command.
  void stopped() {
    const Batches batches;
    const QStringList jobs{"batch",      "walk.loom",  "--sweep",   "seed=0..9", "--set",
                           "steps=2000", "--json",     "--threads", "1",         "--out",
                           "out",        "--together", "2"};
    QProcess process;
    batches.start(process, jobs);
    QByteArray seen;
    while (!seen.contains("job-finished") && process.waitForReadyRead(60'000))
      seen += process.readAllStandardOutput();
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    Outcome outcome = Program::finish(process);
    outcome.out = seen + outcome.out;
    QVERIFY2(outcome.code == 130, qPrintable(outcome.text()));
    QCOMPARE(eventsOf(outcome.out, "batch-stopped").size(), 1);
    const auto done = jobsOf(outcome.out, "job-finished").size();
    QVERIFY(done >= 1 && done < 10);
    QVERIFY(jobsOf(outcome.out, "job-failed").isEmpty());
    QCOMPARE(batches.recordNames().size(), done);
    QVERIFY(batches.summary()["stopped"].toBool());
    const Outcome rest = batches.run(jobs);
    QCOMPARE(rest.code, 0);
    QCOMPARE(jobsOf(rest.out, "job-finished").size(), 10 - done);
  }

  // Two on one folder: every job once, and both end when all is done.
  void twoProcesses() {
    const Batches batches;
    const QStringList jobs{"batch",     "walk.loom",  "--sweep",   "seed=0..29", "--set",
                           "steps=300", "--json",     "--threads", "1",          "--out",
                           "out",       "--together", "3"};
    QProcess a, b;
    batches.start(a, jobs);
    batches.start(b, jobs);
    const Outcome first = Program::finish(a), second = Program::finish(b);
    QVERIFY2(first.code == 0 && second.code == 0, qPrintable(first.text() + second.text()));
    QStringList all = jobsOf(first.out, "job-finished") + jobsOf(second.out, "job-finished");
    QVERIFY(!jobsOf(first.out, "job-finished").isEmpty() && !jobsOf(second.out, "job-finished").isEmpty());
    QCOMPARE(all.size(), 30);
    all.removeDuplicates();
    QCOMPARE(all.size(), 30);
    QCOMPARE(jobsOf(first.out + second.out, "job-started").size(), 30);
    QVERIFY(QDir(batches.path("out/.jobs")).entryList({"*.lock"}, QDir::Files | QDir::Hidden).isEmpty());
  }
};

QTEST_GUILESS_MAIN(BatchTest)
#include "batch_test.moc"
