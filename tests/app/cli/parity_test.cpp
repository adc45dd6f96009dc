// The graphs of graphs/parity through the program itself, against tensors of the original programs: what
// anyone can do who has a weight file and a file of tensors. Tolerances are those of the reference cases,
// float32 against float32: `default` 1e-4 of the standard deviation for one pass, 2e-4 for a chain of them.
#include <ATen/ATen.h>

#include <QtTest>

#include "engine/files/safetensors.h"
#include "tests/app/cli/program.h"
#include "tests/nodes/parity/parity_case.h"

using namespace loom;

namespace {

const QString kGraphs = QStringLiteral(NOISELOOM_SOURCE_DIR "/graphs/parity/");

QString data(const QString& name) { return QString::fromStdString(parity::file(name.toStdString())); }

/// What a run is to give: file, tensor in it, output of the case.
struct Expected {
  QString file, key, output;
};

}  // namespace

Q_DECLARE_METATYPE(QList<Expected>)

class ParityTest : public QObject {
  Q_OBJECT

  Program program_;
  int runs_ = 0;

  // Runs a shipped graph with settings; gives back the folder of its results.
  QString run(const QString& graph, const QStringList& settings, const QStringList& more = {}) {
    const QString out = QString("run%1").arg(runs_++);
    QStringList arguments{"run", kGraphs + graph + ".loom", "--quiet", "--threads", "1", "--out", out};
    for (const QString& setting : settings) arguments << "--set" << setting;
    const Outcome outcome = program_.run(arguments + more);
    if (outcome.code != 0) qFatal("%s: %s", qPrintable(arguments.join(' ')), qPrintable(outcome.text()));
    return out;
  }
  TensorMap results(const QString& file) const {
    return readSafetensors(program_.path(file).toStdString()).tensors;
  }

  static void row(const char* name, const char* reference, const char* graph, const QStringList& settings,
                  const QList<Expected>& expected) {
    const QString file = QString(reference) + ".safetensors";
    const QString weights = QString(reference) == "ddpm_w"    ? "ddpm_w.pt"
                            : QString(reference) == "ddpm_ho" ? "ddpm_ho.ckpt"
                                                              : "";
    QStringList all{"inputs=" + data(file)};
    if (!weights.isEmpty()) all << "weights=" + data(weights);
    QTest::newRow(name) << QString(reference) << QString(graph) << all + settings << expected;
  }

