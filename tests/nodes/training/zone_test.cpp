// Training as a graph: a zone that carries the weights, stopped and taken up again.
#include <ATen/ATen.h>

#include <QtTest>
#include <fstream>
#include <sstream>

#include "engine/graph/graph_file.h"
#include "engine/run/checkpoints.h"
#include "nodes/plots/line_plot.h"
#include "nodes/registry.h"
#include "nodes/training/train_state.h"

using namespace loom;

namespace {

// Learns to denoise one batch of made-up pictures, with dropout, looking at its samples now and then.
std::string graph(int64_t steps) {
  std::string text = R"({"noiseloom": 1, "nodes": {
    "schedule": {"type": "schedule.noise", "params": {"kind": "cosine", "steps": 50}},
    "pictures": {"type": "noise.gaussian", "params": {"batch": 4, "shape": [3, 8, 8], "seed": 1}},
    "unet": {"type": "train.unet", "params": {"image_size": 8, "ch": 16, "mult": [1, 2], "attention": [4],
             "timesteps": 50, "seed": 2}},
    "curve": {"type": "series.new"},
    "looks": {"type": "schedule.timesteps", "params": {"steps": 3, "spacing": "spaced"},
              "inputs": {"schedule": "schedule.schedule"}},
    "training": {"type": "zone", "count": STEPS,
      "state": {"train": {"init": "unet.state", "next": "step.state"},
                "curve": {"init": "curve.series", "next": "append.series"},
                "seen": {"init": "pictures.noise", "next": "sampling.x"}},
      "nodes": {
        "t": {"type": "train.timesteps", "params": {"batch": 4}, "inputs": {"schedule": "schedule.schedule"}},
        "noise": {"type": "noise.gaussian", "inputs": {"like": "pictures.noise"}},
        "noised": {"type": "train.q_sample", "inputs": {"x0": "pictures.noise", "noise": "noise.noise",
                   "schedule": "schedule.schedule", "timesteps": "t.timesteps"}},
        "net": {"type": "train.denoiser", "inputs": {"state": "training.train"}},
        "guess": {"type": "denoise.batch", "params": {"dropout": 0.1},
                  "inputs": {"denoiser": "net.denoiser", "x_t": "noised.x_t", "timesteps": "t.timesteps"}},
        "loss": {"type": "loss.ddpm", "params": {"kind": "v", "weighting": "min_snr"},
                 "inputs": {"prediction": "guess.prediction", "x0": "pictures.noise", "noise": "noise.noise",
                            "x_t": "noised.x_t", "schedule": "schedule.schedule", "timesteps": "t.timesteps"}},
        "step": {"type": "train.step", "params": {"lr": 0.003},
                 "inputs": {"state": "training.train", "loss": "loss.loss"}},
        "append": {"type": "series.append",
                   "inputs": {"series": "training.curve", "x": "training.index", "y": "loss.value"}},
        "look": {"type": "train.every", "params": {"every": 2},
                 "inputs": {"index": "training.index", "count": "training.count"}},
        "average": {"type": "train.ema", "when": "look.fires", "inputs": {"state": "step.state"}},
        "sampling": {"type": "zone", "when": "look.fires", "over": {"t": "looks.timesteps"},
          "state": {"x": {"init": "pictures.noise", "next": "ddim.x_prev"}},
          "nodes": {
            "denoise": {"type": "denoise", "inputs": {"denoiser": "average.denoiser", "x_t": "sampling.x",
                        "t": "sampling.t"}},
            "predict": {"type": "predict.x0", "params": {"kind": "v"},
                        "inputs": {"prediction": "denoise.prediction", "x_t": "sampling.x", "t": "sampling.t",
                                   "schedule": "schedule.schedule"}},
            "ddim": {"type": "step.ddim", "inputs": {"x_t": "sampling.x", "x0": "predict.x0",
                     "epsilon": "predict.epsilon", "t": "sampling.t", "schedule": "schedule.schedule"}}}}
      }}},
    "outputs": {"state": {"from": "training.train"}, "curve": {"from": "training.curve"},
                "seen": {"from": "training.seen"}}})";
  return text.replace(text.find("STEPS"), 5, std::to_string(steps));
}

std::shared_ptr<const Plan> planOf(const std::string& text) {
  return std::make_shared<const Plan>(
      compile(std::make_shared<const Document>(parseGraph(text)), registry(), {}));
}

struct Results {
  TrainState state;
  Series curve;
  at::Tensor seen;
};

Results results(const Run& run) {
  return {run.output("state").as<TrainState>(), run.output("curve").as<Series>(),
          run.output("seen").as<Latent>().x};
}

Results finished(int64_t steps) {
  Run run(planOf(graph(steps)), {});
  run.execute();
  return results(run);
}

