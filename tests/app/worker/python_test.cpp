// app/python/noiseloom.py, by the system's python3 with nothing but its standard library: scripts.py holds
// the tests, a row each.
#include <QtTest>

#include "tests/app/cli/program.h"

class PythonTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void script_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"Story", "Steering", "Looking", "Graphs", "Failures"})
      QTest::newRow(name) << QString("scripts.%1").arg(name);
  }
  void script() {
    QFETCH(QString, name);
    const QString source = NOISELOOM_SOURCE_DIR;
    QProcess python;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("PYTHONPATH", source + "/app/python:" + source + "/tests/app/worker");
    environment.insert("PYTHONDONTWRITEBYTECODE", "1");
    environment.insert("NOISELOOM", NOISELOOM_RUNNER);
    environment.insert("NOISELOOM_SOURCE", source);
    python.setProcessEnvironment(environment);
    python.setProcessChannelMode(QProcess::MergedChannels);
    python.start("python3", {"-W", "ignore::ResourceWarning", "-m", "unittest", name});
    if (!python.waitForStarted()) QSKIP("there is no python3");
    QVERIFY(python.waitForFinished(240'000));
    const QByteArray said = python.readAll();
    QVERIFY2(python.exitStatus() == QProcess::NormalExit && python.exitCode() == 0, said.constData());
    QVERIFY2(said.contains("\nOK") && !said.contains("skipped"), said.constData());
  }
};

QTEST_GUILESS_MAIN(PythonTest)
#include "python_test.moc"
