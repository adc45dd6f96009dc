// The shipped sampling graph with nodes muted and bypassed, as the runner takes it.
#include <ATen/ATen.h>

#include <QRegularExpression>
#include <QtTest>

#include "nodes/images/png_file.h"
#include "tests/app/cli/program.h"

class MutedTest : public QObject {
  Q_OBJECT

  Program program_;

  // "save_strip=muted": written into the file as a text editor would.
  void write(const QString& name, const QStringList& modes) {
    QFile file(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom");
    if (!file.open(QIODevice::ReadOnly)) qFatal("there is no ddpm.loom");
    QString text = file.readAll();
    for (const QString& each : modes) {
      const QString begin = "\"" + each.section('=', 0, 0) + "\": {\n";
      const QRegularExpression node(QRegularExpression::escape(begin) + "(?= *\"type\")");
      if (text.count(node) != 1) qFatal("not one node %s", qPrintable(each));
      text.replace(node, begin + "\"mode\": \"" + each.section('=', 1) + "\",\n");
    }
    program_.write(name, text.toUtf8());
  }

  Outcome run(const QStringList& modes, const QString& out, const QStringList& more = {}) {
    write("graph.loom", modes);
    return program_.run(QStringList{"run", "graph.loom", "--out", out, "--set", "steps=4", "--batch", "1"} +
                        more);
  }

  at::Tensor picture(const QString& folder) {
    return loom::readPng(program_.path(folder + "/ddpm.png").toStdString());
  }

 private Q_SLOTS:
  void initTestCase() {
    for (const char* temperature : {"1", "0"}) {
      const QStringList set{"--set", QString("step.temperature=") + temperature};
      const Outcome whole = run({}, QString("whole") + temperature, set);
      QVERIFY2(whole.code == 0 && program_.has(QString("whole") + temperature + "/ddpm_strip.png"),
               qPrintable(whole.text()));
    }
  }

  // What is left gives what it gave before, to the last bit.
  void runs_data() {
    QTest::addColumn<QStringList>("modes");
    QTest::addColumn<QString>("temperature");
    QTest::addColumn<bool>("strip");
    QTest::newRow("an effect") << QStringList{"save_strip=muted"} << "1" << false;
    QTest::newRow("what an effect needs") << QStringList{"strip=muted"} << "1" << false;
    QTest::newRow("a node that nothing needs at temperature 0")
        << QStringList{"noise=bypassed"} << "0" << true;
    QTest::newRow("both") << QStringList{"noise=muted", "save_strip=muted"} << "0" << false;
  }
  void runs() {
    QFETCH(QStringList, modes);
    QFETCH(QString, temperature);
    QFETCH(bool, strip);
    const QString out = QString("out %1").arg(QTest::currentDataTag());
    const Outcome outcome = run(modes, out, {"--set", "step.temperature=" + temperature});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QCOMPARE(program_.has(out + "/ddpm_strip.png"), strip);
    // What is not there because of another node is said; what is muted itself is known.
    QCOMPARE(outcome.text().contains("is left out with strip"), modes.contains("strip=muted"));
    QVERIFY(picture(out).equal(picture("whole" + temperature)));
  }

  void aBypassedLoopGivesItsNoise() {
    const Outcome outcome = run({"sampling=bypassed"}, "noise");
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QVERIFY(!program_.has("noise/ddpm_strip.png"));
    QVERIFY(!picture("noise").equal(picture("whole1")));
  }

  void refused_data() {
    QTest::addColumn<QStringList>("modes");
    QTest::addColumn<QString>("says");
    QTest::newRow("the loop's own part")
        << QStringList{"denoise=muted"}
        << "sampling.x: there is nothing that it becomes in a step: denoise is muted";
    QTest::newRow("what the output needs")
        << QStringList{"unet=muted"} << "nothing gives picture.image: unet is muted";
    QTest::newRow("what a step asks for")
        << QStringList{"noise=bypassed"} << "its link to noise.noise is lost to a muted or bypassed node";
    QTest::newRow("no such mode") << QStringList{"save=off"} << "\"muted\" or \"bypassed\", not \"off\"";
  }
  void refused() {
    QFETCH(QStringList, modes);
    QFETCH(QString, says);
    const Outcome outcome = run(modes, "refused");
    QVERIFY2(outcome.code == 2 && QString(outcome.err).contains(says), qPrintable(outcome.text()));
    QVERIFY(!program_.has("refused/ddpm.png"));
  }

  void checked() {
    write("graph.loom", {"strip=muted"});
    const Outcome text = program_.run({"check", "graph.loom"});
    QVERIFY2(text.code == 0 && text.out.contains("left out with strip: save_strip"), qPrintable(text.text()));
    const QJsonObject event = eventsOf(program_.run({"check", "graph.loom", "--json"}).out).value(0);
    QCOMPARE(event["muted"].toArray(),
             (QJsonArray{QJsonObject{{"node", "save_strip"}, {"because", "strip"}}}));
  }
};

QTEST_GUILESS_MAIN(MutedTest)
#include "muted_test.moc"
