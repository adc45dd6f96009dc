// `noiseloom diff`, called as a person calls it.

#include <ATen/ATen.h>

#include <QtTest>

#include "engine/files/npy.h"
#include "engine/files/safetensors.h"
#include "nodes/images/png_file.h"
#include "tests/app/cli/program.h"

class DiffTest : public QObject {
  Q_OBJECT

  Program program_;

  std::string path(const QString& name) const { return program_.path(name).toStdString(); }
  void record(const QString& folder, const QStringList& settings) const {
    const Outcome outcome = program_.run(
        QStringList{"run", "walk.loom", "--record", "sampling.x", "--out", folder, "--quiet"} + settings);
    if (outcome.code != 0) qFatal("%s", qPrintable(outcome.text()));
  }

 private Q_SLOTS:
  void initTestCase() {
    program_.write("walk.loom", kWalk);
    QByteArray other = kWalk;
    other.replace("\"step.ddpm\", \"version\": 1,",
                  "\"step.ddpm\", \"version\": 1, \"params\": {\"temperature\": 0.5},");
    program_.write("other.loom", other);
    program_.write("broken.loom", "{\"noiseloom\": 1");
    program_.write("text.txt", "hello");
    record("a", {});
    record("b", {});
    record("c", {"--seed", "2"});
    loom::writeSafetensors(path("t.safetensors"), {{"w", at::zeros({4})}, {"v", at::ones({2, 2})}});
    loom::writeSafetensors(path("u.safetensors"), {{"w", at::full({4}, 0.25)}, {"v", at::ones({2, 3})}});
    loom::writeSafetensors(path("one.safetensors"), {{"w", at::zeros({4})}});
    loom::writeNpy(path("one.npy"), at::full({4}, 0.25));
  }