 private Q_SLOTS:
  void againstTheOriginals_data() {
    QTest::addColumn<QString>("reference");
    QTest::addColumn<QString>("graph");
    QTest::addColumn<QStringList>("settings");
    QTest::addColumn<QList<Expected>>("expected");
    const QString result = "result.safetensors", x0 = "x0.safetensors";
    const auto sample = [&](const char* output) {
      return QList<Expected>{{result, "sample", QString("out.") + output}};
    };

    row("forward, moving average", "ddpm_w", "ddpm_forward", {"part=ema"},
        {{result, "prediction", "out.eps_ema"}, {"embedding.safetensors", "embedding", "out.temb"}});
    row("forward, weights of the last step", "ddpm_w", "ddpm_forward", {"part=model"},
        {{result, "prediction", "out.eps_net"}});
    row("forward at another t", "ddpm_w", "ddpm_forward", {"part=ema", "t_key=in.t_mid"},
        {{result, "prediction", "out.eps_ema_mid"}});
    row("forward, Ho, t between the steps", "ddpm_ho", "ddpm_forward", {},
        {{result, "prediction", "out.eps"}});

    const QStringList w{"part=ema", "precision=float32_beta", "clip=none", "limit=1"};
    for (const char* variance : {"large", "small"}) {
      const QByteArray run = QByteArray("epsilon_fixed") + variance, output = "sample_" + run;
      row(output, "ddpm_w", "ddpm_sample",
          w + QStringList{"train_steps=10", QString("variance=fixed_") + variance,
                          "noise_key=tape." + run + ".{step:04}.randn"},
          sample(output));
    }
    row("sample_xstart_fixedlarge", "ddpm_w", "ddpm_sample",
        w + QStringList{"train_steps=3", "kind=x0", "noise_key=tape.xstart_fixedlarge.{step:04}.randn"},
        sample("sample_xstart_fixedlarge"));
    row("sample_xprev_fixedlarge", "ddpm_w", "ddpm_sample",
        w + QStringList{"train_steps=3", "kind=x_prev", "noise_key=tape.xprev_fixedlarge.{step:04}.randn"},
        sample("sample_xprev_fixedlarge"));

    row("sample_fixedlarge", "ddpm_ho", "ddpm_sample",
        {"train_steps=10", "noise_key=tape.fixedlarge.{step:04}.randn"}, sample("sample_fixedlarge"));
    row("sample_fixedsmall", "ddpm_ho", "ddpm_sample",
        {"train_steps=10", "variance=fixed_small", "noise_key=tape.fixedsmall.{step:04}.randn"},
        sample("sample_fixedsmall"));
    row("ddpm_steps_uniform", "ddpm_ho", "ddpm_sample",
        {"precision=float32", "spacing=uniform", "steps=10",
         "noise_key=tape.ddpm_steps_uniform.{step:04}.randn"},
        sample("ddpm_steps_uniform"));
    const auto ddim = [&](const QString& run) {
      return QList<Expected>{{result, "sample", "out." + run}, {x0, "x0", "out." + run + ".x0"}};
    };
    row("ddim_uniform_eta0", "ddpm_ho", "ddim_sample", {}, ddim("ddim_uniform_eta0"));
    row("ddim_uniform_eta1", "ddpm_ho", "ddim_sample",
        {"eta=1", "noise_key=tape.ddim_uniform_eta1.{step:04}.randn"}, ddim("ddim_uniform_eta1"));
    row("ddim_quad_eta0", "ddpm_ho", "ddim_sample", {"spacing=quadratic"}, ddim("ddim_quad_eta0"));

    const QStringList listed{"betas_key=in.ddim_betas", "timesteps_key=in.seq_uniform"};
    row("ddim, β and timesteps from the file", "ddpm_ho", "ddim_listed",
        listed + QStringList{"timesteps_key=in.seq_quad"}, ddim("ddim_quad_eta0"));
    row("ddim with noise, from the file", "ddpm_ho", "ddim_listed",
        listed + QStringList{"eta=1", "noise_key=tape.ddim_uniform_eta1.{step:04}.randn"},
        ddim("ddim_uniform_eta1"));
    row("ddpm, β and timesteps from the file", "ddpm_ho", "ddpm_listed",
        listed + QStringList{"noise_key=tape.ddpm_steps_uniform.{step:04}.randn"},
        sample("ddpm_steps_uniform"));

    QList<Expected> answers{{result, "loss.per_element", "out.train_loss"},
                            {result, "loss", "out.train_loss_mean"}};
    for (const char* name : {"head.weight", "middleblocks.0.attn.proj_v.weight",
                             "time_embedding.timembedding.1.weight", "tail.2.bias"})
      answers << Expected{result, name, QString("out.gradnorm.") + name};
    row("loss and gradients", "ddpm_w", "ddpm_loss", {"part=model"}, answers);
  }
  void againstTheOriginals() {
    QFETCH(QString, reference);
    QFETCH(QString, graph);
    QFETCH(QStringList, settings);
    QFETCH(QList<Expected>, expected);
    const parity::Case c(reference.toStdString());
    const QString out = run(graph, settings);
    for (const Expected& each : std::as_const(expected)) {
      const TensorMap found = results(out + "/" + each.file);
      QVERIFY2(found.contains(each.key.toStdString()), qPrintable(each.key));
      COMPARE_TO_CASE(c, each.output.toStdString(), found.at(each.key.toStdString()));
    }
  }

  void tablesOfASchedule() {
    const parity::Case c("ddpm_w");
    const TensorMap tables =
        results(run("schedule", {"train_steps=10", "precision=float32_beta"}) + "/result.safetensors");
    for (const auto& [ours, theirs] : {std::pair{"beta", "betas"},
                                       {"posterior_variance", "posterior_var"},
                                       {"posterior_log_variance", "posterior_log_var_clipped"},
                                       {"posterior_mean_x0", "posterior_mean_coef1"},
                                       {"posterior_mean_x_t", "posterior_mean_coef2"},
                                       {"sqrt_recip_alpha_bar", "sqrt_recip_alphas_bar"},
                                       {"sqrt_recipm1_alpha_bar", "sqrt_recipm1_alphas_bar"}})
      COMPARE_TO_CASE(c, std::string("out.buf.") + theirs, tables.at(ours));
  }

