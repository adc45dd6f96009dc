// What goes wrong at a user's hand or by a stranger's file, through the program itself: it ends in time, says
// which node and port and what to do, and leaves nothing half-written. Memory is bounded to 6 GB of addresses
// (LibTorch itself maps 1 to 2 GB) and each call to 60 s, where none should take more than a few; most take
// 0.2 s.
#include <ATen/ATen.h>
#include <signal.h>
#include <sys/resource.h>

#include <QDirIterator>
#include <QElapsedTimer>
#include <QtTest>
#include <limits>

#include "engine/files/safetensors.h"
#include "tests/app/cli/hostile_graphs.h"
#include "tests/app/cli/program.h"

using namespace hostile;

class HostileTest : public QObject {
  Q_OBJECT

  Program program_;

  struct Limits {
    rlim_t memory = 6'000'000'000, file = RLIM_INFINITY;
  };
  Outcome run(const QStringList& arguments, Limits limits) {
    QProcess process;
    process.setChildProcessModifier([limits] {
      const rlimit memory{limits.memory, limits.memory}, file{limits.file, limits.file};
      setrlimit(RLIMIT_AS, &memory);
      setrlimit(RLIMIT_FSIZE, &file);
      signal(SIGXFSZ, SIG_DFL);
    });
    QElapsedTimer timer;
    timer.start();
    program_.start(process, arguments);
    const Outcome outcome = Program::finish(process);
    if (timer.elapsed() > 60'000) qFatal("%s took %lld ms", qPrintable(arguments.join(' ')), timer.elapsed());
    return outcome;
  }
  Outcome run(const QStringList& arguments) { return run(arguments, Limits{}); }
  QStringList filesIn(const QString& folder) const {
    QStringList all;
    QDirIterator walk(program_.path(folder), QDir::Files | QDir::Hidden | QDir::System,
                      QDirIterator::Subdirectories);
    while (walk.hasNext()) all << walk.next();
    return all;
  }
  static QByteArray half(const QString& file) {
    QFile whole(file);
    if (!whole.open(QIODevice::ReadOnly)) qFatal("%s is missing", qPrintable(file));
    return whole.read(whole.size() / 2);
  }

 private Q_SLOTS:
  void initTestCase() {
    signal(SIGINT, SIG_DFL);
    program_.write("cut.pt", half(kParity + "ddpm_w.pt"));
    program_.write("cut.ckpt", half(kParity + "ddpm_ho.ckpt"));
    program_.write("cut.safetensors", half(kParity + "ddpm_w.safetensors"));
    program_.write("zero.pt", {});
    program_.write("noise.pt", QByteArray(1000, '\x7f'));
    program_.write("evil.pt", kEvilPickle);
    QVERIFY(QFile::copy(NOISELOOM_SOURCE_DIR "/tests/data/container/container_edge.pt",
                        program_.path("other.pt")));
  }

  void refused_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("code");
    QTest::addColumn<QStringList>("says");
    const auto row = [](const char* name, const QByteArray& text, int code, const QStringList& says) {
      QTest::newRow(name) << text << code << says;
    };
    const QByteArray good = graph(kNoise + "," + save("n.noise"));
    row("cut short", good.left(good.size() / 2), 2, {"graph.loom", "not JSON", "line 1, column"});
    row("empty", "", 2, {"not JSON"});
    row("no UTF-8", "{\"noiseloom\": 1, \"title\": \"\xff\xfe\", \"nodes\": {}}", 2, {"not JSON", "UTF-8"});
    row("another shape", R"({"noiseloom": 1, "nodes": [1, 2]})", 2, {"\"nodes\" must be an object"});
    row("a key twice", R"({"noiseloom": 1, "nodes": {"n": {}, "n": {}}})", 2, {"\"n\" stands twice"});
    row("a number too large", graph(R"("n": {"type": "noise.gaussian", "params": {"batch": 1e999}})"), 2,
        {"line 1", "1e999"});
    row("control characters", graph("\"a\\u0000\\u001b[2Jb\": {}"), 2, {"a\\x00\\x1b[2Jb"});
    row("lists 100,000 deep", QByteArray(100'000, '[') + QByteArray(100'000, ']'), 2, {"nested deeper than"});
    row("objects 100,000 deep",
        R"({"noiseloom": 1, "layout": )" + QByteArray("{\"a\":").repeated(100'000) + "1" +
            QByteArray(100'000, '}') + "}",
        2, {"nested deeper than"});
    row("zones 100,000 deep", zones(100'000), 2, {"nested deeper than"});
    row("zones one too deep", zones(33), 2, {"deeper than 32"});
    row("a circle",
        graph(R"("a": {"type": "tensor.slice", "inputs": {"tensor": "b.tensor"}},
                 "b": {"type": "tensor.slice", "inputs": {"tensor": "a.tensor"}},)" +
              save("a.tensor")),
        2, {"circle", "b -> a -> b", "zone's state"});
    row("into a zone's inside", graph(kNoise + "," + loop("2") + "," + save("m.tensor")), 2,
        {"s.tensor", "inside the zone z", "a state or a collection"});
    row("missing input",
        graph(
            R"("d": {"type": "image.from_latent"}, "s": {"type": "image.save", "inputs": {"image": "d.image"}})"),
        2, {"d.latent", "needs a link from Latent"});
    row("input of another type",
        graph(
            R"("c": {"type": "schedule.noise"}, "d": {"type": "image.from_latent", "inputs": {"latent": "c.schedule"}},
                 "s": {"type": "image.save", "inputs": {"image": "d.image"}})"),
        2, {"d.latent", "takes Latent", "c.schedule gives Noise schedule"});
    row("unknown node type", graph(R"("n": {"type": "noise.gausian"},)" + save("n.noise")), 2,
        {"n:", "did you mean \"noise.gaussian\""});
    row("unknown parameter",
        graph(R"("n": {"type": "noise.gaussian", "params": {"shap": [3]}},)" + save("n.noise")), 2,
        {"n.shap", "it has: seed, batch, shape"});
    row("unknown output", graph(kNoise + "," + save("n.nois")), 2,
        {"s.tensor", "has no output \"nois\"", "noise"});
    row("unknown node", graph(kNoise + "," + save("m.noise")), 2, {"s.tensor", "no node \"m\""});
    row("out of range",
        graph(R"("n": {"type": "noise.gaussian", "params": {"shape": [3, 8, 8], "batch": 0}},)" +
              save("n.noise")),
        2, {"n.batch", "0 is out of range: from 1"});
    row("no such choice",
        graph(R"("n": {"type": "schedule.noise", "params": {"kind": "cosinus"}},)" + save("n.schedule")), 2,
        {"n.kind", "cosine"});
    row("an absolute path",
        graph(R"("n": {"type": "tensor.load", "params": {"path": "/etc/passwd"}},)" + save("n.tensor")), 2,
        {"n.path", "outside the folders", "--allow"});
    row("a way out",
        graph(R"("n": {"type": "tensor.load", "params": {"path": "../../../../../../etc/passwd"}},)" +
              save("n.tensor")),
        2, {"n.path", "outside the folders", "--allow"});
    row("a way out for what is written",
        graph(
            kNoise +
            R"(, "s": {"type": "tensor.save", "params": {"path": "../../x.safetensors"}, "inputs": {"tensor": "n.noise"}})"),
        2, {"s.path", "outside the output folder"});
    row("more memory than there is",
        graph(R"("n": {"type": "noise.gaussian", "params": {"shape": [3, 8192, 8192], "batch": 20}},)" +
              save("n.noise")),
        2, {"n:", "would need about 15.0 GiB", "n.noise 15.0 GiB", "a smaller batch"});
    row("10^9 steps, all kept",
        graph(kNoise + "," + loop("1000000000", R"(, "collect": {"h": {"from": "m.tensor"}})") + "," +
              save("z.x")),
        2, {"z.h", "1000000000 values in memory", "\"every\" to 100"});
    row("10^13 steps", graph(kNoise + "," + loop("10000000000000") + "," + save("z.x")), 2,
        {"z.count", "1000000000000"});
    row("no weight file", unet("none.pt"), 2, {"w.path", "no file none.pt", "set it to another"});
    row("a weight file cut short", unet("cut.pt"), 2, {"w.path", "cut.pt", "Get the file again"});
    row("the older form cut short", unet("cut.ckpt"), 2,
        {"w.path", "cut.ckpt", "cut short", "Get the file again"});
    row("safetensors cut short", unet("cut.safetensors"), 2, {"w.path", "cut short"});
    row("an empty weight file", unet("zero.pt"), 2, {"w.path", "is empty"});
    row("no weight file at all", unet("noise.pt"), 2,
        {"w.path", "neither safetensors nor written by torch.save"});
    row("a pickle that would call something", unet("evil.pt"), 2, {"w.path", "evil.pt"});
    row("weights of another model", unet("other.pt"), 2, {"u.weights", "no DDPM U-Net"});
  }
  void refused() {
    QFETCH(QByteArray, text);
    QFETCH(int, code);
    QFETCH(QStringList, says);
    program_.write("graph.loom", text);
    const Outcome outcome = run({"run", "graph.loom", "--threads", "1", "--out", "out"});
    QVERIFY2(outcome.code == code, qPrintable(outcome.text()));
    for (const QString& part : std::as_const(says))
      QVERIFY2(outcome.err.contains(part.toUtf8()), qPrintable(part + "\n" + outcome.text()));
    QVERIFY2(outcome.err.startsWith("error: ") || outcome.err.contains("\nerror: "),
             qPrintable(outcome.text()));
    QVERIFY2(outcome.out.isEmpty() && !outcome.err.contains('\0') && !outcome.err.contains('\033'),
             qPrintable(outcome.text()));
    QVERIFY2(!outcome.err.contains("frame #") && !outcome.err.contains("json.exception"),
             qPrintable(outcome.text()));
    QVERIFY2(filesIn("out").isEmpty(), qPrintable(filesIn("out").join(' ')));
    QVERIFY(!program_.has("pwned!") && !program_.has("pwned"));
    // The same file is looked at without harm too.
    const int looked = run({"info", "graph.loom"}).code;
    QVERIFY(looked == 0 || looked == 2);
  }

  // 10^9 steps begin at once, take no memory a step, and end within a step of Ctrl-C.
  void aBillionSteps() {
    program_.write("graph.loom", graph(kNoise + "," + loop("1000000000") + "," + save("z.x")));
    QProcess process;
    program_.start(process, {"run", "graph.loom", "--json", "--out", "long"});
    QByteArray seen;
    while (!seen.contains("\"step\"")) {
      QVERIFY2(process.waitForReadyRead(60'000), seen.constData());
      seen += process.readAllStandardOutput();
    }
    kill(static_cast<pid_t>(process.processId()), SIGINT);
    QElapsedTimer timer;
    timer.start();
    const Outcome outcome = Program::finish(process);
    QVERIFY2(outcome.code == 130, qPrintable(outcome.text()));
    // A step takes microseconds; the rest is LibTorch's end and what else this machine does.
    QVERIFY2(timer.elapsed() < 10'000, qPrintable(QString::number(timer.elapsed())));
    QVERIFY(!program_.has("long/tensor.safetensors"));
  }

  // A file that may not grow stands for a full disk: what was begun is taken away, what was there stays.
  void aFullDisk_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("port");
    QTest::newRow("tensor") << graph(kBig + "," + save("n.noise")) << "tensor.safetensors"
                            << "s";
    QTest::newRow("npy")
        << graph(
               kBig +
               R"(, "s": {"type": "tensor.save", "params": {"path": "a.npy"}, "inputs": {"tensor": "n.noise"}})")
        << "a.npy"
        << "s";
    QTest::newRow("picture")
        << graph(kBig + R"(, "p": {"type": "image.from_latent", "inputs": {"latent": "n.noise"}},
                                               "i": {"type": "image.save", "params": {"path": "a.png"}, "inputs": {"image": "p.image"}})")
        << "a.png"
        << "i";
  }
  void aFullDisk() {
    QFETCH(QByteArray, text);
    QFETCH(QString, file);
    QFETCH(QString, port);
    program_.write("graph.loom", text);
    QVERIFY(QDir(program_.path(".")).mkpath("full"));
    program_.write("full/" + file, "what was there");
    const Outcome outcome = run({"run", "graph.loom", "--out", "full"}, {.file = 65536});
    QVERIFY2(outcome.code == 1, qPrintable(outcome.text()));
    QVERIFY2(outcome.err.startsWith(("error: " + port).toUtf8()), qPrintable(outcome.text()));
    QVERIFY2(outcome.err.contains(file.toUtf8()), qPrintable(outcome.text()));
    QCOMPARE(program_.read("full/" + file), QByteArray("what was there"));
    QCOMPARE(filesIn("full").size(), 1);
    QVERIFY(QFile::remove(program_.path("full/" + file)));
  }

  // NaN that comes with x_T or with the weights is told at the first step, with the port it shows on.
  void notANumber_data() {
    QTest::addColumn<double>("value");
    QTest::newRow("NaN") << std::numeric_limits<double>::quiet_NaN();
    QTest::newRow("infinite") << std::numeric_limits<double>::infinity();
  }
  void notANumber() {
    QFETCH(double, value);
    loom::TensorMap tensors = loom::readSafetensors((kParity + "ddpm_ho.safetensors").toStdString()).tensors;
    at::Tensor x = tensors.at("in.x").clone();
    x[0][0][0][0] = value;
    loom::writeSafetensors(program_.path("nan.safetensors").toStdString(), {{"in.x", x}});
    const Outcome outcome =
        run({"run", NOISELOOM_SOURCE_DIR "/graphs/parity/ddim_sample.loom", "--set",
             "weights=" + kParity + "ddpm_ho.ckpt", "--set", "inputs=nan.safetensors", "--out", "nan"});
    QVERIFY2(outcome.code == 1, qPrintable(outcome.text()));
    QVERIFY2(
        outcome.err.contains("sampling.x") && outcome.err.contains("NaN") && outcome.err.contains("--record"),
        qPrintable(outcome.text()));
    QVERIFY(filesIn("nan").isEmpty());
  }

  void badSettings_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("no value") << QStringList{"--set", "seed"} << QByteArray("name=value");
    QTest::newRow("an output that is a file") << QStringList{"--out", "walk.loom"} << QByteArray("walk.loom");
    QTest::newRow("an output that can't be")
        << QStringList{"--out", "/proc/nowhere"} << QByteArray("/proc/nowhere");
    QTest::newRow("another machine") << QStringList{"--device", "tpu"} << QByteArray("tpu");
    QTest::newRow("a budget that is none") << QStringList{"--record-budget", "many"} << QByteArray("many");
  }
  void badSettings() {
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, says);
    program_.write("walk.loom", kWalk);
    const Outcome outcome = run(QStringList{"run", "walk.loom"} + arguments);
    QVERIFY2(outcome.code == 1 || outcome.code == 2, qPrintable(outcome.text()));
    QVERIFY2(outcome.err.contains(says), qPrintable(outcome.text()));
    QCOMPARE(program_.read("walk.loom"), QByteArray(kWalk));
  }

  // What can't be printed is not taken for done.
  void aFullTerminal() {
    QProcess process;
    process.setStandardOutputFile("/dev/full");
    program_.start(process, {"nodes"});
    const Outcome outcome = Program::finish(process);
    QVERIFY2(outcome.code == 1 && outcome.err.contains("can't be written"), qPrintable(outcome.text()));
  }
};

QTEST_GUILESS_MAIN(HostileTest)
#include "hostile_test.moc"
