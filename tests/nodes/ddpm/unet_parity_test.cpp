// The network against its two original programs: forward, time embedding, gradients.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <QtTest>

#include "nodes/samplers/q_sample.h"
#include "tests/nodes/ddpm/fixture.h"

using namespace loom;
using namespace loom::test;

class UNetParityTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); }
  void forward_data();
  void forward();
  void timeEmbedding();
  void trainingGradients();
};

void UNetParityTest::forward_data() {
  QTest::addColumn<QString>("reference");
  QTest::addColumn<QString>("fill");
  QTest::addColumn<QString>("t");
  QTest::addColumn<QString>("out");
  QTest::newRow("w86763777, ema") << "ddpm_w"
                                  << "fill_ema_model"
                                  << "in.t"
                                  << "out.eps_ema";
  QTest::newRow("w86763777, net") << "ddpm_w"
                                  << "fill_net_model"
                                  << "in.t"
                                  << "out.eps_net";
  QTest::newRow("w86763777, ema, middle t") << "ddpm_w"
                                            << "fill_ema_model"
                                            << "in.t_mid"
                                            << "out.eps_ema_mid";
  QTest::newRow("Ho et al., fractional t") << "ddpm_ho"
                                           << "fill"
                                           << "in.t"
                                           << "out.eps";
}

void UNetParityTest::forward() {
  QFETCH(QString, reference);
  QFETCH(QString, fill);
  QFETCH(QString, t);
  QFETCH(QString, out);
  const parity::Case c(reference.toStdString());
  const auto net = filledUNet(c, fill.toStdString());
  const at::NoGradGuard noGrad;
  const at::Tensor embedding = net->embedTime(c.tensor(t.toStdString()));
  const at::Tensor epsilon = net->forward(c.tensor("in.x"), embedding, {});
  COMPARE_TO_CASE(c, out.toStdString(), epsilon);
}

void UNetParityTest::timeEmbedding() {
  const parity::Case c("ddpm_w");
  const at::NoGradGuard noGrad;
  COMPARE_TO_CASE(c, "out.temb", filledUNet(c, "fill_ema_model")->timeEmbedding(c.tensor("in.t")));
}

void UNetParityTest::trainingGradients() {
  const parity::Case c("ddpm_w");
  Parameters parameters = filledUNet(c, "fill_net_model")->parameters();
  const auto reference = filledUNet(c, "fill_net_model");
  for (auto& [name, tensor] : parameters)
    if (reference->learns(name)) tensor.requires_grad_(true);
  const auto net = reference->withParameters(parameters);

  const Schedule schedule = makeSchedule({.precision = SchedulePrecision::float32_beta});
  const at::Tensor t = c.tensor("in.train_t"), epsilon = c.tape("train").at(0);
  const at::Tensor x_t = qSample(schedule, c.tensor("in.x_0"), t, epsilon);
  const at::Tensor loss =
      at::mse_loss(net->forward(x_t, net->embedTime(t), {}), epsilon, at::Reduction::None);
  COMPARE_TO_CASE(c, "out.train_loss", loss);
  COMPARE_TO_CASE(c, "out.train_loss_mean", loss.mean());
  loss.mean().backward();
  for (const char* name : {"head.weight", "middleblocks.0.attn.proj_v.weight",
                           "time_embedding.timembedding.1.weight", "tail.2.bias"})
    COMPARE_TO_CASE(c, std::string("out.gradnorm.") + name, parameters.at(name).grad().norm());
}

QTEST_GUILESS_MAIN(UNetParityTest)
#include "unet_parity_test.moc"
