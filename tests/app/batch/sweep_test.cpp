// The values of a sweep, as they are typed.
#include <QtTest>

#include "app/batch/job_file.h"
#include "app/batch/sweep.h"
#include "tests/engine/files/scratch.h"

using namespace loom;

class SweepTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void values_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("values");
    QTest::newRow("one") << "seed=4" << QStringList{"4"};
    QTest::newRow("list") << "seed=1,2,4" << QStringList{"1", "2", "4"};
    QTest::newRow("range") << "seed=0..3" << QStringList{"0", "1", "2", "3"};
    QTest::newRow("one long") << "seed=5..5" << QStringList{"5"};
    QTest::newRow("step") << "n=0..100:25" << QStringList{"0", "25", "50", "75", "100"};
    QTest::newRow("step beyond the end") << "n=0..10:4" << QStringList{"0", "4", "8"};
    QTest::newRow("down") << "n=3..1" << QStringList{"3", "2", "1"};
    QTest::newRow("down by a step") << "n=10..0:-5" << QStringList{"10", "5", "0"};
    QTest::newRow("negative") << "n=-2..1" << QStringList{"-2", "-1", "0", "1"};
    QTest::newRow("fractions as they are written")
        << "eta=0..0.5:0.1" << QStringList{"0", "0.1", "0.2", "0.3", "0.4", "0.5"};
    QTest::newRow("fractions down") << "eta=0.3..-0.1:-0.2" << QStringList{"0.3", "0.1", "-0.1"};
    QTest::newRow("ranges in a list") << "n=0..2,10,20..21" << QStringList{"0", "1", "2", "10", "20", "21"};
    QTest::newRow("the largest seeds") << "seed=18446744073709551614..18446744073709551615"
                                       << QStringList{"18446744073709551614", "18446744073709551615"};
    QTest::newRow("reals") << "eta=0,.5,1e-3" << QStringList{"0", ".5", "1e-3"};
    QTest::newRow("texts") << "words=cat,a dog" << QStringList{"cat", "a dog"};
    QTest::newRow("quoted") << "words=\"a, b\",c" << QStringList{"\"a, b\"", "c"};
    QTest::newRow("lists") << "shape=[3,8,8],[3,16,16]" << QStringList{"[3,8,8]", "[3,16,16]"};
    QTest::newRow("a text with dots") << "words=a..b" << QStringList{"a..b"};
    QTest::newRow("with =") << "words=a=b,c" << QStringList{"a=b", "c"};
  }
  void values() {
    QFETCH(QString, text);
    QFETCH(QStringList, values);
    const Sweep sweep = parseSweep(text.toStdString());
    QCOMPARE(QString::fromStdString(sweep.name), text.section('=', 0, 0));
    QStringList got;
    for (const Sweep::Point& point : sweep.points) got << QString::fromStdString(point.text);
    QCOMPARE(got, values);
  }

  void labels() { QCOMPARE(parseSweep("words=\"a, b\",c").points[0].label, std::string("a, b")); }

  void bad_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("refusal");
    QTest::newRow("nothing") << ""
                             << "--sweep takes name=values";
    QTest::newRow("no values") << "seed"
                               << "--sweep takes name=values";
    QTest::newRow("no name") << "=1"
                             << "--sweep takes name=values";
    QTest::newRow("empty") << "seed="
                           << "there is an empty value";
    QTest::newRow("empty element") << "seed=1,,2"
                                   << "there is an empty value";
    QTest::newRow("twice") << "seed=0..3,2"
                           << "the value 2 is there twice";
    QTest::newRow("fractions without a step") << "eta=0..0.5"
                                              << "needs its step";
    QTest::newRow("step 0") << "n=0..5:0"
                            << "is no step";
    QTest::newRow("step that is none") << "n=0..5:x"
                                       << "is no step";
    QTest::newRow("away") << "n=0..5:-1"
                          << "leads away";
    QTest::newRow("too many") << "seed=0..18446744073709551615"
                              << "more than 1000000 values";
    QTest::newRow("tiny step") << "eta=0..1:0.000000001"
                               << "more than 1000000 values";
    QTest::newRow("open quote") << "words=\"a"
                                << "opened and not closed";
    QTest::newRow("open bracket") << "shape=[3,8"
                                  << "opened and not closed";
  }
  void bad() {
    QFETCH(QString, text);
    QFETCH(QString, refusal);
    QVERIFY_REFUSED(parseSweep(text.toStdString()), refusal.toStdString());
  }
};

QTEST_GUILESS_MAIN(SweepTest)
#include "sweep_test.moc"
