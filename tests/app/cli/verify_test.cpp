// `noiseloom verify`: pictures made again. And that every result holds what that needs.

#include <ATen/ATen.h>

#include <QtTest>

#include "app/cli/result_file.h"
#include "engine/files/safetensors.h"
#include "engine/node/result_text.h"
#include "nodes/images/image_file.h"
#include "nodes/images/png_file.h"
#include "tests/app/cli/program.h"

using nlohmann::json;

namespace {

// Two pictures, one of them a file each in a zone, an animation, tensors.
QByteArray manyResults() {
  QByteArray graph = kWalk;
  graph.replace(R"("collect": {"x_t": {"from": "step.x_prev", "every": 1000}})",
                R"("collect": {"x_t": {"from": "step.x_prev", "every": 10}})");
  graph.replace(
      R"("save": {)",
      R"("each": {"type": "image.save", "version": 1, "params": {"path": "each.png", "each": true}, "inputs": {"image": "picture.image"}},
    "film": {"type": "image.animation", "version": 1, "params": {"path": "film.gif"}, "inputs": {"recording": "sampling.x_t"}},
    "tensor": {"type": "tensor.save", "version": 1, "params": {"path": "x.safetensors"}, "inputs": {"tensor": "sampling.x"}},
    "save": {)");
  return graph;
}

// A picture whose noise comes from a file.
const char* const kFromFile = R"({
  "noiseloom": 1,
  "nodes": {
    "noise": {"type": "tensor.load", "version": 1, "params": {"path": "start.safetensors"}},
    "picture": {"type": "image.from_latent", "version": 1, "inputs": {"latent": "noise.tensor"}},
    "save": {"type": "image.save", "version": 1, "params": {"path": "file.png"}, "inputs": {"image": "picture.image"}}
  }
})";

}  // namespace

class VerifyTest : public QObject {
  Q_OBJECT

  Program program_;

  std::string path(const QString& name) const { return program_.path(name).toStdString(); }
  json provenance(const QString& name) const { return loom::provenanceIn(loom::textsIn(path(name)).value()); }
  // The picture again with another text or other pixels.
  void forge(const QString& from, const QString& to, const std::function<void(json&)>& edit,
             const std::function<void(at::Tensor&)>& paint = {}) const {
    loom::PngText text = loom::readPngText(path(from));
    json made = json::parse(text.at(loom::kProvenanceKey));
    edit(made);
    text[loom::kProvenanceKey] = made.dump();
    at::Tensor pixels = loom::readPng(path(from));
    if (paint) paint(pixels);
    loom::writePng(path(to), pixels, text);
  }