  void exitCodes_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const QStringList& arguments, int code, const char* says) {
      QTest::newRow(name) << arguments << code << says;
    };
    row("a graph and itself", {"walk.loom", "walk.loom"}, 0, "mean the same");
    row("a graph and its picture", {"walk.loom", "a/walk.png"}, 0, "mean the same");
    row("two graphs", {"walk.loom", "other.loom"}, 1, "sampling/step.temperature: 1.0 → 0.5");
    row("a graph and another's picture", {"walk.loom", "c/walk.png"}, 1, "noise.seed: 1 → 2");
    row("pictures", {"a/walk.png", "b/walk.png"}, 0, "the same pixels");
    row("other pictures", {"a/walk.png", "c/walk.png"}, 1, "PSNR");
    row("recordings", {"a/sampling.x.safetensors", "b/sampling.x.safetensors"}, 0, "equal");
    row("other recordings", {"a/sampling.x.safetensors", "c/sampling.x.safetensors"}, 1,
        "first differs at step 0");
    row("within a bound", {"a/sampling.x.safetensors", "c/sampling.x.safetensors", "--bound", "1000"}, 0,
        "equal within 1000");
    row("tensors", {"t.safetensors", "t.safetensors"}, 0, "equal");
    row("other tensors", {"t.safetensors", "u.safetensors"}, 1, "shapes [2, 2] and [2, 3]");
    row("numpy", {"one.safetensors", "one.npy"}, 1, "at most 0.25 at w");
    row("numpy within a bound", {"one.safetensors", "one.npy", "--bound", "0.25"}, 0, "equal within 0.25");
    row("folders", {"a", "b"}, 0, "3 of 3 files are equal");
    row("other folders", {"a", "c"}, 1, "0 of 3 files are equal");
    row("no file", {"walk.loom", "none.loom"}, 2, "there is no file none.loom");
    row("a folder and a file", {"a", "walk.loom"}, 2, "is a folder");
    row("a broken graph", {"walk.loom", "broken.loom"}, 2, "broken.loom");
    row("no tensors", {"text.txt", "t.safetensors"}, 2, "text.txt");
    row("kinds", {"walk.loom", "t.safetensors"}, 2, "can't be compared");
    row("bad bound", {"a", "b", "--bound", "-1"}, 2, "--bound");
  }
  void exitCodes() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, says);
    const Outcome outcome = program_.run(QStringList{"diff"} + arguments);
    QVERIFY2(outcome.code == code, qPrintable(outcome.text()));
    QVERIFY2(QString::fromUtf8(outcome.out + outcome.err).contains(says), qPrintable(outcome.text()));
    if (code == 2) QVERIFY2(outcome.out.isEmpty(), qPrintable(outcome.text()));
    const Outcome json = program_.run(QStringList{"diff", "--json"} + arguments);
    QCOMPARE(json.code, code);
    QCOMPARE(eventsOf(json.out).size(), 1);
    if (code != 2) QCOMPARE(eventsOf(json.out).at(0)["equal"].toBool(), code == 0);
  }

  // A change at one step is found at that step, and at no other.
  void theFirstStepThatDiffers() {
    loom::Safetensors recording = loom::readSafetensors(path("a/sampling.x.safetensors"));
    at::Tensor values = recording.tensors.at("values").clone();
    values[42].view({-1})[5].add_(0.125);
    values[77].view({-1})[0].add_(0.5);
    loom::writeSafetensors(path("changed.safetensors"), {{"values", values}}, recording.metadata);
    const QJsonObject found =
        eventsOf(program_.run({"diff", "a/sampling.x.safetensors", "changed.safetensors", "--json"}).out)
            .at(0);
    const QJsonArray rows = found["rows"].toArray();
    QCOMPARE(rows.size(), 100);
    QCOMPARE(found["first"].toObject()["iteration"].toArray().at(0).toInt(), 42);
    QCOMPARE(found["beyond"].toInt(), 2);
    // x_t is at most some tens, of which 0.125 is exact but for float32's rounding of the sum: 4e-6.
    QVERIFY(std::abs(rows[42].toObject()["max"].toDouble() - 0.125) < 4e-6);
    QCOMPARE(rows[42].toObject()["differing"].toInt(), 1);
    QVERIFY(std::abs(found["max"].toDouble() - 0.5) < 4e-6);
    const Outcome bound =
        program_.run({"diff", "a/sampling.x.safetensors", "changed.safetensors", "--bound", "0.2"});
    QVERIFY2(bound.code == 1 && bound.out.contains("first differs at step 77"), qPrintable(bound.text()));
  }

  void foldersNameWhatIsMissing() {
    QDir().mkpath(program_.path("d/below"));
    QDir().mkpath(program_.path("e/below"));
    program_.write("d/same.csv", "1,2");
    program_.write("e/same.csv", "1,2");
    program_.write("d/below/x.csv", "1");
    program_.write("e/below/x.csv", "2");
    program_.write("d/gone.txt", "");
    program_.write("e/new.txt", "");
    program_.write("d/bad.png", "no picture");
    program_.write("e/bad.png", "no picture either");
    program_.write("d/.hidden", "1");
    const Outcome outcome = program_.run({"diff", "d", "e"});
    QVERIFY2(outcome.code == 1, qPrintable(outcome.text()));
    for (const char* line :
         {"= same.csv: the same bytes\n", "≠ below/x.csv: other bytes\n", "- gone.txt: only in the first\n",
          "+ new.txt: only in the second\n", "? bad.png: ", "1 of 5 files are equal\n"})
      QVERIFY2(outcome.out.contains(line), qPrintable(line + outcome.text()));
  }

  void strangersFiles_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut safetensors") << QByteArray("\x10\0\0\0\0\0\0\0{\"a\"", 12);
    QTest::newRow("a deep graph") << QByteArray(100'000, '{');
    QTest::newRow("cut numpy") << QByteArray("\x93NUMPY\x01\0\xff\xff", 10);
    QTest::newRow("cut picture") << QByteArray("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff", 24);
    QTest::newRow("cut animation") << QByteArray("GIF89a\xff\xff", 8);
  }
  void strangersFiles() {
    QFETCH(QByteArray, content);
    program_.write("stranger", content);
    for (const char* other : {"walk.loom", "t.safetensors", "a/walk.png", "stranger"}) {
      const Outcome outcome = program_.run({"diff", "stranger", other});
      const bool itself = outcome.code == 0 && QByteArray(other) == "stranger";  // the same bytes
      QVERIFY2(outcome.code == 2 || itself, qPrintable(outcome.text()));
    }
  }
};

QTEST_GUILESS_MAIN(DiffTest)
#include "diff_test.moc"