/// Stops a run after so many steps.
struct StopAfter final : CheckpointStore {
  CheckpointStore& store;
  CancelToken& cancel;
  int64_t steps;
  StopAfter(CheckpointStore& s, CancelToken& c, int64_t n) : store(s), cancel(c), steps(n) {}
  State find(const Loop& loop) override { return store.find(loop); }
  void offer(const Loop& loop, int64_t done, const std::function<State()>& state) override {
    if (done == steps) cancel.request();
    store.offer(loop, done, state);
  }
};

void same(const Results& a, const Results& b) {
  QCOMPARE(a.state.step, b.state.step);
  for (const auto& [name, tensor] : a.state.net->parameters())
    QVERIFY2(tensor.equal(b.state.net->parameters().at(name)), name.c_str());
  for (const auto& [name, tensor] : a.state.ema->parameters())
    QVERIFY2(tensor.equal(b.state.ema->parameters().at(name)), name.c_str());
  for (const auto& [name, tensor] : a.state.moments->second)
    QVERIFY2(tensor.equal(b.state.moments->second.at(name)), name.c_str());
  QCOMPARE(a.curve.y, b.curve.y);
  QVERIFY(a.seen.equal(b.seen));
}

}  // namespace

class TrainingZoneTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); }

  void trains() {
    const Results after = finished(60);
    QCOMPARE(after.state.step, int64_t{60});
    QCOMPARE(after.curve.y.size(), size_t{60});
    const std::vector<double> means = runningMean(after.curve.y, 20);
    const double first = means[10], last = means[49];
    QVERIFY2(last < first, qPrintable(QString("%1 to %2").arg(first).arg(last)));
    QVERIFY(!after.seen.requires_grad());
  }

  void stoppedAndTakenUp_data() {
    QTest::addColumn<int>("after");
    QTest::newRow("after the first step") << 1;
    QTest::newRow("after a step with samples") << 4;
    QTest::newRow("before the last") << 5;
  }
  void stoppedAndTakenUp() {
    QFETCH(int, after);
    const Results whole = finished(6);
    QTemporaryDir folder;
    const auto plan = planOf(graph(6));
    CancelToken cancel;
    const DiskCheckpoints::Options options{.folder = folder.path().toStdString(),
                                           .everySeconds = 1e9,
                                           .plan = plan.get(),
                                           .registry = &registry(),
                                           .cancel = &cancel};
    {
      DiskCheckpoints store(options);
      StopAfter stop(store, cancel, after);
      Run run(plan, {.cancel = &cancel, .checkpoints = &stop});
      QVERIFY_THROWS_EXCEPTION(Cancelled, run.execute());
    }
    DiskCheckpoints::Options again = options;
    again.resume = true;
    again.cancel = nullptr;
    DiskCheckpoints store(again);
    struct Watch final : Observer {
      int64_t from = -1;
      void zoneStarted(const std::string& zone, int64_t first, int64_t, int) override {
        if (zone == "training") from = first;
      }
    } watch;
    Run run(plan, {.observer = &watch, .checkpoints = &store});
    run.execute();
    QCOMPARE(watch.from, int64_t{after});
    same(results(run), whole);
  }

  void thePlanIsRefusedBeforeItRuns_data() {
    QTest::addColumn<QString>("from");
    QTest::addColumn<QString>("to");
    QTest::newRow("timesteps of another batch") << R"("params": {"batch": 4}, "inputs": {"schedule")"
                                                << R"("params": {"batch": 5}, "inputs": {"schedule")";
    QTest::newRow("weighting of x_prev") << R"("kind": "v", "weighting")"
                                         << R"("kind": "x_prev", "weighting")";
    QTest::newRow("decay without an end") << R"({"lr": 0.003})"
                                          << R"({"lr": 0.003, "decay": "cosine"})";
  }
  void thePlanIsRefusedBeforeItRuns() {
    QFETCH(QString, from);
    QFETCH(QString, to);
    QString text = QString::fromStdString(graph(2));
    QVERIFY(text.contains(from));
    QVERIFY_THROWS_EXCEPTION(Error, planOf(text.replace(from, to).toStdString()));
  }

  void theShippedGraphCompiles() {
    std::ifstream file(NOISELOOM_SOURCE_DIR "/graphs/train/ddpm_emoji.loom");
    std::stringstream text;
    text << file.rdbuf();
    const auto plan = planOf(text.str());
    QVERIFY(plan->zones.size() == 2);
    QVERIFY(plan->zones[0].gradients && !plan->zones[1].gradients);
  }
};

QTEST_GUILESS_MAIN(TrainingZoneTest)
#include "zone_test.moc"