 private Q_SLOTS:
  void initTestCase() {
    program_.write("walk.loom", kWalk);
    program_.write("many.loom", manyResults());
    program_.write("file.loom", kFromFile);
    const Outcome outcome = program_.run({"run", "many.loom", "--seed", "9", "--threads", "1", "--record",
                                          "sampling.x", "--out", "out", "--quiet"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
  }

  void everyResultSaysWhereItCameFrom_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("saved");
    QTest::newRow("sheet") << "out/walk.png" << QByteArray(R"({"node": "save"})");
    QTest::newRow("one of a batch") << "out/each-0002.png" << QByteArray(R"({"node": "each", "picture": 1})");
    QTest::newRow("animation") << "out/film.gif" << QByteArray(R"({"node": "film"})");
    QTest::newRow("tensor") << "out/x.safetensors" << QByteArray(R"({"node": "tensor"})");
    QTest::newRow("recording") << "out/sampling.x.safetensors" << QByteArray(R"({"recorded": "sampling.x"})");
    QTest::newRow("its film strip") << "out/sampling.x.png" << QByteArray(R"({"recorded": "sampling.x"})");
  }
  void everyResultSaysWhereItCameFrom() {
    QFETCH(QString, file);
    QFETCH(QByteArray, saved);
    const json made = provenance(file);
    QVERIFY(made.is_object());
    QCOMPARE(made["saved"], json::parse(saved.toStdString()));
    QCOMPARE(made["inputs"]["seed"], json(9));
    QCOMPARE(made["seeds"], json::parse(R"({"noise.seed": 9, "z.seed": 9})"));
    QCOMPARE(made["threads"], json(1));
    for (const char* field : {"program", "torch", "libraries", "device", "dtype", "cpu", "files", "set"})
      QVERIFY2(made.contains(field), field);
    QVERIFY(!made["cpu"]["model"].get<std::string>().empty());
    // Whatever a CPU can do, the numbers are those of other CPUs.
    if (made["device"] == "cpu") QCOMPARE(made["dtype"], json("fp32"));
    // And it stands for its graph.
    const Outcome check = program_.run({"check", file});
    QVERIFY2(check.code == 0 && check.out.contains("step.ddpm"), qPrintable(check.text()));
    const Outcome info = program_.run({"info", file});
    QVERIFY2(info.code == 0 && info.out.contains("\"saved\""), qPrintable(info.text()));
  }

  void weightFilesByTheirHash() {
    loom::writeSafetensors(path("start.safetensors"), {{"x", at::rand({1, 3, 8, 8})}});
    program_.write("file.loom", kFromFile);
    QCOMPARE(program_.run({"run", "file.loom", "--out", "hash", "--quiet"}).code, 0);
    const json files = provenance("hash/file.png")["files"];
    QCOMPARE(files.size(), size_t{1});
    QCOMPARE(files["start.safetensors"].get<std::string>().size(), size_t{64});
  }

  void agrees_data() {
    QTest::addColumn<QString>("file");
    for (const char* file : {"walk.png", "each-0001.png", "each-0002.png", "sampling.x.png"})
      QTest::newRow(file) << QString("out/") + file;
  }
  void agrees() {
    QFETCH(QString, file);
    const Outcome outcome = program_.run({"verify", file, "--exact"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QVERIFY2(outcome.out.startsWith(file.toUtf8() + ": agrees exactly"), qPrintable(outcome.text()));
  }

  // Pictures of one run share its work, and come out as each by itself.
  void manyAtOnce() {
    const Outcome outcome = program_.run({"verify", "--exact", "--json", "out/walk.png", "out/each-0001.png",
                                          "out/each-0002.png", "out/walk.png"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QCOMPARE(eventsOf(outcome.out, "verified").size(), 4);
  }

  // What a group's user sets, or leaves to it, is what was used.
  void seedsInGroups() {
    program_.write("groups.loom", R"({
      "noiseloom": 1,
      "nodes": {
        "set": {"type": "group:start", "version": 1, "params": {"seed": 5}},
        "left": {"type": "group:start", "version": 1},
        "picture": {"type": "image.from_latent", "version": 1, "inputs": {"latent": "set.noise"}},
        "other": {"type": "image.from_latent", "version": 1, "inputs": {"latent": "left.noise"}},
        "save": {"type": "image.save", "version": 1, "params": {"path": "set.png"}, "inputs": {"image": "picture.image"}},
        "also": {"type": "image.save", "version": 1, "params": {"path": "left.png"}, "inputs": {"image": "other.image"}}
      },
      "groups": {
        "start": {
          "nodes": {"n": {"type": "noise.gaussian", "version": 1, "params": {"seed": 3, "shape": [3, 8, 8]}}},
          "inputs": {"seed": {"to": ["n.seed"]}},
          "outputs": {"noise": {"from": "n.noise"}}
        }
      }
    })");
    const Outcome outcome = program_.run({"run", "groups.loom", "--out", "groups", "--quiet"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QCOMPARE(provenance("groups/set.png")["seeds"], json::parse(R"({"set/n.seed": 5, "left/n.seed": 3})"));
    const Outcome verified = program_.run({"verify", "--exact", "groups/set.png", "groups/left.png"});
    QVERIFY2(verified.code == 0, qPrintable(verified.text()));
  }

  void savedElsewhere() {
    const QString elsewhere = program_.path("elsewhere/there.png");
    QDir().mkpath(program_.path("elsewhere"));
    const Outcome run =
        program_.run({"run", "walk.loom", "--set", "save.path=" + elsewhere, "--quiet", "--out", "unused"});
    QVERIFY2(run.code == 0, qPrintable(run.text()));
    const QByteArray before = program_.read("elsewhere/there.png");
    const Outcome outcome = program_.run({"verify", "elsewhere/there.png"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QCOMPARE(program_.read("elsewhere/there.png"), before);
  }

  void changedPixels() {
    const auto nothing = [](json&) {};
    // One level is what another processor may do; two are not.
    forge("out/walk.png", "one.png", nothing, [](at::Tensor& pixels) {
      at::Tensor pixel = pixels.select(0, 0).select(0, 0).select(0, 0);
      pixel.fill_(pixel.item<int>() > 100 ? pixel.item<int>() - 1 : pixel.item<int>() + 1);
    });
    forge("out/walk.png", "many.png", nothing, [](at::Tensor& pixels) { pixels.narrow(1, 0, 4).fill_(77); });
    const Outcome one = program_.run({"verify", "one.png"});
    QVERIFY2(one.code == 0 && one.out.contains("agrees within 1 of 255 levels"), qPrintable(one.text()));
    QVERIFY2(one.out.contains("; 1 of 144 pixels differ"), qPrintable(one.text()));
    const Outcome exact = program_.run({"verify", "one.png", "--exact"});
    QVERIFY2(exact.code == 1 && exact.out.contains("not exactly"), qPrintable(exact.text()));
    const Outcome many = program_.run({"verify", "out/walk.png", "many.png", "--json"});
    QVERIFY2(many.code == 1, qPrintable(many.text()));
    const QList<QJsonObject> events = eventsOf(many.out, "verified");
    QCOMPARE(events.size(), 2);
    QCOMPARE(events[0]["verdict"].toString(), QString("exact"));
    QCOMPARE(events[1]["verdict"].toString(), QString("differs"));
    QVERIFY(events[1]["max"].toDouble() > 1);
  }

  void whatDiffersInTheEnvironment() {
    forge("out/walk.png", "moved.png", [](json& made) {
      made["cpu"]["model"] = "An abacus";
      made["threads"] = 2;
      made["libraries"]["oneDNN"] = "v0.1";
      made["gpu"]["name"] = "A loom of its own";
    });
    const Outcome outcome = program_.run({"verify", "moved.png"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QVERIFY2(outcome.out.contains("cpu.model: made with An abacus, here "), qPrintable(outcome.text()));
    QVERIFY2(outcome.out.contains("libraries.oneDNN: made with v0.1"), qPrintable(outcome.text()));
    QVERIFY2(outcome.out.contains("gpu.name: made with A loom of its own"), qPrintable(outcome.text()));
    QVERIFY2(!outcome.out.contains("threads"), qPrintable(outcome.text()));  // made again with two
  }

  void changedAndMissingFiles() {
    loom::writeSafetensors(path("start.safetensors"), {{"x", at::full({1, 3, 8, 8}, 0.5)}});
    QCOMPARE(program_.run({"run", "file.loom", "--out", ".", "--quiet"}).code, 0);
    loom::writeSafetensors(path("start.safetensors"), {{"x", at::full({1, 3, 8, 8}, -0.5)}});
    const Outcome changed = program_.run({"verify", "file.png"});
    QVERIFY2(changed.code == 1, qPrintable(changed.text()));
    QVERIFY2(changed.out.contains("file start.safetensors: made with "), qPrintable(changed.text()));
    QVERIFY(QFile::remove(program_.path("start.safetensors")));
    const Outcome missing = program_.run({"verify", "file.png", "--json"});
    QVERIFY2(missing.code == 2, qPrintable(missing.text()));
    const QJsonObject event = eventsOf(missing.out).at(0);
    QCOMPARE(event["verdict"].toString(), QString("unknown"));
    QVERIFY(event["missing"].toArray().at(0).toString().contains("start.safetensors"));
  }

  void cantBeTold_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("says");
    QTest::newRow("no file") << "none.png"
                             << "there is no file none.png";
    QTest::newRow("a graph") << "walk.loom"
                             << "not a picture";
    QTest::newRow("no graph in it") << "plain.png"
                                    << "holds no graph";
    QTest::newRow("a kind that carries none") << "plain.csv"
                                              << "CSV files carry no graph";
    QTest::newRow("no provenance") << "bare.png"
                                   << "not what it was made with";
    QTest::newRow("damaged provenance") << "deep.png"
                                        << "not what it was made with";
    QTest::newRow("another node") << "lost.png"
                                  << "saved no picture";
    QTest::newRow("out of its folders") << "thief.png"
                                        << "outside the folders";
    QTest::newRow("writes above its folder") << "vandal.png"
                                             << "outside the output folder";
  }
  void cantBeTold() {
    QFETCH(QString, file);
    QFETCH(QString, says);
    const at::Tensor pixels = loom::readPng(path("out/walk.png"));
    loom::PngText text = loom::readPngText(path("out/walk.png"));
    program_.write("plain.csv", "x,y\n1,2\n");
    loom::writePng(path("plain.png"), pixels, {});
    loom::writePng(path("bare.png"), pixels, {{loom::kGraphKey, text.at(loom::kGraphKey)}});
    loom::writePng(
        path("deep.png"), pixels,
        {{loom::kGraphKey, text.at(loom::kGraphKey)}, {loom::kProvenanceKey, std::string(1 << 20, '[')}});
    forge("out/walk.png", "lost.png", [](json& made) { made["saved"]["node"] = "gone"; });
    QByteArray thief = kFromFile, vandal = kWalk;
    thief.replace("start.safetensors", "/etc/passwd");
    vandal.replace("\"walk.png\"", "\"../walk.png\"");
    json made = json::parse(text.at(loom::kProvenanceKey));
    loom::writePng(path("thief.png"), pixels,
                   {{loom::kGraphKey, thief.toStdString()}, {loom::kProvenanceKey, made.dump()}});
    loom::writePng(path("vandal.png"), pixels,
                   {{loom::kGraphKey, vandal.toStdString()}, {loom::kProvenanceKey, made.dump()}});
    const Outcome outcome = program_.run({"verify", file});
    QVERIFY2(outcome.code == 2, qPrintable(outcome.text()));
    QVERIFY2(outcome.out.contains(says.toUtf8()), qPrintable(outcome.text()));
  }

  // Provenance of any form: what is no policy is no reason to fall over.
  void hostileProvenance_data() {
    QTest::addColumn<QByteArray>("made");
    QTest::newRow("empty") << QByteArray("{}");
    QTest::newRow("wrong types") << QByteArray(
        R"({"device": 7, "dtype": ["fp32"], "threads": "many", "cpu": 3, "files": [1, 2], "libraries": "none", "program": {}})");
    QTest::newRow("out of range") << QByteArray(
        R"({"device": "cuda:99", "dtype": "int4", "threads": 99999999999, "saved": {"node": "save"}})");
    QTest::newRow("negative") << QByteArray(R"({"threads": -1, "saved": {"node": "save"}})");
  }
  void hostileProvenance() {
    QFETCH(QByteArray, made);
    program_.write("walk.loom", kWalk);
    QCOMPARE(program_.run({"run", "walk.loom", "--out", "hostile", "--quiet"}).code, 0);
    loom::PngText text = loom::readPngText(path("hostile/walk.png"));
    text[loom::kProvenanceKey] = made.toStdString();
    loom::writePng(path("hostile.png"), loom::readPng(path("hostile/walk.png")), text);
    const Outcome outcome = program_.run({"verify", "hostile.png"});
    QVERIFY2(outcome.code == 0 || outcome.code == 2, qPrintable(outcome.text()));
    QVERIFY2(outcome.err.isEmpty(), qPrintable(outcome.text()));
  }

  // Nothing stays behind, wherever temporary files go.
  void leavesNothing() {
    QDir().mkpath(program_.path("temporary"));
    program_.environment.insert("TMPDIR", program_.path("temporary"));
    const QStringList before = QDir(program_.path(".")).entryList(QDir::AllEntries | QDir::Hidden);
    QCOMPARE(program_.run({"verify", "out/walk.png"}).code, 0);
    program_.environment.remove("TMPDIR");
    QVERIFY(QDir(program_.path("temporary")).isEmpty());
    QCOMPARE(QDir(program_.path(".")).entryList(QDir::AllEntries | QDir::Hidden), before);
  }
};

QTEST_GUILESS_MAIN(VerifyTest)
#include "verify_test.moc"
