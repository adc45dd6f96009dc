// The shell's small parts by themselves: number fields, lists, fuzzy search, sweeps, command lines.
#include <QtTest/QtTest>

#include "app/batch/job_file.h"
#include "app/editor/shell/command_line_text.h"
#include "app/editor/shell/number_field.h"
#include "app/editor/shell/parameter_editor.h"
#include "app/editor/shell/sweep_job.h"
#include "app/editor/shell/widgets.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

class FieldsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void numbersFromText() {
    QCOMPARE(*numberFrom("18446744073709551615", true), json(18446744073709551615u));
    QCOMPARE(*numberFrom("-3", true), json(-3));
    QCOMPARE(*numberFrom(" 2**10 ", true), json(1024));
    QCOMPARE(numberFrom("1/255", false)->get<double>(), 1. / 255);
    for (const char* bad : {"", "abc", "1/0", "2..3", "nan", "1e999"}) QVERIFY2(!numberFrom(bad, false), bad);
    QVERIFY(!numberFrom("0.5", true));
  }

  void listsFromText() {
    QCOMPARE(*listFrom("3, 32, 32", true), json({3, 32, 32}));
    QCOMPARE(*listFrom("[3,32,32]", true), json({3, 32, 32}));
    QCOMPARE(*listFrom("3x32x32", true), json({3, 32, 32}));
    QCOMPARE(listFrom("1/2, 2*3", false)->at(0).get<double>(), 0.5);
    QCOMPARE(*listFrom("", true), json::array());
    for (const char* bad : {"3, x", "3,,4", "[3", "a"}) QVERIFY2(!listFrom(bad, true), bad);
    QVERIFY(!listFrom(QString("1,").repeated(200'000), true));
    QCOMPARE(listAsText(json({3, 32, 32})), QString("3, 32, 32"));
  }

  void draggedTypedAndTakenBack() {
    QWidget window;
    QVBoxLayout layout(&window);
    auto* other = new QLineEdit;
    auto* made = new NumberField({.whole = true, .min = 1, .max = 100});
    NumberField& field = *made;
    layout.addWidget(other);
    layout.addWidget(made);
    field.setValue(50);
    window.resize(160, 80);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    other->setFocus();
    json last;
    int going = 0, settled = 0, edits = 0;
    connect(&field, &NumberField::edited, this, [&](const json& value, bool goes) {
      last = value;
      going += goes;
      ++edits;
    });
    connect(&field, &NumberField::settled, this, [&] { ++settled; });
    QTest::mousePress(&field, Qt::LeftButton, {}, {60, 12});
    for (int x = 60; x <= 100; x += 4) QTest::mouseMove(&field, {x, 12});
    QTest::mouseRelease(&field, Qt::LeftButton, {}, {100, 12});
    QVERIFY(going > 1);
    QCOMPARE(settled, 1);
    QCOMPARE(last, json(60));
    QTest::mousePress(&field, Qt::LeftButton, {}, {60, 12});
    QTest::mouseMove(&field, {2000, 12});
    QTest::mouseRelease(&field, Qt::LeftButton, {}, {2000, 12});
    QCOMPARE(last, json(100));  // never beyond its range

    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    QTest::mouseClick(&field, Qt::LeftButton, {}, {60, 12});
    QVERIFY(field.hasFocus());
    const int before = edits;
    QTest::keyClicks(&field, "3*7");
    QTest::keyClick(&field, Qt::Key_Return);
    QCOMPARE(last, json(21));
    QCOMPARE(edits, before + 1);
    QTest::keyClicks(&field, "x");
    QTest::keyClick(&field, Qt::Key_Escape);
    QCOMPARE(field.text(), QString("21"));
    QCOMPARE(edits, before + 1);
  }

  void fuzzyOrder() {
    QVERIFY(fuzzyScore(u"dup", u"Duplicate"));
    QVERIFY(!fuzzyScore(u"dupx", u"Duplicate"));
    QVERIFY(*fuzzyScore(u"ru", u"Run") > *fuzzyScore(u"ru", u"Restart the cruncher"));
    QVERIFY(*fuzzyScore(u"fa", u"Fit all") > *fuzzyScore(u"fa", u"Offal"));
    QVERIFY(fuzzyScore(u"", u"anything"));
  }

  void sweepsAreWhatTheBatchReads() {
    SweepJob job;
    job.graph = "/some where/a \"graph\".loom";
    job.sweeps = {sweepOf("seed", "0..2"), sweepOf("eta", "0,0.5"), sweepOf("words", "\"a, b\",c")};
    QCOMPARE(job.count(), size_t{12});
    for (const bool csv : {false, true}) {
      const JobFile file = csv ? parseJobsCsv(job.csv().toStdString(), "jobs.csv")
                               : parseJobsJsonLines(job.jsonLines().toStdString(), "jobs.jsonl");
      QCOMPARE(file.rows.size(), size_t{12});
      QCOMPARE(file.columns, (std::vector<std::string>{"graph", "seed", "eta", "words"}));
      for (const JobFile::Row& row : file.rows) QCOMPARE(row.cells[0].text, job.graph.toStdString());
      QCOMPARE(file.rows[0].cells[1].text, std::string("0"));
      QCOMPARE(file.rows[11].cells[1].text, std::string("2"));
      QCOMPARE(file.rows[11].cells[2].text, std::string("0.5"));
      QVERIFY(file.rows[10].cells[3].label.find("a, b") != std::string::npos);
    }
    for (const char* bad : {"", "1,,2", "1,1"}) QVERIFY_EXCEPTION_THROWN(sweepOf("seed", bad), Error);
    QVERIFY_EXCEPTION_THROWN(SweepJob{}.csv(), Error);
    SweepJob huge{.graph = "g", .sweeps = {sweepOf("a", "0..9999"), sweepOf("b", "0..9999")}};
    QVERIFY_EXCEPTION_THROWN(huge.jsonLines(), Error);
  }

  void commandLineSaysWhatDiffers() {
    const Document saved = parseGraph(R"({"noiseloom": 1, "nodes": {
      "start": {"type": "noise.gaussian", "version": 1, "params": {"seed": 7}},
      "noise": {"type": "noise.gaussian", "version": 1, "params": {"seed": 7}},
      "words": {"type": "plot.series", "version": 1}},
      "inputs": {"seed": {"to": ["start.seed", "noise.seed"]}}})");
    QCOMPARE(commandLineText("/a/b.loom", saved, saved, {}, {}), QString("noiseloom run /a/b.loom"));
    Document now = withNode(saved, "start", [](Node& node) { node.params["seed"] = 8; });
    QCOMPARE(commandLineText("/a/b.loom", saved, now, {}, {}),
             QString("noiseloom run /a/b.loom --set start.seed=8"));
    now = withNode(now, "noise", [](Node& node) { node.params["seed"] = 8; });
    now = withNode(now, "words", [](Node& node) { node.params["title"] = "it's $5"; });
    QCOMPARE(commandLineText("/a b.loom", saved, now, "cuda", "bf16"),
             QString("noiseloom run '/a b.loom' --set seed=8 --set 'words.title=it'\\''s $5' --device cuda "
                     "--dtype bf16"));
  }
};

QTEST_MAIN(FieldsTest)
#include "fields_test.moc"
