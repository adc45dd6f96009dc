// A worker ends with its client, however that ends, whatever it is doing; and leaves nothing behind.
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>

#include "tests/app/worker/client.h"

namespace {

constexpr int kLong = 50'000;  // steps, each kept: half a minute

// Far above what is needed on an idle machine, far below what a run of the long walk takes.
constexpr int kSoon = 8'000;  // milliseconds

bool alive(qint64 pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0; }

int sessions(const Program& program) {
  return static_cast<int>(
      QDir(program.path("cache/noiseloom/sessions")).entryList({"worker-*"}, QDir::Dirs).size());
}

QByteArray startOf(int steps) {
  QJsonObject submit = walkOf(steps);
  QByteArray lines = R"({"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}})"
                     "\n";
  lines += QJsonDocument(
               QJsonObject{{"jsonrpc", "2.0"}, {"id", 2}, {"method", "graph.submit"}, {"params", submit}})
               .toJson(QJsonDocument::Compact) +
           "\n";
  lines +=
      R"({"jsonrpc":"2.0","id":3,"method":"run.start","params":{"graph":"g1","keepSteps":true,"record":["step.x_prev"]}})"
      "\n";
  return lines;
}

int connectTo(const QString& path) {
  const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  qstrncpy(address.sun_path, qPrintable(path), sizeof address.sun_path);
  if (::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return client;
  ::close(client);
  return -1;
}

}  // namespace

class LifetimeTest : public QObject {
  Q_OBJECT

  Program program_;

  void startRun(Client& client) {
    client.hello();
    client.result("graph.submit", walkOf(kLong));
    const QString run = client.result("run.start", {{"graph", "g1"}, {"keepSteps", true}})["run"].toString();
    QVERIFY(!client.state(run, {"running"}).isEmpty());
  }

 private Q_SLOTS:
  void endOfInput_data() {
    QTest::addColumn<bool>("running");
    QTest::newRow("idle") << false;
    QTest::newRow("in mid-run") << true;
  }
  void endOfInput() {
    QFETCH(bool, running);
    Client client(program_);
    if (running) startRun(client);
    client.process().closeWriteChannel();
    QVERIFY(client.process().waitForFinished(kSoon));
    QCOMPARE(client.process().exitStatus(), QProcess::NormalExit);
    QCOMPARE(client.process().exitCode(), 0);
    QCOMPARE(sessions(program_), 0);
  }

  void shutdown() {
    Client client(program_);
    startRun(client);
    QCOMPARE(sessions(program_), 1);
    QVERIFY(client.call("shutdown").contains("result"));
    QVERIFY(client.process().waitForFinished(kSoon));
    QCOMPARE(client.process().exitCode(), 0);
    QCOMPARE(sessions(program_), 0);
  }

  void terminated() {
    Client client(program_);
    startRun(client);
    ::kill(static_cast<pid_t>(client.process().processId()), SIGINT);  // the client's own affair
    QVERIFY(!client.result("device").isEmpty());
    client.process().terminate();
    QVERIFY(client.process().waitForFinished(kSoon));
    QCOMPARE(client.process().exitStatus(), QProcess::NormalExit);
    QCOMPARE(sessions(program_), 0);
  }

  // The client is a shell in between, killed outright; somebody else still holds the pipes open.
  void clientKilled_data() {
    QTest::addColumn<QByteArray>("hello");
    QTest::newRow("its pipes go") << QByteArray();
    QTest::newRow("its pipes stay, and it has told its process") << QByteArray("pid");
  }
  void clientKilled() {
    QFETCH(QByteArray, hello);
    int in[2], out[2];
    QVERIFY(pipe(in) == 0 && pipe(out) == 0);
    const pid_t client = fork();
    if (client == 0) {
      for (const int file : {in[1], out[0]})
        if (hello.isEmpty()) close(file);
      const pid_t worker = fork();
      if (worker == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (const int file : {in[0], in[1], out[0], out[1]}) close(file);
        setenv("XDG_CACHE_HOME", qPrintable(program_.path("cache")), 1);
        execl(NOISELOOM_RUNNER, NOISELOOM_RUNNER, "worker", nullptr);
        _exit(127);
      }
      char text[32];
      const int length = snprintf(text, sizeof text, "%d\n", worker);
      if (write(out[1], text, static_cast<size_t>(length)) < 0) _exit(1);
      while (true) pause();
    }
    close(in[0]);
    close(out[1]);
    FILE* answers = fdopen(out[0], "r");
    char line[1 << 16];
    QVERIFY(fgets(line, sizeof line, answers));
    const int worker = QByteArray(line).trimmed().toInt();
    QByteArray lines = startOf(kLong);
    if (!hello.isEmpty())
      lines.replace("\"protocol\":1", "\"protocol\":1,\"pid\":" + QByteArray::number(client));
    QCOMPARE(write(in[1], lines.constData(), static_cast<size_t>(lines.size())), lines.size());
    while (fgets(line, sizeof line, answers) && !QByteArray(line).contains("running")) {
    }
    ::kill(client, SIGKILL);
    waitpid(client, nullptr, 0);
    if (hello.isEmpty()) {
      close(in[1]);
      fclose(answers);
    }
    QTRY_VERIFY_WITH_TIMEOUT(!alive(worker) || QFile::exists(QString("/proc/%1/status").arg(worker)) == false,
                             kSoon);
    QCOMPARE(sessions(program_), 0);
    if (!hello.isEmpty()) {
      close(in[1]);
      fclose(answers);
    }
  }

