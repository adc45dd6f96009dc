// DDIM and DDPM against diffusers' schedulers, step by step, on a closed-form denoiser.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "nodes/samplers/mixture.h"
#include "nodes/samplers/predict.h"
#include "nodes/samplers/step.h"
#include "nodes/schedules/timesteps.h"
#include "tests/nodes/parity/parity_case.h"

using namespace loom;

namespace {

Mixture mixtureOf(const nlohmann::json& config) {
  Mixture m;
  m.pi = config.at("pi").get<std::vector<double>>();
  m.s = config.at("s").get<std::vector<double>>();
  std::vector<double> flat;
  for (const auto& row : config.at("mu"))
    for (const auto& value : row) flat.push_back(value.get<double>());
  m.mu = at::tensor(flat, at::kDouble).reshape({static_cast<int64_t>(m.pi.size()), -1});
  return m;
}

struct Run {
  PredictOptions predict;
  bool ancestral = false;
  DdimOptions ddim;
  AncestralOptions ddpm;
  Spacing spacing = Spacing::leading;
  int64_t offset = 0;
  bool zeroSnr = false;
  bool evenStride = false;  // diffusers' DDIM steps T / S down, also where the timesteps are spaced otherwise
};

Run runOf(const QString& name) {
  Run run;
  if (name == "ddim_leading") {
    run.ddim.last = LastAlpha::first;
    run.offset = 1;
  } else if (name == "ddim_trailing_eta") {
    run.spacing = Spacing::trailing;
    run.ddim.eta = 1;
  } else if (name == "ddim_v") {
    run.predict.kind = PredictionKind::v;
    run.spacing = Spacing::linspace;
    run.ddim.last = LastAlpha::first;
    run.evenStride = true;
  } else if (name == "ddim_clip") {
    run.predict.clip = 1;
    run.ddim.last = LastAlpha::first;
  } else if (name == "ddim_zsnr") {
    run.predict.kind = PredictionKind::v;
    run.spacing = Spacing::trailing;
    run.zeroSnr = true;
  } else if (name == "ddpm") {
    run.ancestral = true;
    run.ddpm.variance = Variance::fixed_small;
  } else if (name == "ddpm_large") {
    run.ancestral = true;
    run.spacing = Spacing::trailing;
    run.predict.clip = 1;
    run.ddpm.noiseAtEnd = true;
  }
  return run;
}

}  // namespace

class DiffusersParityTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void trajectory_data() {
    QTest::addColumn<QString>("name");
    for (const char* name :
         {"ddim_leading", "ddim_trailing_eta", "ddim_v", "ddim_clip", "ddim_zsnr", "ddpm", "ddpm_large"})
      QTest::newRow(name) << name;
  }
  void trajectory();
};

void DiffusersParityTest::trajectory() {
  QFETCH(QString, name);
  const parity::Case c("samplers_diffusers");
  const Run run = runOf(name);
  const Schedule schedule = makeSchedule({.kind = ScheduleKind::scaled_linear,
                                          .betaStart = 0.00085,
                                          .betaEnd = 0.012,
                                          .precision = SchedulePrecision::float32,
                                          .zeroTerminalSnr = run.zeroSnr});
  const MixtureNet net(mixtureOf(c.json().at("config")), schedule, run.predict.kind);
  const Timesteps timesteps = spacedTimesteps(1000, 10, run.spacing, run.offset);
  const auto tape = c.tape(name.toStdString());

  at::Tensor x = c.tensor("in.x").unsqueeze(-1).unsqueeze(-1);
  std::vector<at::Tensor> trajectory;
  size_t draw = 0;
  for (int64_t i = 0; i < 10; ++i) {
    Timestep step = timesteps.at(i);
    if (run.evenStride) step.t_next = std::max<int64_t>(step.t - 100, -1);
    const at::Tensor output = net.forward(x, net.embedTime(at::full({1}, step.t, at::kLong)), {});
    const X0Epsilon p = predictX0(output, x, schedule, step, run.predict);
    if (run.ancestral) {
      const at::Tensor z = ancestralNeedsNoise(step, run.ddpm) ? tape.at(draw++).reshape_as(x) : at::Tensor();
      x = ancestralStep(x, p.x0, {}, z, schedule, step, run.ddpm).x_prev;
    } else {
      const at::Tensor z = run.ddim.eta > 0 ? tape.at(draw++).reshape_as(x) : at::Tensor();
      x = ddimStep(p.x0, p.epsilon, z, schedule, step, run.ddim);
    }
    trajectory.push_back(x.flatten(1));
  }
  COMPARE_TO_CASE(c, "out." + name.toStdString() + ".traj", at::stack(trajectory));
}

QTEST_GUILESS_MAIN(DiffusersParityTest)
#include "diffusers_parity_test.moc"
