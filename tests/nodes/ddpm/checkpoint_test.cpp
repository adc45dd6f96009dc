// Finding the network in the files that training programs write, the real containers among them.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "engine/files/weights_file.h"
#include "nodes/ddpm/checkpoint.h"
#include "tests/nodes/ddpm/fixture.h"

using namespace loom;
using namespace loom::test;

namespace {

UNetConfig tiny(UNetLayout layout) {
  UNetConfig c;
  c.layout = layout;
  c.ch = 8;
  c.widths = {8};
  c.attention = {false};
  c.blocks = 1;
  c.timeDim = 8;
  return c;
}

void put(Weights& weights, const std::string& prefix, const Parameters& parameters, bool table = true) {
  for (const auto& [name, tensor] : parameters)
    if (table || name != "time_embedding.timembedding.0.weight") weights.tensors[prefix + name] = tensor;
}

bool same(const Parameters& a, const Parameters& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a)
    if (!b.contains(name) || !tensor.equal(b.at(name))) return false;
  return true;
}

}  // namespace

class CheckpointTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void parts_data();
  void parts();
  void emaWithoutTable();
  void halfPrecision();
  void missingPart();
  void realFiles_data();
  void realFiles();
};

void CheckpointTest::parts_data() {
  QTest::addColumn<int>("layout");
  QTest::addColumn<QString>("model");
  QTest::addColumn<QString>("ema");
  QTest::newRow("w86763777") << 0 << "net_model."
                             << "ema_model.";
  QTest::newRow("ermongroup/ddim, parallel") << 1 << "0.module."
                                             << "4.module.";
  QTest::newRow("ermongroup/ddim, bare average") << 1 << "0.module."
                                                 << "4.";
  QTest::newRow("ours") << 0 << "model."
                        << "ema.";
}

void CheckpointTest::parts() {
  QFETCH(int, layout);
  QFETCH(QString, model);
  QFETCH(QString, ema);
  const UNetConfig c = tiny(static_cast<UNetLayout>(layout));
  const Parameters a = initialUNet(c, 1), b = initialUNet(c, 2);
  Weights weights;
  put(weights, model.toStdString(), a);
  put(weights, ema.toStdString(), b);
  weights.tensors["optim.state.0.exp_avg"] = at::zeros({3});
  weights.tensors["x_T"] = at::zeros({1, 3, 8, 8});
  QVERIFY(same(unetFrom(weights, CheckpointPart::automatic), b));
  QVERIFY(same(unetFrom(weights, CheckpointPart::ema), b));
  QVERIFY(same(unetFrom(weights, CheckpointPart::model), a));
}

void CheckpointTest::emaWithoutTable() {
  const Parameters a = initialUNet(tiny(UNetLayout::pytorch_ddpm), 1);
  Weights weights;
  put(weights, "model.", a);
  put(weights, "ema.", a, false);
  QVERIFY(same(unetFrom(weights, CheckpointPart::ema), a));
}

void CheckpointTest::halfPrecision() {
  Weights weights;
  for (const auto& [name, tensor] : initialUNet(tiny(UNetLayout::ho), 1))
    weights.tensors[name] = tensor.to(at::kHalf);
  for (const auto& [name, tensor] : unetFrom(weights, CheckpointPart::automatic))
    QCOMPARE(tensor.scalar_type(), at::kFloat);
}

void CheckpointTest::missingPart() {
  Weights bare;
  put(bare, "", initialUNet(tiny(UNetLayout::ho), 1));
  QVERIFY(same(unetFrom(bare, CheckpointPart::automatic), initialUNet(tiny(UNetLayout::ho), 1)));
  QVERIFY_THROWS_EXCEPTION(Error, unetFrom(bare, CheckpointPart::ema));
}

void CheckpointTest::realFiles_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QString>("file");
  QTest::addColumn<int>("part");
  QTest::addColumn<QString>("fill");
  QTest::newRow("w86763777, average") << "ddpm_w"
                                      << "ddpm_w.pt" << 0 << "fill_ema_model";
  QTest::newRow("w86763777, model") << "ddpm_w"
                                    << "ddpm_w.pt" << 2 << "fill_net_model";
  QTest::newRow("pesser, legacy container") << "ddpm_ho"
                                            << "ddpm_ho.ckpt" << 0 << "fill";
}

void CheckpointTest::realFiles() {
  QFETCH(QString, name);
  QFETCH(QString, file);
  QFETCH(int, part);
  QFETCH(QString, fill);
  if (!QFile::exists(QString::fromStdString(parity::file(file.toStdString()))))
    QSKIP("The file is not here.");
  const parity::Case c(name.toStdString());
  const Parameters read =
      unetFrom(readWeights(parity::file(file.toStdString())), static_cast<CheckpointPart>(part));
  QVERIFY(same(read, filledUNet(c, fill.toStdString())->parameters()));
}

QTEST_GUILESS_MAIN(CheckpointTest)
#include "checkpoint_test.moc"