  // What a killed worker left is removed by the next one, and what a living one has is not.
  void killedWorker() {
    Client living(program_);
    startRun(living);
    {
      Client killed(program_);
      startRun(killed);
      killed.process().kill();
      QVERIFY(killed.process().waitForFinished());
    }
    QCOMPARE(sessions(program_), 2);
    Client next(program_);
    const QString folder = next.hello()["folder"].toString();
    QVERIFY(QDir(folder).exists());
    QCOMPARE(sessions(program_), 2);
    QCOMPARE(living.result("run.status", {{"run", "r1"}})["error"].toObject(), QJsonObject());
  }

  void sockets() {
    const QString path = program_.path("w.sock");
    QProcess worker;
    program_.start(worker, {"worker", "--socket", path});
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), kSoon);
    struct stat status {};
    QCOMPARE(::stat(qPrintable(path), &status), 0);
    QCOMPARE(status.st_mode & 0777, 0600u);
    const Outcome second = program_.run({"worker", "--socket", path});
    QCOMPARE(second.code, 2);
    const int client = connectTo(path);
    QVERIFY(client >= 0);
    const QByteArray lines = startOf(kLong);
    QCOMPARE(write(client, lines.constData(), static_cast<size_t>(lines.size())), lines.size());
    char answer[4096];
    QVERIFY(read(client, answer, sizeof answer) > 0);
    QTRY_COMPARE(connectTo(path), -1);
    ::close(client);
    QVERIFY(worker.waitForFinished(kSoon));
    QCOMPARE(worker.exitCode(), 0);
    QVERIFY(!QFile::exists(path));
  }

  void socketsOfOthers() {
    if (geteuid() != 0) QSKIP("only root can try as another user");
    QTemporaryDir open;
    QFile::setPermissions(open.path(), QFile::Permissions(0x7777));
    constexpr int kUnreachable = 6;
    const QString path = open.filePath("w.sock");
    QProcess worker;
    program_.start(worker, {"worker", "--socket", path});
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), kSoon);
    ::chmod(qPrintable(path), 0666);  // so that what is looked at is the user, not the permission
    const pid_t other = fork();
    if (other == 0) {
      if (setuid(65534) != 0) _exit(9);
      if (::access(qPrintable(open.path()), X_OK) != 0) _exit(kUnreachable);
      int client = -1;
      for (int i = 0; i < 100 && client < 0; ++i) {  // the file is there a moment before somebody listens
        client = connectTo(path);
        if (client < 0) ::usleep(50'000);
      }
      if (client < 0) _exit(8);
      char answer[4096];
      const ssize_t count = read(client, answer, sizeof answer);
      _exit(count > 0 && QByteArray(answer, count).contains("another user") ? 0 : 7);
    }
    int status = 0;
    waitpid(other, &status, 0);
    if (WEXITSTATUS(status) == kUnreachable) {
      worker.kill();
      worker.waitForFinished();
      QSKIP("no other user can reach a temporary folder here");
    }
    QCOMPARE(WEXITSTATUS(status), 0);
    const int client = connectTo(path);
    QVERIFY(client >= 0);
    QVERIFY(write(client, "\n", 1) == 1);
    ::close(client);
    QVERIFY(worker.waitForFinished(kSoon));
  }

  void refusesPaths() {
    program_.write("taken", "x");
    QCOMPARE(program_.run({"worker", "--socket", "taken"}).code, 2);
    QCOMPARE(program_.read("taken"), QByteArray("x"));
    QCOMPARE(program_.run({"worker", "--socket", QString(300, 'x')}).code, 2);
    QCOMPARE(program_.run({"worker", "--socket", "nowhere/w.sock"}).code, 2);
  }
};

QTEST_GUILESS_MAIN(LifetimeTest)
#include "lifetime_test.moc"
