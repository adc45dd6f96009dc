// One result, however it was come by, on a small trained-size network (the reference case's, 16 × 16): alone
// or in a batch, with one thread or two, in one go or killed on the way, with what the plan saves or without.
// Killed and resumed is bit for bit. A batch of another size, or other threads, may take other kernels
// (Winograd's tiles go by the size of the work), whose sums are rounded in another order: measured 2e-5 of
// the standard deviation after 10 steps, allowed 1e-4, what the reference cases allow one pass of the
// network.
#include <ATen/ATen.h>
#include <signal.h>

#include <QtTest>

#include "engine/files/safetensors.h"
#include "tests/app/cli/program.h"

using namespace loom;

namespace {

constexpr double kRounding = 1e-4;

const char* const kSampling = R"({"noiseloom": 1, "nodes": {
  "weights": {"type": "weights.load", "params": {"path": "ddpm_w.pt"}},
  "unet": {"type": "ddpm.unet", "inputs": {"weights": "weights.weights"}},
  "schedule": {"type": "schedule.noise"},
  "steps": {"type": "schedule.timesteps", "params": {"steps": 10, "spacing": "spaced"}, "inputs": {"schedule": "schedule.schedule"}},
  "start": {"type": "noise.gaussian", "params": {"batch": 3, "shape": [3, 16, 16], "seed": 5}},
  "sampling": {"type": "zone", "over": {"t": "steps.timesteps"}, "state": {"x": {"init": "start.noise", "next": "step.x_prev"}}, "nodes": {
    "denoise": {"type": "denoise", "inputs": {"denoiser": "unet.denoiser", "x_t": "sampling.x", "t": "sampling.t"}},
    "predict": {"type": "predict.x0", "params": {"clip": "range"}, "inputs": {"prediction": "denoise.prediction", "x_t": "sampling.x", "t": "sampling.t", "schedule": "schedule.schedule"}},
    "noise": {"type": "noise.gaussian", "params": {"seed": 6}, "inputs": {"like": "sampling.x"}},
    "step": {"type": "step.ddpm", "inputs": {"x_t": "sampling.x", "x0": "predict.x0", "t": "sampling.t", "schedule": "schedule.schedule", "noise": "noise.noise"}}}},
  "save": {"type": "tensor.save", "params": {"path": "x.safetensors"}, "inputs": {"tensor": "sampling.x"}}},
  "inputs": {"first": {"to": ["start.first_sample", "noise.first_sample"]}, "batch": {"to": ["start.batch"]},
             "steps": {"to": ["steps.steps"]}}})";

const char* const kTraining = R"({"noiseloom": 1, "nodes": {
  "schedule": {"type": "schedule.noise", "params": {"kind": "cosine", "steps": 50}},
  "pictures": {"type": "noise.gaussian", "params": {"batch": 4, "shape": [3, 8, 8], "seed": 1}},
  "unet": {"type": "train.unet", "params": {"image_size": 8, "ch": 16, "mult": [1, 2], "attention": [4], "timesteps": 50, "seed": 2}},
  "training": {"type": "zone", "count": 400, "state": {"train": {"init": "unet.state", "next": "step.state"}}, "nodes": {
    "t": {"type": "train.timesteps", "params": {"batch": 4}, "inputs": {"schedule": "schedule.schedule"}},
    "noise": {"type": "noise.gaussian", "inputs": {"like": "pictures.noise"}},
    "noised": {"type": "train.q_sample", "inputs": {"x0": "pictures.noise", "noise": "noise.noise", "schedule": "schedule.schedule", "timesteps": "t.timesteps"}},
    "net": {"type": "train.denoiser", "inputs": {"state": "training.train"}},
    "guess": {"type": "denoise.batch", "params": {"dropout": 0.1}, "inputs": {"denoiser": "net.denoiser", "x_t": "noised.x_t", "timesteps": "t.timesteps"}},
    "loss": {"type": "loss.ddpm", "inputs": {"prediction": "guess.prediction", "x0": "pictures.noise", "noise": "noise.noise", "x_t": "noised.x_t", "schedule": "schedule.schedule", "timesteps": "t.timesteps"}},
    "step": {"type": "train.step", "params": {"lr": 0.003}, "inputs": {"state": "training.train", "loss": "loss.loss"}}}},
  "average": {"type": "train.export", "params": {"path": "average.safetensors", "dtype": "float32"}, "inputs": {"state": "training.train", "schedule": "schedule.schedule"}},
  "live": {"type": "train.export", "params": {"path": "live.safetensors", "dtype": "float32", "weights": "live"}, "inputs": {"state": "training.train", "schedule": "schedule.schedule"}}}})";

