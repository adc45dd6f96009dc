// The nodes denoise and ddpm.unet: prepared embeddings, calls run as one batch, learned variance split off,
// refusals.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "engine/node/exec.h"
#include "tests/nodes/ddpm/fixture.h"

namespace loom {
NodeType denoise();
NodeType ddpmUNet();
}  // namespace loom

using namespace loom;
using namespace loom::test;

namespace {

struct Services : RunServices {
  void log(const std::string&, const std::string&) override {}
  void progress(const std::string&, int64_t, int64_t) override {}
  void produced(const std::string&, const std::filesystem::path&) override {}
};

/// One call of denoise: inputs, what was prepared, output.
struct Call {
  const NodeType& type;
  Services services;
  std::vector<Value> inputs;
  Value prepared, output;
  std::vector<Value*> in, out{&output};
  std::vector<int> start{0, 1, 2, 3};
  std::string path = "zone/denoise";
  std::vector<int64_t> iteration{0};

  Call(const NodeType& t, const Denoiser& net, const at::Tensor& x, int64_t step)
      : type(t),
        inputs{Value::of<Denoiser>(net), Value::of<Latent>({x}),
               Value::of<Timestep>({.t = step, .t_next = step - 1})} {
    for (Value& value : inputs) in.push_back(&value);
  }
  void prepare() {
    std::vector<Value*> to{&prepared};
    Exec exec(type, path, in, start, to, nullptr, iteration, services);
    type.prepare->execute(exec);
  }
  Exec exec() { return Exec(type, path, in, start, out, &prepared, iteration, services); }
  const at::Tensor& mean() const { return output.as<Prediction>().mean; }
};

Denoiser net(int64_t outChannels) {
  UNetConfig c;
  c.ch = 16;
  c.widths = {16, 32};
  c.attention = {false, true};
  c.blocks = 1;
  c.timeDim = 64;
  c.outChannels = outChannels;
  Parameters parameters = initialUNet(c, 1);
  parameters["tail.2.weight"] = parameters["tail.2.weight"] * 1e5;  // starts near zero
  return {.net = std::make_shared<UNet>(c, parameters)};
}

at::Tensor pictures(int64_t B, uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn({B, 3, 8, 8}, generator, at::TensorOptions(at::kFloat));
}

}  // namespace

class DenoiseTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { guard_.emplace(); }
  void cleanup() { guard_.reset(); }
  void oneCall();
  void manyCallsAreOneBatch_data();
  void manyCallsAreOneBatch();
  void learnedVariance();
  void refusals();
  void unetNode();

 private:
  std::optional<at::NoGradGuard> guard_;
};

void DenoiseTest::oneCall() {
  const NodeType type = denoise();
  const Denoiser d = net(3);
  Call call(type, d, pictures(2, 1), 500);
  call.prepare();
  Exec x = call.exec();
  type.execute(x);
  QVERIFY(call.mean().equal(predict(*d.net, pictures(2, 1), 500)));
  QVERIFY(!call.output.as<Prediction>().variance.defined());
}

void DenoiseTest::manyCallsAreOneBatch_data() {
  QTest::addColumn<bool>("samePrepared");
  QTest::addColumn<int>("secondStep");
  QTest::newRow("one embedding") << true << 500;
  QTest::newRow("the same step, prepared twice") << false << 500;
  QTest::newRow("two steps") << false << 20;
}

void DenoiseTest::manyCallsAreOneBatch() {
  QFETCH(bool, samePrepared);
  QFETCH(int, secondStep);
  const NodeType type = denoise();
  const Denoiser d = net(3);
  Call a(type, d, pictures(2, 1), 500), b(type, d, pictures(1, 2), secondStep);
  a.prepare();
  b.prepare();
  if (samePrepared) b.prepared = a.prepared;
  std::vector<Exec> calls{a.exec(), b.exec()};
  type.merge->execute(calls);
  QCOMPARE(a.mean().size(0), 2);
  QCOMPARE(b.mean().size(0), 1);
  QVERIFY(a.mean().allclose(predict(*d.net, pictures(2, 1), 500), 1e-4, 1e-5));
  QVERIFY(b.mean().allclose(predict(*d.net, pictures(1, 2), secondStep), 1e-4, 1e-5));
}

void DenoiseTest::learnedVariance() {
  const NodeType type = denoise();
  const Denoiser d = net(6);
  Call call(type, d, pictures(2, 1), 500);
  call.prepare();
  Exec x = call.exec();
  type.execute(x);
  const at::Tensor all = predict(*d.net, pictures(2, 1), 500);
  QVERIFY(call.mean().equal(all.narrow(1, 0, 3)));
  QVERIFY(call.output.as<Prediction>().variance.equal(all.narrow(1, 3, 3)));
}

void DenoiseTest::refusals() {
  const NodeType type = denoise();
  Call call(type, net(3), at::zeros({1, 4, 8, 8}), 500);
  call.prepare();
  Exec x = call.exec();
  try {
    type.execute(x);
    QFAIL("four channels were taken");
  } catch (const Error& error) {
    QCOMPARE(QString::fromStdString(error.port), QString("x_t"));
  }
}

void DenoiseTest::unetNode() {
  const NodeType type = ddpmUNet();
  Weights weights;
  weights.source = "net.pt";
  const Denoiser d = net(3);
  for (const auto& [name, tensor] : d.net->parameters()) weights.tensors["ema_model." + name] = tensor;
  const auto run = [&](const Weights& from) {
    Value in[2] = {Value::of<Weights>(from), Value::of<Choice>({0, "auto"})}, out;
    std::vector<Value*> inputs{&in[0], &in[1]}, outputs{&out};
    std::vector<int> start{0, 1, 2};
    Services services;
    const std::string path = "unet";
    Exec x(type, path, inputs, start, outputs, nullptr, {}, services);
    type.execute(x);
    return out;
  };
  const Value made = run(weights);
  QVERIFY(QString::fromStdString(made.summary()).startsWith("DDPM U-Net, w86763777 layout"));
  weights.tensors.erase("ema_model.head.bias");
  try {
    run(weights);
    QFAIL("a net without its bias was taken");
  } catch (const Error& error) {
    QCOMPARE(QString::fromStdString(error.port), QString("weights"));
    QVERIFY(QString(error.what()).contains("net.pt"));
    QVERIFY(QString(error.what()).contains("head.bias"));
  }
}

QTEST_GUILESS_MAIN(DenoiseTest)
#include "denoise_test.moc"
