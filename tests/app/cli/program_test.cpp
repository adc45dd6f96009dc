// The command line from outside: exit codes, what is printed where, errors that say what to do.

#include <ATen/ATen.h>

#include <QtTest>

#include "engine/files/npy.h"
#include "engine/files/safetensors.h"
#include "nodes/images/png_file.h"
#include "tests/app/cli/program.h"

class ProgramTest : public QObject {
  Q_OBJECT

  Program program_;

 private Q_SLOTS:
  void initTestCase() {
    program_.write("walk.loom", kWalk);
    program_.write("broken.loom", "{\"noiseloom\": 1, \"nodes\": {");
    program_.write("newer.loom", "{\"noiseloom\": 99, \"nodes\": {}}");
    program_.write("unknown.loom", R"({"noiseloom": 1, "nodes": {"a": {"type": "noise.gausian"}},
                                      "outputs": {"x": {"from": "a.noise"}}})");
    program_.write(
        "weights.loom",
        R"({"noiseloom": 1, "nodes": {"w": {"type": "weights.load", "params": {"path": "none.pt"}}},
                                      "outputs": {"w": {"from": "w.weights"}}})");
    program_.write("text.txt", "hello");
    loom::writeSafetensors(program_.path("other.safetensors").toStdString(), {{"a", at::zeros({2})}});
    program_.write("other.loom", R"({"noiseloom": 1, "nodes": {
        "w": {"type": "weights.load", "params": {"path": "other.safetensors"}},
        "unet": {"type": "ddpm.unet", "inputs": {"weights": "w.weights"}}}, "outputs": {"d": {"from": "unet.denoiser"}}})");
    program_.write(
        "dictionary.loom",
        R"({"noiseloom": 1, "nodes": {"w": {"type": "weights.load", "params": {"path": "other.safetensors"}}},
                                      "outputs": {"w": {"from": "w.weights"}}})");
    program_.write("table.csv", "x,y\n1,2\n");
    loom::writeNpy(program_.path("one.npy").toStdString(), at::zeros({2}));
  }

  void exitCodes_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const QStringList& arguments, int code, const char* says) {
      QTest::newRow(name) << arguments << code << says;
    };
    row("help", {"--help"}, 0, "Exit codes");
    row("help of a command", {"run", "--help"}, 0, "--record");
    row("version", {"--version"}, 0, "noiseloom ");
    row("nothing", {}, 2, "--help");
    row("unknown command", {"paint"}, 2, "run, batch, check, plan, nodes, info");
    row("unknown option", {"run", "walk.loom", "--paint"}, 2, "--paint");
    row("a graph's own name as an option", {"run", "walk.loom", "--steps", "3"}, 2,
        "run has no option --steps");
    row("seed below 0", {"run", "walk.loom", "--seed", "-1"}, 2, "from 0 to 18446744073709551615");
    row("bad choice", {"run", "walk.loom", "--dtype", "int4"}, 2, "int4");
    row("no file", {"run", "nowhere.loom"}, 2, "there is no file nowhere.loom");
    row("a folder", {"check", "."}, 2, "is a folder");
    row("broken JSON", {"run", "broken.loom"}, 2, "broken.loom");
    row("newer format", {"check", "newer.loom"}, 2, "format 99");
    row("no graph", {"run", "text.txt"}, 2, "text.txt");
    row("unknown type", {"check", "unknown.loom"}, 2, "noise.gaussian");
    row("missing weights", {"run", "weights.loom"}, 2, "w.path");
    row("other weights", {"check", "other.loom"}, 2, "(w reads \"other.safetensors\")");
    row("unknown name", {"run", "walk.loom", "--set", "size=3"}, 2, "seed, batch, steps");
    row("unknown parameter", {"run", "walk.loom", "--set", "noise.size=3"}, 2, "first_sample");
    row("wrong type", {"check", "walk.loom", "--set", "batch=many"}, 2, "noise.batch");
    row("out of range", {"check", "walk.loom", "--batch", "0"}, 2, "noise.batch");
    row("no such port", {"run", "walk.loom", "--record", "sampling.y"}, 2, "sampling.x");
    row("no tensor in it", {"run", "dictionary.loom", "--stats", "w.weights"}, 2, "no tensor");
    row("no such folder", {"run", "walk.loom", "--allow", "nowhere"}, 2, "nowhere");
    row("checked", {"check", "walk.loom"}, 0, "step.ddpm");
    row("planned", {"plan", "walk.loom"}, 0, "zone sampling");
    row("done", {"run", "walk.loom"}, 0, "out/walk.png");
    row("failed on the way", {"run", "walk.loom", "--set", "step.temperature=1e38", "--out", "failed"}, 1,
        "step.x_prev");
    row("unknown node type", {"nodes", "noise.gausian"}, 2, "did you mean noise.gaussian");
    row("a node type", {"nodes", "noise.gaussian"}, 0, "first_sample");
    row("all node types", {"nodes"}, 0, "schedule.timesteps");
    row("a graph", {"info", "walk.loom"}, 0, "Another walk");
    row("a table", {"info", "table.csv"}, 0, "CSV files carry no graph");
    row("an array", {"info", "one.npy"}, 0, "Save as .png, .gif, .mp4 or .safetensors");
    row("a table, run", {"run", "table.csv"}, 2, "CSV files carry no graph");
    row("no weights", {"info", "text.txt"}, 2, "text.txt");
  }
  void exitCodes() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, says);
    const Outcome outcome = program_.run(arguments);
    QVERIFY2(outcome.code == code, qPrintable(outcome.text()));
    QVERIFY2(QString(outcome.out + outcome.err).contains(says), qPrintable(outcome.text()));
    // Errors are for people: one line, no backtrace, and nothing on stdout that a script could take for a
    // result.
    if (code == 0 || arguments.size() < 2) return;
    QVERIFY2(outcome.out.isEmpty(), qPrintable(outcome.text()));
    QVERIFY2(outcome.err.startsWith("error: "), qPrintable(outcome.text()));
    QVERIFY2(!outcome.err.contains("frame #") && !outcome.err.contains(".cpp"), qPrintable(outcome.text()));
  }

  void pipedItIsQuiet() {
    const Outcome outcome = program_.run({"run", "walk.loom", "--out", "piped"});
    QCOMPARE(outcome.code, 0);
    QCOMPARE(outcome.out, QByteArray("piped/walk.png\n"));
    QVERIFY2(outcome.err.startsWith("done in ") && outcome.err.count('\n') == 1, qPrintable(outcome.text()));
    QVERIFY(!outcome.err.contains('\r') && !outcome.err.contains('\033'));
    const Outcome quiet = program_.run({"run", "walk.loom", "--out", "piped", "--quiet"});
    QVERIFY2(quiet.code == 0 && quiet.out.isEmpty() && quiet.err.isEmpty(), qPrintable(quiet.text()));
  }

  void jsonLines() {
    const Outcome outcome =
        program_.run({"run", "walk.loom", "--json", "--stats", "sampling.x", "--out", "json"});
    QCOMPARE(outcome.code, 0);
    QVERIFY2(outcome.err.isEmpty(), qPrintable(outcome.text()));
    const QList<QJsonObject> all = eventsOf(outcome.out);
    QCOMPARE(all.first()["event"].toString(), QString("started"));
    QCOMPARE(all.last()["event"].toString(), QString("finished"));
    QCOMPARE(eventsOf(outcome.out, "zone-started").at(0)["count"].toInt(), 100);
    QCOMPARE(eventsOf(outcome.out, "step").last()["done"].toInt(), 100);
    QCOMPARE(eventsOf(outcome.out, "statistics").size(), 100);
    QCOMPARE(all.last()["files"].toArray().size(), 2);
    QVERIFY(all.last()["outputs"].toObject().contains("x"));
  }

  void jsonErrors_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("node");
    QTest::newRow("refused") << QStringList{"run", "walk.loom", "--batch", "0"} << 2 << "refused"
                             << "noise";
    QTest::newRow("failed") << QStringList{"run", "walk.loom", "--set", "step.temperature=1e38"} << 1
                            << "failed"
                            << "step";
    QTest::newRow("usage") << QStringList{"run"} << 2 << "refused"
                           << "";
    QTest::newRow("check") << QStringList{"check", "broken.loom"} << 2 << "refused"
                           << "";
  }
  void jsonErrors() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, kind);
    QFETCH(QString, node);
    const Outcome outcome = program_.run(arguments + QStringList{"--json"});
    QCOMPARE(outcome.code, code);
    const QList<QJsonObject> errors = eventsOf(outcome.out, "error");
    QCOMPARE(errors.size(), 1);
    QCOMPARE(errors[0]["kind"].toString(), kind);
    QCOMPARE(errors[0]["node"].toString(), node);
    QVERIFY(!errors[0]["message"].toString().isEmpty());
  }

  void settingsDecide() {
    const auto picture = [&](const QStringList& settings) {
      const Outcome outcome =
          program_.run(QStringList{"run", "walk.loom", "--out", "set", "--quiet"} + settings);
      if (outcome.code != 0) qFatal("%s", qPrintable(outcome.text()));
      return program_.read("set/walk.png");
    };
    const QByteArray plain = picture({});
    QCOMPARE(picture({}), plain);
    QCOMPARE(picture({"--seed", "7"}), picture({"--set", "seed=7"}));
    QVERIFY(picture({"--seed", "7"}) != plain);
    QCOMPARE(picture({"--threads", "1", "--device", "cpu", "--dtype", "fp32"}).isEmpty(), false);
  }

  // A picture stands wherever a graph does, and holds the settings it was made with.
  void aPictureIsAGraph() {
    QCOMPARE(program_.run({"run", "walk.loom", "--seed", "5", "--out", "first", "--quiet"}).code, 0);
    QCOMPARE(program_.run({"run", "first/walk.png", "--out", "second", "--quiet"}).code, 0);
    const at::Tensor first = loom::readPng(program_.path("first/walk.png").toStdString());
    QVERIFY(at::equal(loom::readPng(program_.path("second/walk.png").toStdString()), first));
    const QJsonObject info = eventsOf(program_.run({"info", "first/walk.png", "--json"}).out).at(0);
    QCOMPARE(info["kind"].toString(), QString("picture"));
    const QJsonObject provenance = info["provenance"].toObject();
    QCOMPARE(provenance["inputs"].toObject()["seed"].toInt(), 5);
    QCOMPARE(provenance["set"].toObject()["seed"].toInt(), 5);
    QVERIFY(provenance.contains("torch") && provenance.contains("program") && provenance.contains("cpu"));
    QCOMPARE(info["graph"].toObject()["title"].toString(), QString("A walk"));
    QCOMPARE(program_.run({"check", "first/walk.png"}).code, 0);
  }

  void recordsEveryStep() {
    const Outcome outcome = program_.run(
        {"run", "walk.loom", "--record", "sampling.x", "--stats", "step.x_prev", "--out", "rec"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    const auto saved = loom::readSafetensors(program_.path("rec/sampling.x.safetensors").toStdString());
    QCOMPARE(saved.tensors.at("values").sizes(), at::IntArrayRef({100, 2, 3, 8, 8}));
    QCOMPARE(saved.metadata.at("port"), std::string("sampling.x"));
    QCOMPARE(saved.metadata.at("every"), std::string("1"));
    const QJsonArray iterations =
        QJsonDocument::fromJson(QByteArray::fromStdString(saved.metadata.at("iterations"))).array();
    QCOMPARE(iterations.size(), 100);
    QCOMPARE(iterations[99].toArray()[0].toInt(), 99);
    QVERIFY(program_.has("rec/sampling.x.png"));
    const QList<QByteArray> lines = program_.read("rec/step.x_prev.csv").trimmed().split('\n');
    QCOMPARE(lines.size(), 101);
    QCOMPARE(lines[0], QByteArray("step,min,max,mean,std,norm,count,nan,inf"));
    QVERIFY(lines[100].startsWith("99,"));
    // The last of them is what was saved.
    const double last = saved.tensors.at("values")[99].mean().item<double>();
    QVERIFY(std::abs(lines[100].split(',')[3].toDouble() - last) < 1e-6);
  }

  void aRecordingFitsItsBudget() {
    const Outcome outcome = program_.run({"run", "walk.loom", "--record", "sampling.x", "--record-budget",
                                          "32K", "--record-disk", "0", "--out", "thin"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QVERIFY2(outcome.err.contains("every 8 steps"), qPrintable(outcome.text()));
    const auto saved = loom::readSafetensors(program_.path("thin/sampling.x.safetensors").toStdString());
    QVERIFY(saved.tensors.at("values").nbytes() <= 32 * 1024);
    QVERIFY(saved.metadata.at("every") != "1");
  }

  // What led to a failure is what one wants to look at.
  void aFailedRunLeavesItsRecordings() {
    const Outcome outcome = program_.run(
        {"run", "walk.loom", "--set", "step.temperature=1e38", "--stats", "step.x_prev", "--out", "nan"});
    QVERIFY2(outcome.code == 1, qPrintable(outcome.text()));
    QVERIFY(program_.has("nan/step.x_prev.csv"));
    QVERIFY(!program_.has("nan/walk.png"));
  }

  void filesNamedBySet() {
    QVERIFY(QDir(program_.path(".")).mkpath("elsewhere"));
    const QString target = program_.path("elsewhere/named.png");
    const Outcome outcome = program_.run({"run", "walk.loom", "--set", "save.path=" + target});
    QVERIFY2(outcome.code == 0 && QFile::exists(target), qPrintable(outcome.text()));
    const Outcome relative =
        program_.run({"run", "walk.loom", "--set", "save.path=deep/er.png", "--out", "below"});
    QVERIFY2(relative.code == 0 && program_.has("below/deep/er.png"), qPrintable(relative.text()));
    const Outcome outside =
        program_.run({"run", "walk.loom", "--set", "save.path=../er.png", "--out", "below"});
    QVERIFY2(outside.code != 0, qPrintable(outside.text()));
  }

  void checkTellsTypesAndShapes() {
    const Outcome outcome = program_.run({"check", "walk.loom", "--json"});
    QCOMPARE(outcome.code, 0);
    const QJsonObject checked = eventsOf(outcome.out).at(0);
    QStringList names;
    for (const QJsonValue& node : checked["nodes"].toArray()) {
      names << node["node"].toString();
      if (names.last() != "noise") continue;
      const QJsonObject output = node["outputs"].toArray()[0].toObject();
      QCOMPARE(output["type"].toString(), QString("noise"));
      QCOMPARE(output["dtype"].toString(), QString("float32"));
      QCOMPARE(output["shape"].toArray(), (QJsonArray{2, 3, 8, 8}));
    }
    QVERIFY(names.contains("sampling") && names.contains("step"));
    QVERIFY(names.indexOf("sampling") < names.indexOf("step"));
    QVERIFY(names.indexOf("timesteps") < names.indexOf("sampling"));
  }

  void everyNodeTypeIsDescribed() {
    const QList<QJsonObject> all = eventsOf(program_.run({"nodes", "--json"}).out);
    QVERIFY(all.size() > 10);
    for (const QJsonObject& node : all) {
      QVERIFY(!node["doc"].toString().isEmpty());
      for (const QJsonValue& input : node["inputs"].toArray()) QVERIFY(!input["type"].toString().isEmpty());
    }
  }
};

QTEST_GUILESS_MAIN(ProgramTest)
#include "program_test.moc"
