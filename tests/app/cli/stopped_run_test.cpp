// A run that is stopped, or killed outright, goes on with --resume and ends in the same bytes.
#include <QtTest>
#include <csignal>

#include "tests/app/cli/program.h"

namespace {

const QStringList kLong{"run", "walk.loom", "--json", "--set", "steps=100000"};

// Waits until a zone has done so many steps.
void waitForSteps(QProcess& process, int steps, QByteArray& seen) {
  const auto deadline = QDeadlineTimer(120'000);
  while (!deadline.hasExpired()) {
    if (!process.waitForReadyRead(120'000)) qFatal("the program is silent: %s", seen.constData());
    seen += process.readAllStandardOutput();
    const qsizetype whole = seen.lastIndexOf('\n') + 1;
    const QList<QJsonObject> told = eventsOf(seen.left(whole), "step");
    if (!told.isEmpty() && told.last()["done"].toInt() >= steps) return;
  }
  qFatal("the program does not come so far");
}

}  // namespace

class StoppedRunTest : public QObject {
  Q_OBJECT

  Program program_;
  QByteArray whole_;

 private Q_SLOTS:
  void initTestCase() {
    // A background job ignores SIGINT, and its children with it.
    std::signal(SIGINT, SIG_DFL);
    program_.write("walk.loom", kWalk);
    const Outcome outcome = program_.run(kLong + QStringList{"--out", "whole"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    whole_ = program_.read("whole/walk.png");
    QVERIFY(!whole_.isEmpty());
    QVERIFY(!program_.has("whole/.checkpoints"));
  }

  void stopped_data() {
    QTest::addColumn<int>("number");
    QTest::newRow("Ctrl-C") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
  }
  void stopped() {
    QFETCH(int, number);
    const QString out = QString("stopped%1").arg(number);
    QProcess process;
    program_.start(process, kLong + QStringList{"--out", out});
    QByteArray seen;
    waitForSteps(process, 2000, seen);
    kill(static_cast<pid_t>(process.processId()), number);
    Outcome first = Program::finish(process);
    first.out.prepend(seen);
    QVERIFY2(first.code == 130, qPrintable(first.text()));
    QVERIFY(!program_.has(out + "/walk.png"));
    const QJsonObject kept = eventsOf(first.out, "stopped").at(0)["kept"].toArray().at(0).toObject();
    // No finished step is lost.
    QVERIFY(kept["done"].toInt() >= eventsOf(first.out, "step").last()["done"].toInt());

    const Outcome second = program_.run(kLong + QStringList{"--out", out, "--resume"});
    QVERIFY2(second.code == 0, qPrintable(second.text()));
    QCOMPARE(eventsOf(second.out, "zone-started").at(0)["first"].toInt(), kept["done"].toInt());
    QCOMPARE(program_.read(out + "/walk.png"), whole_);
    QVERIFY(!program_.has(out + "/.checkpoints"));
  }

  void killed() {
    QProcess process;
    const QStringList arguments = kLong + QStringList{"--out", "killed", "--checkpoint-every", "0.05"};
    program_.start(process, arguments);
    QByteArray seen;
    waitForSteps(process, 8000, seen);
    // On a busy machine the first checkpoint may take longer than its twentieth of a second.
    const auto kept = [this] {  // whole: what is being written is hidden
      const QDir folder(program_.path("killed/.checkpoints"));
      return !folder.entryList({"*.safetensors"}, QDir::Files).isEmpty();
    };
    while (!kept() && process.state() == QProcess::Running) process.waitForReadyRead(1);
    process.kill();
    process.waitForFinished();
    QVERIFY(kept());
    QVERIFY(!program_.has("killed/walk.png"));

    const Outcome second = program_.run(arguments + QStringList{"--resume"});
    QVERIFY2(second.code == 0, qPrintable(second.text()));
    QVERIFY2(eventsOf(second.out, "zone-started").at(0)["first"].toInt() > 0, qPrintable(second.text()));
    QCOMPARE(program_.read("killed/walk.png"), whole_);
  }

  void anotherSeedBeginsAnew() {
    QProcess process;
    program_.start(process, kLong + QStringList{"--out", "other"});
    QByteArray seen;
    waitForSteps(process, 1000, seen);
    kill(static_cast<pid_t>(process.processId()), SIGINT);
    QCOMPARE(Program::finish(process).code, 130);
    const Outcome second =
        program_.run({"run", "walk.loom", "--set", "steps=200", "--seed", "9", "--out", "other", "--resume"});
    QVERIFY2(second.code == 0, qPrintable(second.text()));
    QVERIFY2(second.err.contains("another graph"), qPrintable(second.text()));
  }

  // For people the way to go on is said.
  void saysHowToGoOn() {
    QProcess process;
    program_.start(process, {"run", "walk.loom", "--set", "steps=1000000", "--out", "text",
                             "--checkpoint-every", "0.05"});
    QTRY_VERIFY_WITH_TIMEOUT(program_.has("text/.checkpoints"), 60'000);
    kill(static_cast<pid_t>(process.processId()), SIGINT);
    const Outcome outcome = Program::finish(process);
    QVERIFY2(outcome.code == 130, qPrintable(outcome.text()));
    QVERIFY2(outcome.err.contains("stopped"), qPrintable(outcome.text()));
    QVERIFY2(outcome.err.contains("--resume"), qPrintable(outcome.text()));
  }
};

QTEST_GUILESS_MAIN(StoppedRunTest)
#include "stopped_run_test.moc"