double deviation(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.std()).item<double>();
}

}  // namespace

class SameResultTest : public QObject {
  Q_OBJECT

  Program program_;
  int runs_ = 0;

  at::Tensor sampled(const QStringList& more) {
    const QString out = QString("out%1").arg(runs_++);
    const Outcome outcome = program_.run(QStringList{"run", "sampling.loom", "--quiet", "--out", out} + more);
    if (outcome.code != 0) qFatal("%s", qPrintable(outcome.text()));
    return readSafetensors(program_.path(out + "/x.safetensors").toStdString()).tensors.at("tensor");
  }

  // Kills a run outright once it has left a checkpoint, and takes it up again with the same command.
  void killAndResume(const QStringList& arguments, const QString& out) {
    const QStringList all = arguments + QStringList{"--out", out, "--checkpoint-every", "0.2", "--json"};
    QProcess process;
    program_.start(process, all);
    QTRY_VERIFY_WITH_TIMEOUT(program_.has(out + "/.checkpoints"), 120'000);
    QTest::qWait(300);
    process.kill();
    process.waitForFinished();
    const Outcome again = program_.run(all + QStringList{"--resume"});
    QVERIFY2(again.code == 0, qPrintable(again.text()));
    QVERIFY2(eventsOf(again.out, "zone-started").at(0)["first"].toInt() > 0, qPrintable(again.text()));
  }

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(QFile::copy(NOISELOOM_SOURCE_DIR "/tests/data/parity/ddpm_w.pt", program_.path("ddpm_w.pt")));
    program_.write("sampling.loom", kSampling);
    program_.write("training.loom", kTraining);
  }

  void aloneOrInABatch() {
    const at::Tensor three = sampled({"--threads", "1"});
    QVERIFY(three.equal(sampled({"--threads", "1"})));
    for (int sample = 0; sample < 3; ++sample) {
      const at::Tensor one =
          sampled({"--threads", "1", "--set", "batch=1", "--set", "first=" + QString::number(sample)});
      const double away = deviation(one[0], three[sample]);
      if (qEnvironmentVariableIsSet("NOISELOOM_SHOW_PARITY")) qInfo("sample %d: %.3g", sample, away);
      QVERIFY2(away <= kRounding, qPrintable(QString::number(away)));
    }
  }

  void oneThreadOrTwo() {
    const double away = deviation(sampled({"--threads", "2"}), sampled({"--threads", "1"}));
    if (qEnvironmentVariableIsSet("NOISELOOM_SHOW_PARITY")) qInfo("threads: %.3g", away);
    QVERIFY2(away <= kRounding, qPrintable(QString::number(away)));
  }

  void samplingKilledAndResumed() {
    const QStringList arguments{"run", "sampling.loom", "--threads", "1", "--set", "steps=300"};
    killAndResume(arguments, "killed");
    QCOMPARE(program_.run(arguments + QStringList{"--out", "whole", "--quiet"}).code, 0);
    QCOMPARE(program_.read("killed/x.safetensors"), program_.read("whole/x.safetensors"));
  }

  void trainingKilledAndResumed() {
    const QStringList arguments{"run", "training.loom", "--threads", "1"};
    killAndResume(arguments, "trained");
    QCOMPARE(program_.run(arguments + QStringList{"--out", "trained_whole", "--quiet"}).code, 0);
    for (const char* name : {"average", "live"}) {
      const auto tensors = [&](const QString& folder) {
        return readSafetensors(program_.path(folder + "/" + name + ".safetensors").toStdString()).tensors;
      };
      const TensorMap resumed = tensors("trained"), whole = tensors("trained_whole");
      QCOMPARE(resumed.size(), whole.size());
      for (const auto& [key, tensor] : whole) QVERIFY2(resumed.at(key).equal(tensor), key.c_str());
    }
  }
};

QTEST_GUILESS_MAIN(SameResultTest)
#include "same_result_test.moc"
