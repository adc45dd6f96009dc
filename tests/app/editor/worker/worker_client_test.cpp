// The client of the worker: real workers that answer, die, hang and come back, and programs that are none.
#include "app/editor/worker/worker_client.h"

#include <signal.h>

#include <QtTest>
#include <fstream>

#include "app/editor/worker/lines.h"

using namespace loom::editor;
using nlohmann::json;
using State = WorkerClient::State;

namespace {

// A program that does what these lines of sh say.
QString fakeRunner(const QTemporaryDir& folder, const std::string& lines) {
  const QString path = folder.filePath(QStringLiteral("runner"));
  std::ofstream(path.toStdString()) << "#!/bin/sh\n" << lines << "\n";
  QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
  return path;
}

bool gone(qint64 pid) { return ::kill(static_cast<pid_t>(pid), 0) != 0; }

constexpr int kStart = 30'000;  // a cold start on a busy machine

}  // namespace

class WorkerClientTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void linesComeWholeHoweverTheyArrive() {
    const QByteArray text = "one\ntwo two\n\nthree\nfou";
    for (int piece = 1; piece < 8; ++piece) {
      Lines lines;
      QList<QByteArray> got;
      for (qsizetype at = 0; at < text.size(); at += piece) {
        lines.add(text.mid(at, piece));
        while (auto line = lines.next()) got << *line;
      }
      QCOMPARE(got, (QList<QByteArray>{"one", "two two", "", "three"}));
      QVERIFY(!lines.waiting());
      lines.add("r\n");
      QCOMPARE(*lines.next(), QByteArray("four"));
    }
  }

  void endlessLineIsRefused() {
    Lines lines;
    lines.add(QByteArray(Lines::kMostBytes, 'x'));
    QVERIFY(!lines.tooLong());
    lines.add("yy");
    QVERIFY(lines.tooLong());
  }

  void asksAndIsAnswered() {
    WorkerClient client(QStringLiteral(NOISELOOM_RUNNER));
    // Asked before there is a worker: it waits.
    std::vector<int> order;
    size_t nodes = 0;
    WorkerError refused;
    client.call("nodes", json::object(), &client, [&](const json& answer) {
      nodes = answer["nodes"].size();
      order.push_back(1);
    });
    client.call(
        "graph.check", {{"graph", "none"}}, &client, [](const json&) { QFAIL("there is no such graph"); },
        [&](const WorkerError& error) {
          refused = error;
          order.push_back(2);
        });
    client.start();
    QCOMPARE(client.state(), State::starting);
    QTRY_COMPARE_WITH_TIMEOUT(order.size(), size_t{2}, kStart);
    QVERIFY(nodes > 10);
    QCOMPARE(refused.code, -32002);
    QVERIFY(!refused.message.isEmpty());
    QCOMPARE(client.state(), State::ready);
    QCOMPARE(client.hello().at("pid").get<qint64>(), client.pid());
  }

  void whoIsGoneIsNotCalled() {
    WorkerClient client(QStringLiteral(NOISELOOM_RUNNER));
    client.start();
    bool called = false, other = false;
    {
      QObject context;
      client.call(
          "device", {}, &context, [&](const json&) { called = true; },
          [&](const WorkerError&) { called = true; });
    }
    client.call("device", {}, &client, [&](const json&) { other = true; });
    QTRY_VERIFY_WITH_TIMEOUT(other, kStart);
    QVERIFY(!called);
  }

  void comesBackAfterItWasKilled() {
    WorkerClient client(QStringLiteral(NOISELOOM_RUNNER));
    client.start();
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::ready, kStart);
    const qint64 first = client.pid();
    QStringList states;
    connect(&client, &WorkerClient::stateChanged, &client, [&] { states << client.stateText(); });
    QString failed;
    ::kill(static_cast<pid_t>(first), SIGSTOP);  // so that it can't answer before it is killed
    client.call(
        "device", {}, &client, [](const json&) { QFAIL("it was killed"); },
        [&](const WorkerError& error) { failed = error.message; });
    ::kill(static_cast<pid_t>(first), SIGKILL);
    QTRY_COMPARE_WITH_TIMEOUT(failed, QStringLiteral("the worker is gone"), kStart);
    QVERIFY2(states.first().contains(QStringLiteral("signal 9")), qPrintable(states.first()));
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::ready, kStart);
    QVERIFY(client.pid() != first);
    bool answered = false;
    client.call("device", {}, &client, [&](const json&) { answered = true; });
    QTRY_VERIFY_WITH_TIMEOUT(answered, kStart);
  }

  void hungOneIsFoundAndReplaced() {
    WorkerClient client(QStringLiteral(NOISELOOM_RUNNER));
    client.start();
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::ready, kStart);
    const auto pid = static_cast<pid_t>(client.pid());
    ::kill(pid, SIGSTOP);
    client.setBusy(true);
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::hung, 25'000);
    // It may come to itself.
    ::kill(pid, SIGCONT);
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::ready, kStart);
    ::kill(pid, SIGSTOP);
    client.restart();
    QTRY_VERIFY_WITH_TIMEOUT(client.state() == State::ready && client.pid() != pid, kStart);
    QVERIFY(gone(pid));
  }

  void endsWithItsClient() {
    auto client = std::make_unique<WorkerClient>(QStringLiteral(NOISELOOM_RUNNER));
    client->start();
    QTRY_COMPARE_WITH_TIMEOUT(client->state(), State::ready, kStart);
    const qint64 pid = client->pid();
    client.reset();
    QTRY_VERIFY_WITH_TIMEOUT(gone(pid), 5000);
  }

  void idleOneIsNotAsked() {
    QTemporaryDir folder;
    // Writes down what it is asked, and answers hello.
    const QString log = folder.filePath(QStringLiteral("asked"));
    WorkerClient client(
        fakeRunner(folder, "while read line; do echo \"$line\" >> " + log.toStdString() +
                               "; id=$(echo \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/'); echo "
                               "\"{\\\"id\\\":$id,\\\"result\\\":{}}\"; done"));
    client.start();
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::ready, kStart);
    const auto lines = [&] {
      QFile file(log);
      return file.open(QIODevice::ReadOnly) ? file.readAll().count('\n') : 0;
    };
    QTest::qWait(4000);
    QCOMPARE(lines(), 1);
    client.setBusy(true);
    QTRY_VERIFY_WITH_TIMEOUT(lines() >= 2, 8000);
  }

  void programsThatAreNoWorker_data() {
    QTest::addColumn<QString>("lines");
    QTest::addColumn<QString>("said");
    QTest::newRow("garbage") << "echo 'Hello, I am no worker'; sleep 30"
                             << "does not speak";
    QTest::newRow("ends at once") << "exit 3"
                                  << "ended with code 3";
    QTest::newRow("says why") << "echo 'no libtorch here' >&2; exit 1"
                              << "no libtorch here";
    QTest::newRow("crashes") << "kill -SEGV $$"
                             << "signal 11";
    QTest::newRow("another protocol")
        << R"(read line; echo '{"id":2,"error":{"code":-32000,"message":"I speak 7"}}'; sleep 30)"
        << "I speak 7";
    QTest::newRow("another protocol, not asked")
        << "read line; echo '{\"id\":2,\"result\":{\"protocol\":7}}'; sleep 30"
        << "version 7";
    QTest::newRow("a line without an end") << "exec tr '\\0' x < /dev/zero"
                                           << "64 MiB";
    QTest::newRow("garbage without an end") << "exec yes garbage"
                                            << "does not speak";
    QTest::newRow("ends in the middle of a line") << "printf '{\"id\":1,\"resu'; exit 0"
                                                  << "ended with code 0";
  }

  void programsThatAreNoWorker() {
    QFETCH(QString, lines);
    QFETCH(QString, said);
    QTemporaryDir folder;
    WorkerClient client(fakeRunner(folder, lines.toStdString()));
    QString failed;
    client.call(
        "device", {}, &client, [](const json&) { QFAIL("there is nobody to answer"); },
        [&](const WorkerError& error) { failed = error.message; });
    client.start();
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::failed, 20'000);
    QVERIFY2(client.stateText().contains(said), qPrintable(client.stateText()));
    QVERIFY2(failed.contains(said), qPrintable(failed));
    // What is asked now fails too, later.
    bool again = false;
    client.call("device", {}, &client, {}, [&](const WorkerError&) { again = true; });
    QVERIFY(!again);
    QTRY_VERIFY(again);
  }

  // One that answers and then tells of things without end: it is heard as long as it can be, and the window
  // is free meanwhile.
  void floods_data() {
    QTest::addColumn<QString>("lines");
    const QString hello = QStringLiteral("read line; echo '{\"id\":1,\"result\":{\"protocol\":1}}'; ");
    QTest::newRow("news") << hello + QStringLiteral(
                                         "exec yes '{\"method\":\"memory\",\"params\":{\"process\":1}}'");
    QTest::newRow("answers to nothing") << hello + QStringLiteral("exec yes '{\"id\":77,\"result\":{}}'");
    QTest::newRow("blank lines") << hello + QStringLiteral("exec yes ''");
    QTest::newRow("standard error") << hello + QStringLiteral("exec yes 'warning: this and that' >&2");
  }

  void floods() {
    QFETCH(QString, lines);
    QTemporaryDir folder;
    auto client = std::make_unique<WorkerClient>(fakeRunner(folder, lines.toStdString()));
    int printed = 0, turns = 0;
    bool wasReady = false;
    connect(client.get(), &WorkerClient::printed, client.get(), [&] { ++printed; });
    connect(client.get(), &WorkerClient::stateChanged, client.get(),
            [&] { wasReady = wasReady || client->state() == State::ready; });
    QTimer window;
    connect(&window, &QTimer::timeout, &window, [&] { ++turns; });
    window.start(0);
    client->start();
    QTRY_VERIFY_WITH_TIMEOUT(wasReady, kStart);
    const auto begin = printed;
    QElapsedTimer clock;
    clock.start();
    // The window has its turn again and again, whether it is still heard or was given up.
    for (const int until = turns + 100; turns < until;) QTest::qWait(1);
    QVERIFY2(printed - begin <= 250 * (2 + clock.elapsed() / 1000), qPrintable(QString::number(printed)));
    if (client->state() != State::ready)
      QVERIFY2(client->stateText().contains(QStringLiteral("more than can be read")),
               qPrintable(client->stateText()));
    const qint64 pid = client->pid();
    client.reset();
    if (pid) QTRY_VERIFY_WITH_TIMEOUT(gone(pid), 5000);
  }

  void failedOneCanBeStartedAgain() {
    QTemporaryDir folder;
    const QString path = fakeRunner(folder, "exit 1");
    WorkerClient client(path);
    client.start();
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), State::failed, 20'000);
    QFile::remove(path);
    QVERIFY(QFile::link(QStringLiteral(NOISELOOM_RUNNER), path));
    client.restart();
    bool answered = false;
    client.call("device", {}, &client, [&](const json&) { answered = true; });
    QTRY_VERIFY_WITH_TIMEOUT(answered, kStart);
  }

  void missingRunnerIsNamed() {
    WorkerClient client(QStringLiteral("/nowhere/at/all/noiseloom"));
    client.start();
    QCOMPARE(client.state(), State::failed);
    QVERIFY2(client.stateText().contains(QStringLiteral("/nowhere/at/all/noiseloom")),
             qPrintable(client.stateText()));
  }
};

QTEST_MAIN(WorkerClientTest)
#include "worker_client_test.moc"
