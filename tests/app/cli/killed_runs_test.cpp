// Sampling and training killed outright (SIGKILL) at random moments, again and again: what was finished
// stays, nothing half-written is taken for whole, and what is taken up again ends in the same bytes as a run
// that nobody disturbed.
#include <QDirIterator>
#include <QElapsedTimer>
#include <QtTest>
#include <random>

#include "tests/app/cli/program.h"

namespace {

constexpr int kKills = 30;  // of each

const char* const kTraining = R"({"noiseloom": 1, "nodes": {
  "schedule": {"type": "schedule.noise", "params": {"kind": "cosine", "steps": 50}},
  "pictures": {"type": "noise.gaussian", "params": {"batch": 2, "shape": [3, 8, 8], "seed": 1}},
  "unet": {"type": "train.unet", "params": {"image_size": 8, "ch": 8, "mult": [1], "attention": [], "timesteps": 50, "seed": 2}},
  "training": {"type": "zone", "count": 150, "state": {"train": {"init": "unet.state", "next": "step.state"}}, "nodes": {
    "t": {"type": "train.timesteps", "params": {"batch": 2}, "inputs": {"schedule": "schedule.schedule"}},
    "noise": {"type": "noise.gaussian", "inputs": {"like": "pictures.noise"}},
    "noised": {"type": "train.q_sample", "inputs": {"x0": "pictures.noise", "noise": "noise.noise", "schedule": "schedule.schedule", "timesteps": "t.timesteps"}},
    "net": {"type": "train.denoiser", "inputs": {"state": "training.train"}},
    "guess": {"type": "denoise.batch", "params": {"dropout": 0.1}, "inputs": {"denoiser": "net.denoiser", "x_t": "noised.x_t", "timesteps": "t.timesteps"}},
    "loss": {"type": "loss.ddpm", "inputs": {"prediction": "guess.prediction", "x0": "pictures.noise", "noise": "noise.noise", "x_t": "noised.x_t", "schedule": "schedule.schedule", "timesteps": "t.timesteps"}},
    "step": {"type": "train.step", "params": {"lr": 0.003}, "inputs": {"state": "training.train", "loss": "loss.loss"}}}},
  "live": {"type": "train.export", "params": {"path": "live.safetensors", "dtype": "float32", "weights": "live"}, "inputs": {"state": "training.train", "schedule": "schedule.schedule"}}}})";

}  // namespace

class KilledRunsTest : public QObject {
  Q_OBJECT

  Program program_;

  // Under a user's name there is either nothing, or all of it.
  void nothingIsHalf(const QString& out, const QString& result, const QByteArray& whole) {
    if (program_.has(out + "/" + result)) QCOMPARE(program_.read(out + "/" + result), whole);
  }

 private Q_SLOTS:
  void initTestCase() {
    program_.write("walk.loom", kWalk);
    program_.write("training.loom", kTraining);
  }

  void killed_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("result");
    const QStringList sampling{"run", "walk.loom", "--set", "steps=60000"};
    QTest::newRow("sampling, checkpoints")
        << sampling + QStringList{"--checkpoint-every", "0.02", "--resume"} << "walk.png";
    QTest::newRow("sampling, steps kept and a port recorded")
        << QStringList{"run",         "walk.loom", "--set",    "steps=600",  "--keep-steps",   "20",
                       "--keep-last", "3",         "--record", "sampling.x", "--record-every", "50"}
        << "walk.png";
    QTest::newRow("training") << QStringList{"run", "training.loom", "--checkpoint-every", "0.02", "--resume"}
                              << "live.safetensors";
  }
  void killed() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, result);
    arguments += {"--threads", "1", "--quiet"};
    QElapsedTimer clock;
    clock.start();
    const Outcome undisturbed = program_.run(arguments + QStringList{"--out", "whole"});
    QVERIFY2(undisturbed.code == 0, qPrintable(undisturbed.text()));
    const int long_ = static_cast<int>(clock.elapsed());
    const QByteArray whole = program_.read("whole/" + result);
    QVERIFY(!whole.isEmpty());
    QVERIFY(QDir(program_.path("whole")).removeRecursively());

    QDir(program_.path("out"))
        .removeRecursively();  // the run that was killed last may have been a finished one
    std::mt19937 random(20);
    int kills = 0, finished = 0, resumed = 0;
    while (kills < kKills || finished == 0) {
      QProcess process;
      program_.start(process, arguments + QStringList{"--out", "out"});
      const bool kill = kills < kKills;
      // From the first instant to a little beyond the end of a whole run.
      const int wait = kill ? static_cast<int>(random() % static_cast<unsigned>(long_ * 6 / 5)) : 120'000;
      if (!process.waitForFinished(wait)) {
        process.kill();
        process.waitForFinished();
        ++kills;
        resumed += program_.has("out/.checkpoints") || program_.has("out/.steps");
        nothingIsHalf("out", result, whole);
        continue;
      }
      const QByteArray said = process.readAllStandardError();
      QVERIFY2(process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0, said.constData());
      QCOMPARE(program_.read("out/" + result), whole);
      ++finished;
      QVERIFY(QDir(program_.path("out")).removeRecursively());
    }
    qInfo(
        "%d kills within %.1f s a run, %d runs finished between them, %d kills left something to go on from",
        kills, long_ * 1e-3, finished, resumed);
    QVERIFY(resumed > 0);
  }
};

QTEST_GUILESS_MAIN(KilledRunsTest)
#include "killed_runs_test.moc"
