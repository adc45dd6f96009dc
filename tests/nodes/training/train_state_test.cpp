#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "engine/files/safetensors.h"
#include "engine/random/stream.h"
#include "nodes/training/losses.h"
#include "nodes/training/train_state.h"
#include "tests/nodes/ddpm/fixture.h"

using namespace loom;

namespace {

TrainState smallState(UNetLayout layout = UNetLayout::pytorch_ddpm) {
  UNetConfig config;
  config.layout = layout;
  config.ch = 32;
  config.widths = {32, 64};
  config.attention = {false, true};
  config.blocks = 1;
  config.timeDim = 128;
  config.timeSteps = 50;
  return freshState(UNet(config, initialUNet(config, 3)), 8, at::kCPU);
}

const Schedule kSchedule = makeSchedule({.steps = 50});

/// Step number `step` of a training on made-up pictures; everything random follows from the step.
TrainState trained(TrainState state, int64_t steps) {
  const at::Tensor pictures = gaussian({1, 0, 0, 0}, {4, 3, 8, 8}).clamp(-1, 1);
  for (int64_t i = 0; i < steps; ++i) {
    const auto step = static_cast<uint32_t>(state.step + 1);
    const at::Tensor t = integers({1, 1, step, 0}, 0, 50, {4}),
                     noise = gaussian({1, 2, step, 0}, {4, 3, 8, 8});
    const at::Tensor x_t = qSample(kSchedule, pictures, t, noise);
    const Prediction prediction{
        .mean = state.net->forward(x_t, state.net->embedTime(t), {.dropout = 0.1, .dropoutSeed = step}),
        .variance = {}};
    const at::Tensor loss = sampleLoss(prediction, pictures, noise, x_t, kSchedule, t, {}).mean();
    const Parameters gradients = gradientsOf(loss, state);
    state = stepped(std::move(state), gradients, {.lr = {.peak = 1e-3, .warmup = 2}, .weightDecay = 0.01});
  }
  return state;
}

double lossOf(const DenoiserNet& net) {
  const c10::NoGradGuard noGrad;
  const at::Tensor pictures = gaussian({1, 0, 0, 0}, {4, 3, 8, 8}).clamp(-1, 1);
  const at::Tensor t = at::tensor({5, 15, 25, 45}, at::kLong), noise = gaussian({9, 9, 9, 0}, {4, 3, 8, 8});
  const at::Tensor x_t = qSample(kSchedule, pictures, t, noise);
  return (net.forward(x_t, net.embedTime(t), {}) - noise).square().mean().item<double>();
}

void sameParameters(const Parameters& a, const Parameters& b) {
  QCOMPARE(a.size(), b.size());
  for (const auto& [name, tensor] : a) QVERIFY2(at::equal(tensor, b.at(name)), name.c_str());
}

void sameState(const TrainState& a, const TrainState& b) {
  QCOMPARE(a.step, b.step);
  sameParameters(a.net->parameters(), b.net->parameters());
  sameParameters(a.ema->parameters(), b.ema->parameters());
  sameParameters(a.moments->first, b.moments->first);
  sameParameters(a.moments->second, b.moments->second);
}

Parameters cloned(const Parameters& all) {
  Parameters copies;
  for (const auto& [name, tensor] : all) copies[name] = tensor.detach().clone();
  return copies;
}

}  // namespace

class TrainStateTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); }

  void learns() {
    const double before = lossOf(*smallState().net);
    const TrainState after = trained(smallState(), 30);
    QVERIFY2(lossOf(*after.net) < 0.9 * before, qPrintable(QString::number(lossOf(*after.net) / before)));
    QCOMPARE(after.step, int64_t{30});
  }

  void resumedEqualsUninterrupted_data() {
    QTest::addColumn<int>("layout");
    QTest::newRow("pytorch_ddpm") << static_cast<int>(UNetLayout::pytorch_ddpm);
    QTest::newRow("ho") << static_cast<int>(UNetLayout::ho);
  }
  void resumedEqualsUninterrupted() {
    QFETCH(int, layout);
    const auto which = static_cast<UNetLayout>(layout);
    const TrainState whole = trained(smallState(which), 6);
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("state.safetensors").toStdString();
    {
      const TypeInfo& type = typeOf<TrainState>();
      writeArchive(file, type.save(Value::of(trained(smallState(which), 4))));
    }
    const Value loaded = typeOf<TrainState>().load(readArchive(file));
    sameState(trained(loaded.as<TrainState>(), 2), whole);
  }

  void aStateThatIsHeldStaysAsItIs() {
    const TrainState held = trained(smallState(), 2);
    const Denoiser average{held.ema, 8};
    const Parameters weights = cloned(held.net->parameters()), ema = cloned(held.ema->parameters());
    const TrainState after = trained(held, 3);
    sameParameters(cloned(held.net->parameters()), weights);
    sameParameters(average.net->parameters(), ema);
    QVERIFY(!at::equal(after.net->parameters().at("head.weight"), weights.at("head.weight")));
    sameState(after, trained(trained(smallState(), 2), 3));
  }

  void aStateOfOnesOwnIsWrittenInPlace() {
    TrainState state = trained(smallState(), 1);
    const void* weight = state.net->parameters().at("head.weight").const_data_ptr();
    const void* average = state.ema->parameters().at("head.weight").const_data_ptr();
    const void* moment = state.moments->first.at("head.weight").const_data_ptr();
    state = trained(std::move(state), 1);
    QCOMPARE(state.net->parameters().at("head.weight").const_data_ptr(), weight);
    QCOMPARE(state.ema->parameters().at("head.weight").const_data_ptr(), average);
    QCOMPARE(state.moments->first.at("head.weight").const_data_ptr(), moment);
  }

  void fixedTablesStayFixed() {
    const char* table = "time_embedding.timembedding.0.weight";
    const TrainState state = trained(smallState(), 2);
    QVERIFY(!state.net->parameters().at(table).requires_grad());
    QVERIFY(at::equal(state.net->parameters().at(table), interleavedSinusoid(50, 32)));
    QVERIFY(!state.moments->first.contains(table));
  }

  void clipping() {
    const TrainState state = smallState();
    Parameters gradients;
    for (const auto& [name, tensor] : state.net->parameters())
      if (tensor.requires_grad()) gradients[name] = at::full_like(tensor.detach(), 3);
    StepReport report;
    const TrainState clipped = stepped(state, gradients, {.clip = 0.5}, &report);
    QVERIFY(report.gradientNorm > 100);
    double sum = 0;  // after one step m = (1 − β1) g
    for (const auto& [name, m] : clipped.moments->first) sum += (m / 0.1).square().sum().item<double>();
    QVERIFY(std::abs(std::sqrt(sum) - 0.5) < 1e-4);
  }

  void refusals() {
    const TrainState state = smallState();
    Parameters gradients;
    for (const auto& [name, tensor] : state.net->parameters())
      if (tensor.requires_grad()) gradients[name] = at::full_like(tensor.detach(), NAN);
    QVERIFY_THROWS_EXCEPTION(Error, stepped(state, gradients, {}));
    QVERIFY_THROWS_EXCEPTION(Error, stepped(state, {}, {}));
    QVERIFY_THROWS_EXCEPTION(Error, gradientsOf(at::zeros({}), state));
    QVERIFY_THROWS_EXCEPTION(Error, gradientsOf(at::zeros({2}).requires_grad_(true), state));
    const TrainState other = smallState();
    const at::Tensor loss = other.net->parameters().at("head.weight").sum();
    QVERIFY_THROWS_EXCEPTION(Error, gradientsOf(loss, state));
  }

  void hostileFiles_data() {
    QTest::addColumn<QString>("removed");
    QTest::newRow("a weight") << "net.head.weight";
    QTest::newRow("an average") << "ema.head.weight";
    QTest::newRow("a moment") << "second.head.weight";
  }
  void hostileFiles() {
    QFETCH(QString, removed);
    Archive archive = saveTrainState(smallState());
    QCOMPARE(archive.tensors.erase(removed.toStdString()), size_t{1});
    QVERIFY_THROWS_EXCEPTION(Error, loadTrainState(archive));
    QVERIFY_THROWS_EXCEPTION(Error, loadTrainState(Archive{}));
  }
};

QTEST_GUILESS_MAIN(TrainStateTest)
#include "train_state_test.moc"
