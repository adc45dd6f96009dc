// Files of jobs: RFC 4180, JSON lines, and what strangers put into them.
#include <QtTest>

#include "app/batch/job_file.h"
#include "tests/engine/files/scratch.h"

using namespace loom;

class JobFileTest : public QObject {
  Q_OBJECT

  // Rows as "column=text|column=text", lines before them: "2: seed=1|eta=0".
  static QString shown(const JobFile& file) {
    QString all;
    for (const JobFile::Row& row : file.rows) {
      all += QString::number(row.line) + ":";
      for (const JobFile::Cell& cell : row.cells)
        all += " " + QString::fromStdString(file.columns[cell.column]) + "=<" +
               QString::fromStdString(cell.text) + ">";
      all += "\n";
    }
    return all;
  }

 private Q_SLOTS:
  void csv_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("rows");
    QTest::newRow("plain") << QByteArray("seed,eta\n1,0\n2,0.5\n")
                           << "2: seed=<1> eta=<0>\n3: seed=<2> eta=<0.5>\n";
    QTest::newRow("no last line end") << QByteArray("seed\n1") << "2: seed=<1>\n";
    QTest::newRow("CRLF") << QByteArray("seed,eta\r\n1,0\r\n") << "2: seed=<1> eta=<0>\n";
    QTest::newRow("byte order mark") << QByteArray("\xEF\xBB\xBFseed\n1\n") << "2: seed=<1>\n";
    QTest::newRow("empty is not set") << QByteArray("seed,eta\n,0\n1,\n") << "2: eta=<0>\n3: seed=<1>\n";
    QTest::newRow("quoted comma") << QByteArray("words\n\"a, b\"\n") << "2: words=<a, b>\n";
    QTest::newRow("doubled quote") << QByteArray("words\n\"a \"\"b\"\"\"\n") << "2: words=<a \"b\">\n";
    QTest::newRow("line end in quotes")
        << QByteArray("words,seed\n\"a\nb\",1\nc,2\n") << "2: words=<a\nb> seed=<1>\n4: words=<c> seed=<2>\n";
    QTest::newRow("blank lines") << QByteArray("seed\n\n1\n\n\n2\n") << "3: seed=<1>\n6: seed=<2>\n";
    QTest::newRow("spaces about names") << QByteArray(" seed , eta\n1,2\n") << "2: seed=<1> eta=<2>\n";
    QTest::newRow("UTF-8") << QByteArray("words\nżółw\n") << QString::fromUtf8("2: words=<żółw>\n");
    QTest::newRow("quoted empty") << QByteArray("seed,words\n1,\"\"\n") << "2: seed=<1>\n";
  }
  void csv() {
    QFETCH(QByteArray, text);
    QFETCH(QString, rows);
    QCOMPARE(shown(parseJobsCsv(text.toStdString(), "jobs.csv")), rows);
  }

  void badCsv_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("refusal");
    QTest::newRow("empty") << QByteArray() << "jobs.csv holds no jobs";
    QTest::newRow("header alone") << QByteArray("seed,eta\n") << "holds no jobs";
    QTest::newRow("too few cells") << QByteArray("a,b\n1\n") << "line 2: it has 1 cells, the header names 2";
    QTest::newRow("too many cells") << QByteArray("a,b\n1,2\n1,2,3\n") << "line 3: it has 3 cells";
    QTest::newRow("open quote") << QByteArray("a\n\"1\n2\n")
                                << "line 2: a quote is opened here and never closed";
    QTest::newRow("quote within") << QByteArray("a\nx\"y\"\n") << "line 2: a quote stands within a cell";
    QTest::newRow("after a quote") << QByteArray("a\n\"x\"y\n") << "line 2: after a cell in quotes";
    QTest::newRow("column twice") << QByteArray("a,a\n1,2\n") << "the column \"a\" is there twice";
    QTest::newRow("no name") << QByteArray("a,\n1,2\n") << "a column has no name";
    QTest::newRow("semicolons") << QByteArray("seed;eta\n1;2\n") << "are not separated by commas";
    QTest::newRow("NUL") << QByteArray("a\nx\0y\n", 6) << "NUL byte";
    QTest::newRow("long cell") << "a\n" + QByteArray(kMostCellBytes + 1, 'x') + "\n"
                               << "has more than 65536 bytes";
    QTest::newRow("long quoted cell") << "a\n\"" + QByteArray(kMostCellBytes + 1, 'x') + "\"\n"
                                      << "is a quote not closed";
    QTest::newRow("columns") << QByteArray(kMostJobColumns + 1, ',') + "\n"
                             << "more than 1000 columns";
    QTest::newRow("rows") << "a\n" + QByteArray("1\n").repeated(kMostJobs + 1) << "more than 1000000 jobs";
  }
  void badCsv() {
    QFETCH(QByteArray, text);
    QFETCH(QString, refusal);
    QVERIFY_REFUSED(parseJobsCsv(text.toStdString(), "jobs.csv"), refusal.toStdString());
  }

  // Numbers, lists and texts as --set takes them; a text in quotes, so that "12" stays one.
  void jsonLines() {
    const JobFile file = parseJobsJsonLines(
        "{\"seed\": 3, \"eta\": 0.5, \"words\": \"12\", \"graph\": \"a.loom\", \"name\": \"x\"}\r\n"
        "\n"
        "  {\"noise.shape\": [3, 8, 8], \"seed\": null, \"flag\": true}\n",
        "jobs.jsonl");
    QCOMPARE(shown(file), QString("1: seed=<3> eta=<0.5> words=<\"12\"> graph=<a.loom> name=<x>\n"
                                  "3: noise.shape=<[3,8,8]> flag=<true>\n"));
    QCOMPARE(file.rows[0].cells[2].label, std::string("12"));
  }

  void badJsonLines_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("refusal");
    QTest::newRow("empty") << QByteArray("\n\n") << "jobs.jsonl holds no jobs";
    QTest::newRow("not JSON") << QByteArray("{\"a\": 1}\n{\"a\": }\n")
                              << "line 2: this is not JSON at column";
    QTest::newRow("a list") << QByteArray("[1]\n") << "line 1: a job is an object";
    QTest::newRow("two objects") << QByteArray("{\"a\":1} {\"a\":2}\n") << "line 1: this is not JSON";
    QTest::newRow("over two lines") << QByteArray("{\"a\":\n1}\n") << "line 1: this is not JSON";
    QTest::newRow("key twice") << QByteArray("{\"a\":1,\"a\":2}\n") << "stands twice";
    QTest::newRow("object inside") << QByteArray("{\"a\":{\"b\":1}}\n") << "nothing can be set to";
    QTest::newRow("deep") << "{\"a\":" + QByteArray(100'000, '[') + "\n"
                          << "line 1: ";
    QTest::newRow("nameless") << QByteArray("{\"\":1}\n") << "a column has no name";
    QTest::newRow("not UTF-8") << QByteArray("{\"a\":\"\xff\"}\n") << "line 1: this is not JSON";
  }
  void badJsonLines() {
    QFETCH(QByteArray, text);
    QFETCH(QString, refusal);
    QVERIFY_REFUSED(parseJobsJsonLines(text.toStdString(), "jobs.jsonl"), refusal.toStdString());
  }

  void files() {
    const test::Scratch scratch;
    QCOMPARE(readJobFile(scratch.put("a.CSV", "seed\n1\n")).rows.size(), size_t{1});
    QCOMPARE(readJobFile(scratch.put("a.ndjson", "{\"seed\":1}")).rows.size(), size_t{1});
    QVERIFY_REFUSED(readJobFile(scratch.put("a.txt", "seed\n1\n")), "jobs are read from");
    QVERIFY_REFUSED(readJobFile(scratch.path("none.csv")), "there is no file");
    std::filesystem::create_directory(scratch.path("folder.csv"));
    QVERIFY_REFUSED(readJobFile(scratch.path("folder.csv")), "no ordinary file");
    scratch.put("large.csv", "seed\n1\n");
    std::filesystem::resize_file(scratch.path("large.csv"), kMostJobFileBytes + 1);
    QVERIFY_REFUSED(readJobFile(scratch.path("large.csv")), "256 MiB");
  }
};

QTEST_GUILESS_MAIN(JobFileTest)
#include "job_file_test.moc"
