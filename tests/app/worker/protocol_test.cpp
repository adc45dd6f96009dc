// The protocol as strangers may speak it: whatever comes, an answer that says what is wrong, and the worker
// goes on. Every method's every parameter is given values of every wrong type.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QtTest>

#include "tests/app/worker/client.h"

namespace {

struct Hostile {
  const char* name;
  QByteArray line;
  int code;
};

QList<Hostile> hostileLines() {
  const QByteArray deep = QByteArray(100'000, '[') + QByteArray(100'000, ']');
  QByteArray nested = R"({"jsonrpc":"2.0","id":1,"method":"nodes","params":)";
  for (int i = 0; i < 40; ++i) nested += R"({"a":)";
  nested += "1" + QByteArray(40, '}') + "}";
  return {
      {"no JSON", "hello", -32700},
      {"half an object", R"({"jsonrpc":"2.0","id":1)", -32700},
      {"two objects", R"({"jsonrpc":"2.0"}{"id":1})", -32700},
      {"no UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}", -32700},
      {"zero bytes", QByteArray("{\"a\":\0\0}", 8), -32700},
      {"a number too large", R"({"jsonrpc":"2.0","id":1e999})", -32700},
      {"NaN", R"({"jsonrpc":"2.0","id":NaN})", -32700},
      {"arrays in arrays", deep, -32700},
      {"objects in objects", nested, -32700},
      {"a comment", "// {}", -32700},
      {"an array", R"([{"jsonrpc":"2.0","id":1,"method":"nodes"}])", -32600},
      {"an empty array", "[]", -32600},
      {"a number", "12", -32600},
      {"null", "null", -32600},
      {"a text", R"("nodes")", -32600},
      {"an empty object", "{}", -32600},
      {"no version", R"({"id":1,"method":"nodes"})", -32600},
      {"version 1", R"({"jsonrpc":"1.0","id":1,"method":"nodes"})", -32600},
      {"version as a number", R"({"jsonrpc":2.0,"id":1,"method":"nodes"})", -32600},
      {"no method", R"({"jsonrpc":"2.0","id":1})", -32600},
      {"a method that is a number", R"({"jsonrpc":"2.0","id":1,"method":7})", -32600},
      {"an id that is an object", R"({"jsonrpc":"2.0","id":{},"method":"nodes"})", -32600},
      {"an id that is a list", R"({"jsonrpc":"2.0","id":[1],"method":"nodes"})", -32600},
      {"an id that is true", R"({"jsonrpc":"2.0","id":true,"method":"nodes"})", -32600},
      {"unknown method", R"({"jsonrpc":"2.0","id":1,"method":"nodes.delete"})", -32601},
      {"an empty method", R"({"jsonrpc":"2.0","id":1,"method":""})", -32601},
      {"a method of a megabyte", R"({"jsonrpc":"2.0","id":1,"method":")" + QByteArray(1 << 20, 'x') + "\"}",
       -32601},
      {"parameters in a list", R"({"jsonrpc":"2.0","id":1,"method":"nodes","params":[1]})", -32602},
      {"parameters as text", R"({"jsonrpc":"2.0","id":1,"method":"nodes","params":"all"})", -32602},
      {"no such parameter", R"({"jsonrpc":"2.0","id":1,"method":"nodes","params":{"typ":"x"}})", -32602},
      {"a zero byte in a text", R"({"jsonrpc":"2.0","id":1,"method":"nodes","params":{"type":"a\u0000b"}})",
       -32602},
  };
}

QList<QPair<QString, QJsonValue>> wrongValues() {
  return {{"null", QJsonValue()},
          {"true", true},
          {"a number", 1.5},
          {"a negative number", -7},
          {"a huge number", 1e300},
          {"a text", "\u202e nobody \n"},
          {"an empty text", ""},
          {"a list", QJsonArray{1, QJsonArray{}}},
          {"an empty list", QJsonArray{}},
          {"an object", QJsonObject{{"x", 1}}},
          {"an empty object", QJsonObject{}}};
}

// Every method with the parameters it takes, and values with which it gets as far as it can.
QList<QPair<QString, QJsonObject>> methods() {
  const QJsonObject run{{"run", "r1"}};
  const auto with = [](QJsonObject object, const QJsonObject& more) {
    for (auto each = more.begin(); each != more.end(); ++each) object[each.key()] = each.value();
    return object;
  };
  return {
      {"hello", {{"client", "x"}, {"protocol", 1}, {"pid", 1}}},
      {"nodes", {{"type", "noise.gaussian"}}},
      {"graph.submit", {{"graph", "g1"}, {"text", kWalk}, {"folder", "."}, {"allow", QJsonArray{"."}}}},
      {"graph.check", {{"graph", "g1"}, {"device", "cpu"}, {"dtype", "fp32"}, {"threads", 1}}},
      {"graph.set", {{"graph", "g1"}, {"name", "seed"}, {"value", 3}}},
      {"graph.text", {{"graph", "g1"}, {"set", true}}},
      {"run.start",
       {{"graph", "g1"},
        {"device", "cpu"},
        {"dtype", "fp32"},
        {"threads", 1},
        {"out", "o"},
        {"set", QJsonObject{{"seed", 3}}},
        {"cache", false},
        {"checkFinite", true},
        {"keepSteps", true},
        {"fork", QJsonObject{{"run", "r1"}, {"zone", "sampling"}, {"at", 5}}},
        {"pauseAt", 2},
        {"record", QJsonArray{"step.x_prev"}},
        {"statistics", QJsonArray{"step.x_prev"}},
        {"previews", QJsonArray{QJsonObject{{"port", "step.x_prev"}, {"side", 64}, {"as", "channels"}}}},
        {"recordBudget", 1000},
        {"recordDisk", 1000}}},
      {"run.pause", run},
      {"run.step", with(run, {{"steps", 1}})},
      {"run.runTo", with(run, {{"zone", "sampling"}, {"done", 5}})},
      {"run.continue", run},
      {"run.stop", run},
      {"run.status", run},
      {"run.steps", run},
      {"run.move", with(run, {{"place", 0}})},
      {"probe", with(run, {{"port", "step.x_prev"},
                           {"kind", "preview"},
                           {"side", 1},
                           {"as", "channels"},
                           {"samples", 1},
                           {"low", 0},
                           {"high", 1}})},
      {"frames", with(run, {{"port", "step.x_prev"}})},
      {"tensor", with(run, {{"port", "step.x_prev"}, {"iteration", QJsonArray{3}}})},
      {"release", {{"id", "t1"}}},
      {"preview", with(run, {{"port", "step.x_prev"}, {"iteration", QJsonArray{3}}, {"side", 64}})},
      {"statistics", with(run, {{"port", "step.x_prev"}})},
      {"outputs", run},
      {"diff", {{"a", "r1"}, {"b", "r1"}, {"ports", QJsonArray{"step.x_prev"}}, {"bound", 0}}},
      {"cache.clear", {{"disk", false}}},
      {"unprobe", with(run, {{"port", "step.x_prev"}, {"kind", "record"}})},
      {"run.forget", {{"run", "r99"}}},
      {"graph.forget", {{"graph", "g99"}}},
  };
}

}  // namespace

