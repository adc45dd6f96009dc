// Rows and sweeps as jobs, and the names of their folders.
#include <QtTest>

#include "app/batch/job_list.h"
#include "tests/engine/files/scratch.h"

using namespace loom;

class JobListTest : public QObject {
  Q_OBJECT

  static JobList list(const char* csv, std::vector<std::string> sweeps, const char* graph = "g.loom") {
    std::vector<Sweep> parsed;
    for (const std::string& text : sweeps) parsed.push_back(parseSweep(text));
    std::optional<JobFile> file;
    if (csv) file = parseJobsCsv(csv, "/data/jobs.csv");
    return JobList(std::move(file), std::move(parsed), graph);
  }
  static QStringList names(const JobList& jobs) {
    QStringList all;
    for (size_t i = 0; i < jobs.size(); ++i) all << QString::fromStdString(jobs.name(i));
    return all;
  }
  static QString settings(const JobList& jobs, size_t job) {
    QStringList all;
    for (const Setting& setting : jobs.settings(job))
      all << QString::fromStdString(setting.name + "=" + setting.text);
    return all.join(" ");
  }

 private Q_SLOTS:
  void sweeps() {
    const JobList jobs = list(nullptr, {"seed=0..1", "eta=0,0.5", "steps=4"});
    QCOMPARE(names(jobs), (QStringList{"seed=0,eta=0", "seed=0,eta=0.5", "seed=1,eta=0", "seed=1,eta=0.5"}));
    QCOMPARE(settings(jobs, 1), QString("seed=0 eta=0.5 steps=4"));
    QCOMPARE(jobs.graph(3), std::string("g.loom"));
    QCOMPARE(jobs.varying(), (std::vector<std::string>{"seed", "eta"}));
  }

  void rowsAndSweeps() {
    const JobList jobs = list("name,seed,eta,graph\ncat,1,0,\n,2,0,sub/b.loom\n", {"steps=4,8"});
    QCOMPARE(names(jobs),
             (QStringList{"cat,steps=4", "cat,steps=8", "seed=2,b,steps=4", "seed=2,b,steps=8"}));
    QCOMPARE(settings(jobs, 2), QString("seed=2 eta=0 steps=4"));
    QCOMPARE(jobs.graph(0), std::string("g.loom"));
    QCOMPARE(jobs.graph(2), std::string("/data/sub/b.loom"));
    QVERIFY(jobs.named(0) && !jobs.named(2));
    QCOMPARE(jobs.origin("seed") + ", " + jobs.origin("steps"), std::string("column seed, --sweep steps"));
    QVERIFY(jobs.place(2).starts_with("/data/jobs.csv, line 3"));
  }

  // Long and odd values make names that are safe, and still each its own.
  void safeNames() {
    const std::string longer(300, 'x');
    const JobList jobs =
        list(nullptr, {"words=a/b,a:b,../../etc,.hidden,\"\\n\"," + longer + "1," + longer + "2"});
    const QStringList all = names(jobs);
    for (const QString& name : all) {
      QVERIFY2(QRegularExpression("^[A-Za-z0-9_=][A-Za-z0-9._=,~+-]{0,119}$").match(name).hasMatch(),
               qPrintable(name));
      QCOMPARE(all.count(name), 1);
    }
    // The same value has the same name, whatever other jobs there are.
    QCOMPARE(names(list(nullptr, {"words=z,a/b"}))[1], all[0]);
  }

  void equalRows() {
    QCOMPARE(names(list("seed,eta\n1,0\n2,0\n1,0\n", {})), (QStringList{"seed=1", "seed=2", "seed=1-2"}));
    QCOMPARE(names(list("seed\n1\n", {})), QStringList{"job"});
  }

  void refused_data() {
    QTest::addColumn<QByteArray>("csv");
    QTest::addColumn<QStringList>("sweeps");
    QTest::addColumn<QString>("refusal");
    const QStringList none;
    QTest::newRow("name twice") << QByteArray("name,seed\na,1\nb,2\na,3\n") << none
                                << "line 4: the name a is that of line 2 too";
    for (const char* name :
         {"../up", "a/b", ".hidden", "..", "/etc", "a\\b", "\"a\nb\"", "summary.json", "grid.png"})
      QTest::newRow(name) << "name,seed\n" + QByteArray(name) + ",1\n" << none << "line 2";
    QTest::newRow("long") << "name,seed\n" + QByteArray(121, 'n') + ",1\n" << none << "more than 120 bytes";
    QTest::newRow("sweep twice") << QByteArray() << QStringList{"seed=1,2", "seed=3,4"} << "is there twice";
    QTest::newRow("column and sweep")
        << QByteArray("seed\n1\n") << QStringList{"seed=1,2"} << "has a column of that name too";
    QTest::newRow("sweep of names") << QByteArray() << QStringList{"name=a,b"} << "for files of jobs";
    QTest::newRow("too many") << QByteArray() << QStringList{"a=0..9999", "b=0..9999"}
                              << "more than 1000000 jobs";
  }
  void refused() {
    QFETCH(QByteArray, csv);
    QFETCH(QStringList, sweeps);
    QFETCH(QString, refusal);
    std::vector<std::string> texts;
    for (const QString& sweep : sweeps) texts.push_back(sweep.toStdString());
    QVERIFY_REFUSED(list(csv.isEmpty() ? nullptr : csv.constData(), texts), refusal.toStdString());
  }

  void noGraph() {
    const JobList jobs = list("graph,seed\na.loom,1\n,2\n", {}, "");
    QVERIFY_REFUSED(jobs.graph(1), "line 3: it names no graph");
  }
};

QTEST_GUILESS_MAIN(JobListTest)
#include "job_list_test.moc"