  // What the training step noised, the forward process alone gives bit for bit; the same arithmetic.
  void theForwardProcess() {
    const QStringList files{"inputs=" + data("ddpm_w.safetensors")};
    const TensorMap whole =
        results(run("ddpm_loss", files + QStringList{"weights=" + data("ddpm_w.pt"), "part=model"}) +
                "/result.safetensors");
    const TensorMap alone =
        results(run("q_sample", files + QStringList{"t_key=in.train_t", "noise_key=tape.train.0000.randn",
                                                    "precision=float32_beta"}) +
                "/result.safetensors");
    QVERIFY(alone.at("x_t").equal(whole.at("x_t")));
  }

  // diffusers' schedulers on a closed-form denoiser, every step of them.
  void samplersAlone_data() {
    QTest::addColumn<QString>("graph");
    QTest::addColumn<QStringList>("settings");
    const auto row = [](const char* name, const char* graph, const QStringList& settings) {
      QTest::newRow(name) << QString(graph) << settings;
    };
    row("ddim_leading", "mixture_ddim", {"offset=1"});
    row("ddim_trailing_eta", "mixture_ddim", {"spacing=trailing", "eta=1", "last_alpha=one"});
    row("ddim_v", "mixture_ddim", {"spacing=linspace", "kind=v"});
    row("ddim_clip", "mixture_ddim", {"clip=range"});
    row("ddim_zsnr", "mixture_ddim",
        {"spacing=trailing", "kind=v", "zero_terminal_snr=true", "last_alpha=one"});
    row("ddpm", "mixture_ddpm", {});
    row("ddpm_large", "mixture_ddpm",
        {"spacing=trailing", "clip=range", "variance=fixed_large", "noise_at_end=true"});
  }
  void samplersAlone() {
    QFETCH(QString, graph);
    QFETCH(QStringList, settings);
    const parity::Case c("samplers_diffusers");
    const std::string name = QTest::currentDataTag();
    const QString out =
        run(graph,
            settings + QStringList{"inputs=" + data("samplers_diffusers.safetensors"),
                                   QString::fromStdString("noise_key=tape." + name + ".{step:04}.randn")},
            {"--record", "sampling.x"});
    const at::Tensor steps = results(out + "/sampling.x.safetensors").at("values");
    COMPARE_TO_CASE(c, "out." + name + ".traj", steps.flatten(2));
  }

  // What torch.save can hold, in both its forms, bit for bit.
  void containers_data() {
    QTest::addColumn<QString>("file");
    QTest::newRow("zip") << "container_edge.pt";
    QTest::newRow("legacy") << "container_edge_legacy.pt";
  }
  void containers() {
    QFETCH(QString, file);
    const QString folder = QStringLiteral(NOISELOOM_SOURCE_DIR "/tests/data/container/");
    const TensorMap read = results(run("weights", {"weights=" + folder + file}) + "/result.safetensors");
    for (const auto& [key, reference] :
         readSafetensors((folder + "container_edge.safetensors").toStdString()).tensors) {
      std::string name = key.substr(4);  // after "out."
      if (name.starts_with("sd.")) name = "state_dict." + name.substr(3);
      QVERIFY2(read.contains(name), name.c_str());
      QVERIFY2(read.at(name).scalar_type() == reference.scalar_type() && read.at(name).equal(reference),
               name.c_str());
    }
    QCOMPARE(read.at("state_dict.empty").sizes(), at::IntArrayRef({0, 3}));
  }

  // A tape that ends too early is an error at the step that needs it, and nothing is written.
  void aTapeThatEndsTooEarly() {
    const Outcome outcome =
        program_.run({"run", kGraphs + "ddpm_sample.loom", "--set", "weights=" + data("ddpm_w.pt"), "--set",
                      "inputs=" + data("ddpm_w.safetensors"), "--set", "train_steps=10", "--set",
                      "noise_key=tape.train.{step:04}.randn", "--out", "short"});
    QVERIFY2(outcome.code == 1, qPrintable(outcome.text()));
    QVERIFY2(outcome.err.contains("step.noise") && outcome.err.contains("at step 1 of sampling"),
             qPrintable(outcome.text()));
    QVERIFY(!program_.has("short/result.safetensors"));
  }
};

QTEST_GUILESS_MAIN(ParityTest)
#include "parity_test.moc"