class ProtocolTest : public QObject {
  Q_OBJECT

  Program program_;

  QString startedRun(Client& client, int steps, QJsonObject params) {
    params["graph"] = client.result("graph.submit", walkOf(steps))["graph"];
    return client.result("run.start", params)["run"].toString();
  }

 private Q_SLOTS:
  void initTestCase() { program_.write("walk.loom", kWalk); }

  void nothingBeforeHello() {
    Client client(program_);
    QCOMPARE(client.error("nodes")["code"].toInt(), -32000);
    QCOMPARE(client.error("hello", {{"protocol", 2}})["data"].toObject()["protocol"].toInt(), 1);
    QCOMPARE(client.error("hello")["code"].toInt(), -32602);
    QCOMPARE(client.error("nodes")["code"].toInt(), -32000);
    const QJsonObject hello = client.hello();
    QCOMPARE(hello["protocol"].toInt(), 1);
    QCOMPARE(hello["pid"].toInteger(), client.process().processId());
    QVERIFY(client.result("nodes")["nodes"].toArray().size() > 50);
  }

  void badLines() {
    Client client(program_);
    client.hello();
    int count = 0;
    for (const Hostile& hostile : hostileLines()) {
      client.line(hostile.line);
      const int sent = client.ask("device");
      const QJsonObject fine = client.answer(sent);
      QVERIFY2(fine.contains("result"), hostile.name);
      // Answers come in the order of the lines: the one to the bad line is there, with the id where it was
      // told.
      QJsonObject bad = client.anonymous(0);
      if (bad.isEmpty()) bad = client.answer(1, 10'000);
      QVERIFY2(!bad.isEmpty(), hostile.name);
      QVERIFY2(bad["error"].toObject()["code"].toInt() == hostile.code,
               qPrintable(QString("%1: %2").arg(hostile.name, QString(QJsonDocument(bad).toJson()))));
      ++count;
    }
    // Blank lines are no requests, a notification gets no answer.
    client.write(
        "\n  \n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"nodes\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"none\"}\n");
    QVERIFY(client.result("device").contains("memory"));
    qInfo("%d hostile lines", count);
  }

  // The memory of the worker is looked at: what is too long is not kept.
  void hugeLine() {
    Client client(program_);
    const double before = client.hello()["memory"].toObject()["process"].toDouble();
    const QByteArray piece(1 << 20, 'x');
    for (int i = 0; i < 200; ++i) {
      client.write(piece);
      while (client.process().bytesToWrite() > 0) QVERIFY(client.process().waitForBytesWritten());
    }
    const int id = client.ask("device");  // belongs to the long line
    client.line("");
    QCOMPARE(client.anonymous()["error"].toObject()["code"].toInt(), -32006);
    QVERIFY(client.answer(id, 100).isEmpty());
    const double after = client.result("device")["memory"].toObject()["process"].toDouble();
    QVERIFY2(after - before < 100e6, qPrintable(QString("%1 MB more").arg((after - before) / 1e6)));
  }

  // Each parameter in turn takes each wrong value. Some are right by chance (an empty list, null for what may
  // be left out); every line is answered, and the worker as good as before.
  void wrongTypes() {
    Client client(program_);
    client.hello();
    client.result("graph.submit", walkOf(20));
    const QString run =
        client
            .result("run.start",
                    {{"graph", "g1"}, {"keepSteps", true}, {"record", QJsonArray{"step.x_prev"}}})["run"]
            .toString();
    QVERIFY(!client.state(run, {"finished"}).isEmpty());
    int refused = 0, taken = 0;
    for (const auto& [method, params] : methods()) {
      for (const QString& name : params.keys()) {
        for (const auto& [what, value] : wrongValues()) {
          QJsonObject changed = params;
          changed[name] = value;
          const QJsonObject answer = client.call(method, changed);
          QVERIFY2(!answer.isEmpty(), qPrintable(method + " " + name + " " + what));
          if (answer.contains("result")) {
            ++taken;
            const QString started = answer["result"].toObject()["run"].toString();
            if (method == "run.start") client.result("run.forget", {{"run", started}});
            continue;
          }
          ++refused;
          const QJsonObject error = answer["error"].toObject();
          QVERIFY2(error["code"].toInt() != -32603 && !error["message"].toString().isEmpty() &&
                       !error["data"].toObject()["kind"].toString().isEmpty(),
                   qPrintable(method + " " + name + " " + what + ": " + QJsonDocument(answer).toJson()));
        }
        QJsonObject without = params;
        without.remove(name);
        QVERIFY(!client.call(method, without).isEmpty());
      }
    }
    qInfo("%d wrong parameters refused, %d taken", refused, taken);
    QVERIFY(refused > 600);
    QCOMPARE(client.result("run.status", {{"run", run}})["state"].toString(), "finished");
  }

  void unknownThings() {
    Client client(program_);
    client.hello();
    for (const char* method : {"run.pause", "run.status", "run.forget", "run.stop", "outputs"})
      QCOMPARE(client.error(method, {{"run", "r7"}})["code"].toInt(), -32002);
    QCOMPARE(client.error("graph.check", {{"graph", "g7"}})["code"].toInt(), -32002);
    QCOMPARE(client.error("release", {{"id", "t7"}})["code"].toInt(), -32002);
    const QString run = startedRun(client, 20, {{"record", QJsonArray{"step.x_prev"}}});
    QVERIFY(!client.state(run, {"finished"}).isEmpty());
    QCOMPARE(client.error("frames", {{"run", run}, {"port", "z.noise"}})["code"].toInt(), -32002);
    QCOMPARE(
        client.error("tensor", {{"run", run}, {"port", "step.x_prev"}, {"iteration", QJsonArray{99}}})["code"]
            .toInt(),
        -32002);
    QCOMPARE(client.error("probe", {{"run", run}, {"port", "step.none"}})["code"].toInt(), -32002);
    QCOMPARE(client.error("run.pause", {{"run", run}})["code"].toInt(), -32003);
  }

  // Steering is answered while a run computes and other calls wait.
  void interleaved() {
    Client client(program_);
    client.hello();
    const QString run = startedRun(client, 1000, {{"record", QJsonArray{"step.x_prev"}}, {"pauseAt", 12}});
    QVERIFY(!client.state(run, {"paused"}).isEmpty());
    QCOMPARE(client.result("run.status", {{"run", run}})["at"].toObject()["done"].toInt(), 12);
    QList<int> asked;
    for (int i = 0; i < 50; ++i) {
      asked << client.ask("graph.check", {{"graph", "g1"}})
            << client.ask("frames", {{"run", run}, {"port", "step.x_prev"}})
            << client.ask("run.status", {{"run", run}}) << client.ask("run.step", {{"run", run}});
    }
    for (const int id : asked) QVERIFY(client.answer(id).contains("result"));
    client.result("run.stop", {{"run", run}});
    QVERIFY(!client.state(run, {"stopped"}).isEmpty());
  }

  // Who asks and asks and reads nothing is held back; a run goes on all the same, the memory stays bounded,
  // and every answer is there in the end.
  void floodWithoutReading() {
    QByteArray requests = R"({"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}})"
                          "\n";
    const auto add = [&](int id, const char* method, const QJsonObject& params) {
      const QJsonObject request{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
      requests += QJsonDocument(request).toJson(QJsonDocument::Compact) + "\n";
    };
    add(2, "graph.submit", walkOf(1000));
    add(3, "run.start",
        {{"graph", "g1"},
         {"out", "flood"},
         {"cache", false},
         {"statistics", QJsonArray{"step.x_prev", "sampling.x", "z.noise"}}});
    constexpr int kCount = 200'000;  // their answers, 160 bytes at least, are twice what may wait
    for (int i = 0; i < kCount; ++i)
      requests += R"({"jsonrpc":"2.0","id":"f","method":"run.none"})"
                  "\n";
    program_.write("requests", requests);
    QCOMPARE(::mkfifo(qPrintable(program_.path("answers")), 0600), 0);
    const int answers = ::open(qPrintable(program_.path("answers")), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    QProcess worker;
    worker.setStandardInputFile(program_.path("requests"));
    worker.setStandardOutputFile(program_.path("answers"));
    program_.start(worker, {"worker", "--no-cache"});
    QTRY_VERIFY_WITH_TIMEOUT(program_.has("flood/walk.png"), 60'000);
    const auto resident = [&] {
      QFile status(QString("/proc/%1/status").arg(worker.processId()));
      if (!status.open(QIODevice::ReadOnly)) return 0.0;
      const QByteArray text = status.readAll();
      return text.mid(text.indexOf("VmRSS:") + 6).trimmed().split(' ').value(0).toDouble() * 1024;
    };
    QTest::qWait(1000);
    const double full = resident();
    QTest::qWait(2000);
    qInfo("%.0f MB, then %.0f MB", full / 1e6, resident() / 1e6);
    QVERIFY(resident() < 400e6 && resident() - full < 20e6);
    QCOMPARE(worker.state(), QProcess::Running);
    int answered = 0;
    QByteArray waiting, piece(1 << 20, 0);
    const QDeadlineTimer end(60'000);
    while (answered < kCount && !end.hasExpired()) {
      const ssize_t count = ::read(answers, piece.data(), static_cast<size_t>(piece.size()));
      if (count <= 0) {
        QTest::qWait(1);
        continue;
      }
      waiting += QByteArrayView(piece).first(count);
      const auto last = waiting.lastIndexOf('\n') + 1;
      answered += static_cast<int>(waiting.left(last).count("\"id\":\"f\""));
      waiting.remove(0, last);
    }
    QCOMPARE(answered, kCount);
    QVERIFY(worker.waitForFinished(8'000));
    ::close(answers);
  }

  void graphErrors() {
    Client client(program_);
    client.hello();
    const QJsonObject broken =
        client.error("graph.submit", {{"text", R"({"noiseloom": 1, "nodes": {"a": )"}});
    QCOMPARE(broken["code"].toInt(), -32001);
    QVERIFY(broken["message"].toString().contains("line 1"));
    QByteArray text = kWalk;
    text.replace("noise.gaussian\", \"version\": 1, \"params\": {\"batch\"",
                 "noise.gausian\", \"version\": 1, \"params\": {\"batch\"");
    const QJsonObject graph = client.result("graph.submit", {{"text", QString(text)}});
    const QJsonObject check = client.result("graph.check", {{"graph", graph["graph"]}});
    QCOMPARE(check["ok"].toBool(), false);
    QCOMPARE(check["errors"].toArray()[0].toObject()["node"].toString(), "noise");
    QVERIFY(check["ports"].toObject().contains("timesteps.timesteps"));
    const QJsonObject error = client.error("run.start", {{"graph", graph["graph"]}});
    QCOMPARE(error["code"].toInt(), -32001);
    QCOMPARE(error["data"].toObject()["node"].toString(), "noise");
    const QJsonObject range =
        client.error("graph.set", {{"graph", graph["graph"]}, {"name", "schedule.steps"}, {"value", "many"}});
    QCOMPARE(range["data"].toObject()["node"].toString(), "schedule");
    QCOMPARE(range["data"].toObject()["port"].toString(), "steps");
  }

  // A fork within a round, of a run that is paused there.
  void forksWithin() {
    Client client(program_);
    client.hello();
    const QJsonValue graph = client.result("graph.submit", {{"text", QString(kRounds)}})["graph"];
    const QString run =
        client
            .result("run.start", {{"graph", graph},
                                  {"keepSteps", QJsonObject{{"inner", true}}},
                                  {"pauseAt", QJsonObject{{"zone", "walk"}, {"done", 7}}}})["run"]
            .toString();
    QVERIFY(!client.state(run, {"paused"}).isEmpty());
    const QJsonArray zones = client.result("run.steps", {{"run", run}})["zones"].toArray();
    QCOMPARE(zones.size(), 1);
    QCOMPARE(zones[0].toObject()["zone"].toString(), "walk");
    QCOMPARE(zones[0].toObject()["within"].toArray(), QJsonArray{0});
    QCOMPARE(zones[0].toObject()["steps"].toArray(), (QJsonArray{1, 2, 3, 4, 5, 6, 7}));
    const auto forked = [&](const QJsonValue& at, const QString& zone) {
      return QJsonObject{{"graph", graph}, {"fork", QJsonObject{{"run", run}, {"at", at}, {"zone", zone}}}};
    };
    const QString fork = client.result("run.start", forked(QJsonArray{0, 5}, "walk"))["run"].toString();
    QVERIFY(!client.state(fork, {"finished"}).isEmpty());
    client.result("run.continue", {{"run", run}});
    QVERIFY(!client.state(run, {"finished"}).isEmpty());
    QVERIFY(client.result("diff", {{"a", run}, {"b", fork}})["equal"].toBool());

    // Paused at a step of a round, where it says that it stands.
    const QString third =
        client
            .result("run.start", {{"graph", graph},
                                  {"cache", false},
                                  {"pauseAt", QJsonObject{{"done", QJsonArray{1, 4}}}}})["run"]
            .toString();
    const auto inner = [&](const QJsonObject& told) {
      const QJsonObject at = told["at"].toObject();
      const QJsonObject within = at["inner"].toArray().first().toObject();
      return at["zone"].toString() + " " + QString::number(at["done"].toInt()) + " " +
             within["zone"].toString() + " " + QString::number(within["done"].toInt());
    };
    QCOMPARE(inner(client.state(third, {"paused"})), "rounds 1 walk 4");
    client.result("run.runTo", {{"run", third}, {"done", QJsonArray{2, 1}}});
    QCOMPARE(inner(client.state(third, {"paused"})), "rounds 2 walk 1");
    QCOMPARE(client.error("run.runTo", {{"run", third}, {"done", QJsonArray{1, 2, 3}}})["code"].toInt(),
             static_cast<int>(-32602));
    client.result("run.stop", {{"run", third}});
    QVERIFY(!client.state(third, {"stopped"}).isEmpty());

    const auto refused = [&](const QJsonValue& at, const QString& zone) {
      const QJsonObject error = client.error("run.start", forked(at, zone));
      return QString::number(error["code"].toInt()) + " " + error["message"].toString();
    };
    QCOMPARE(
        refused(QJsonArray{0, 11}, "walk"),
        "-32002 run.start: fork: the state after step 0,11 of walk was not kept; there are 1, 2, 3, 4, 5, 6, "
        "7, 8, 9, 10 in step 0");
    QVERIFY(refused(QJsonArray{5, 1}, "").endsWith("steps of it were kept in step 0, 1, 2"));
    QVERIFY(refused(QJsonArray{1, 1}, "rounds").contains("kept are steps of rounds, walk in rounds"));
    for (const QJsonValue& at :
         {QJsonValue(QJsonArray{}), QJsonValue(QJsonArray{-1, 2}), QJsonValue(QJsonArray{1, 0}),
          QJsonValue(0), QJsonValue(QJsonArray{1, "2"}), QJsonValue("1,2")})
      QVERIFY2(refused(at, "walk").startsWith("-32602"), qPrintable(refused(at, "walk")));
    // Of other types: said before the run is in line.
    QByteArray other = kRounds;
    other.replace("\"y\"", "\"w\"").replace("walk.y", "walk.w");
    QJsonObject changed = forked(QJsonArray{1, 5}, "walk");
    changed["graph"] = client.result("graph.submit", {{"text", QString(other)}})["graph"];
    const QJsonObject error = client.error("run.start", changed);
    QCOMPARE(error["code"].toInt(), -32001);
    QCOMPARE(error["data"].toObject()["node"].toString(), "walk");
    QVERIFY(error["message"].toString().contains("holds nothing of this name"));
  }

  void queueInOrder() {
    Client client(program_);
    client.hello();
    const QString first = startedRun(client, 1000, {{"cache", false}});
    const QJsonValue graph = client.result("graph.submit", walkOf(10))["graph"];
    QStringList runs;
    for (int i = 0; i < 3; ++i)
      runs << client.result("run.start", {{"graph", graph}, {"cache", false}})["run"].toString();
    client.call("run.move", {{"run", runs[2]}, {"place", 0}});
    client.result("run.stop", {{"run", runs[1]}});
    QVERIFY(!client.state(runs[1], {"stopped"}).isEmpty());
    client.result("run.stop", {{"run", first}});
    QVERIFY(!client.state(runs[2], {"finished"}).isEmpty());
    QVERIFY(!client.state(runs[0], {"finished"}).isEmpty());
    QCOMPARE(client.result("run.list")["queue"].toArray().size(), 0);
  }
};

QTEST_GUILESS_MAIN(ProtocolTest)
#include "protocol_test.moc"
