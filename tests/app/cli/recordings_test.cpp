// What --record leaves behind when it does not fit in memory, through the program itself; and that a
// recording's file is the same wherever its frames lay.
#include <ATen/ATen.h>

#include <QDirIterator>
#include <QtTest>

#include "app/cli/recordings.h"
#include "engine/files/safetensors.h"
#include "tests/app/cli/program.h"
#include "tests/engine/files/scratch.h"

class RecordingsTest : public QObject {
  Q_OBJECT

  Program program_;

  Outcome record(const QString& folder, const QStringList& more) const {
    return program_.run(QStringList{"run", "walk.loom", "--record", "sampling.x", "--out", folder} + more);
  }
  loom::Safetensors saved(const QString& folder) const {
    return loom::readSafetensors(program_.path(folder + "/sampling.x.safetensors").toStdString());
  }
  QStringList hidden(const QString& folder) const {
    return QDir(program_.path(folder)).entryList({".rec*"}, QDir::AllEntries | QDir::Hidden);
  }

 private Q_SLOTS:
  void initTestCase() { program_.write("walk.loom", kWalk); }

  void theSameFromDisk() {
    const Outcome whole = record("whole", {}), spilled = record("spilled", {"--record-budget", "8K"});
    QVERIFY2(whole.code == 0 && spilled.code == 0, qPrintable(spilled.text()));
    QVERIFY(!spilled.err.contains("to stay within"));
    const loom::Safetensors a = saved("whole"), b = saved("spilled");
    QCOMPARE(b.metadata.at("every"), std::string("1"));
    QCOMPARE(a.metadata.at("iterations"), b.metadata.at("iterations"));
    QCOMPARE(b.tensors.at("values").sizes(), at::IntArrayRef({100, 2, 3, 8, 8}));
    QVERIFY(a.tensors.at("values").equal(b.tensors.at("values")));
    QCOMPARE(program_.read("whole/sampling.x.png").size(), program_.read("spilled/sampling.x.png").size());
    QCOMPARE(hidden("spilled"), QStringList());  // gone when its content is in the file
  }

  void everyAndLast() {
    const Outcome outcome = record("rule", {"--record-every", "30", "--record-last", "2"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    const loom::Safetensors file = saved("rule");
    QCOMPARE(file.metadata.at("every"), std::string("30"));
    QCOMPARE(file.metadata.at("iterations"), std::string("[[0],[30],[60],[90],[98],[99]]"));
    QCOMPARE(record("none", {"--record-every", "0"}).code, 2);
    QCOMPARE(record("none", {"--record-last", "-1"}).code, 2);
  }

  void thinnedWhereTheDiskIsNotEnough() {
    const Outcome outcome = record("small", {"--record-budget", "16K", "--record-disk", "32K"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QVERIFY2(outcome.err.contains("--record-disk"), qPrintable(outcome.text()));
    QVERIFY(saved("small").metadata.at("every") != "1");
    QVERIFY(saved("small").tensors.at("values").nbytes() <= 48 * 1024);
    QCOMPARE(hidden("small"), QStringList());
  }

  // An output folder that can't take the frames: the run goes on, the recording is thinned.
  void aFolderThatCantBeWritten() {
    QVERIFY(QDir(program_.path(".")).mkpath("blocked"));
    program_.write("blocked/.recordings", "a file in its place");
    const Outcome outcome = record("blocked", {"--record-budget", "16K"});
    QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    QCOMPARE(outcome.err.count("recordings are thinned from here on"), 1);
    QVERIFY(saved("blocked").metadata.at("every") != "1");
    QCOMPARE(program_.read("blocked/.recordings"), QByteArray("a file in its place"));
  }

  // Byte for byte, equal frames and unequal ones; written a frame at a time.
  void aFileOfFramesOnDisk_data() {
    QTest::addColumn<bool>("alike");
    QTest::newRow("of one shape") << true;
    QTest::newRow("of many shapes and dtypes") << false;
  }
  void aFileOfFramesOnDisk() {
    QFETCH(bool, alike);
    const loom::test::Scratch scratch;
    loom::Recorder whole({.record = {"a/zone.x"}});
    loom::Recorder spilled({.record = {"a/zone.x"}, .mostBytes = 10'000, .folder = scratch.path("r")});
    at::manual_seed(1);
    for (int64_t step = 0; step < 50; ++step) {
      const at::Tensor x =
          alike ? at::rand({2, 300}) : at::rand({1 + step % 3, 300}).to(step % 4 ? at::kFloat : at::kHalf);
      const int64_t iteration[] = {0, step};
      for (loom::Recorder* each : {&whole, &spilled})
        each->probed({"a/zone.x", iteration, loom::Value::of<at::Tensor>(x)});
    }
    saveRecording(scratch.path("whole.safetensors"), "a/zone.x", whole, {{"more", "text"}});
    saveRecording(scratch.path("spilled.safetensors"), "a/zone.x", spilled, {{"more", "text"}});
    const std::string bytes = loom::test::bytesOf(scratch.path("whole.safetensors"));
    QVERIFY(bytes == loom::test::bytesOf(scratch.path("spilled.safetensors")));
    const loom::Safetensors file = loom::readSafetensors(scratch.path("spilled.safetensors"));
    QCOMPARE(file.tensors.size(), size_t{alike ? 1u : 50u});
    QCOMPARE(file.metadata.at("more"), std::string("text"));
    // As the stack of all, written at once.
    loom::TensorMap tensors;
    const loom::Recording recording = whole.recording("a/zone.x");
    std::vector<at::Tensor> all;
    for (const auto& frame : recording.frames) all.push_back(*frame.value.tensor());
    if (alike) tensors["values"] = at::stack(all);
    for (size_t i = 0; !alike && i < all.size(); ++i) tensors["values." + std::to_string(i)] = all[i];
    loom::writeSafetensors(scratch.path("once.safetensors"), tensors, file.metadata);
    QVERIFY(bytes == loom::test::bytesOf(scratch.path("once.safetensors")));
  }
};

QTEST_GUILESS_MAIN(RecordingsTest)
#include "recordings_test.moc"
