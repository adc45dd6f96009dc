// The shared value types, what may stand for what, and telling checkpoints apart by their names.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "nodes/types/conversions.h"
#include "nodes/types/layouts.h"
#include "nodes/types/types.h"

using namespace loom;

class TypesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void conversions();
  void summaries();
  void scheduleIsSaved();
  void layouts_data();
  void layouts();
};

void TypesTest::conversions() {
  Registry registry;
  addTypeConversions(registry);
  const auto convert = [&](const Value& value, const TypeInfo& to) {
    const Conversion* conversion = registry.conversion(value.type(), to);
    if (!conversion) throw Error("no conversion");
    return conversion->convert(value);
  };
  const at::Tensor x = at::ones({1, 3, 4, 4});
  QVERIFY(convert(Value::of<Noise>({x}), typeOf<Latent>()).as<Latent>().x.is_same(x));
  QVERIFY(convert(Value::of<Latent>({x}), typeOf<at::Tensor>()).as<at::Tensor>().is_same(x));
  QVERIFY(convert(Value::of<at::Tensor>(x.to(at::kHalf)), typeOf<Latent>()).as<Latent>().x.equal(x));
  QVERIFY(convert(Value::of<at::Tensor>(x), typeOf<Image>()).as<Image>().pixels.equal(x));
  // A latent is no noise, nor a picture: those need a node.
  QVERIFY(!registry.conversion(typeOf<Latent>(), typeOf<Noise>()));
  QVERIFY(!registry.conversion(typeOf<Latent>(), typeOf<Image>()));
  QVERIFY_THROWS_EXCEPTION(Error, convert(Value::of<at::Tensor>(at::ones({3, 4})), typeOf<Latent>()));
  QVERIFY_THROWS_EXCEPTION(
      Error, convert(Value::of<at::Tensor>(at::ones({1, 3, 4, 4}, at::kLong)), typeOf<Noise>()));
  QVERIFY_THROWS_EXCEPTION(Error, convert(Value::of<at::Tensor>(at::ones({1, 4, 4, 4})), typeOf<Image>()));
}

void TypesTest::summaries() {
  QCOMPARE(Value::of<Latent>({at::zeros({2, 3, 8, 8})}).summary(), std::string("float32 [2, 3, 8, 8]"));
  QCOMPARE(Value::of<Latent>({at::zeros({2, 3, 8, 8})}).bytes(), size_t{2 * 3 * 8 * 8 * 4});
  QCOMPARE(Value::of<Timestep>({.t = 99, .t_next = -1, .index = 9, .count = 10}).summary(),
           std::string("t = 99 to the end, step 10 of 10"));
  QCOMPARE(Value::of<Timesteps>({{9, 8, 7, 6, 5, 4}}).summary(), std::string("6 timesteps: 9, 8, 7, …, 4"));
  QCOMPARE(Value::of<Timesteps>({{}}).summary(), std::string("no timesteps"));
  QCOMPARE(Value::of<Denoiser>({}).summary(), std::string("no network"));
  const Prediction learned{.mean = at::zeros({1, 3, 8, 8}), .variance = at::zeros({1, 3, 8, 8})};
  QCOMPARE(Value::of<Prediction>(learned).summary(),
           std::string("float32 [1, 3, 8, 8], with learned variance"));
}

void TypesTest::scheduleIsSaved() {
  Schedule s;
  s.beta = at::full({4}, 0.1, at::kDouble);
  s.alpha_bar = (1 - s.beta).cumprod(0);
  s.posterior_variance = s.beta * 0.5;
  s.v_posterior = 0.25;
  const TypeInfo& type = typeOf<Schedule>();
  const Value back = type.load(type.save(Value::of<Schedule>(s)));
  QVERIFY(back.as<Schedule>().alpha_bar.equal(s.alpha_bar));
  QCOMPARE(back.as<Schedule>().v_posterior, 0.25);
  Archive broken = type.save(back);
  broken.tensors.erase("beta");
  QVERIFY_THROWS_EXCEPTION(Error, type.load(broken));
}

void TypesTest::layouts_data() {
  QTest::addColumn<QStringList>("names");
  QTest::addColumn<QString>("expected");
  QTest::newRow("nothing") << QStringList{"a", "b"} << "";
  QTest::newRow("one shared name proves nothing") << QStringList{"conv_in.weight"} << "";
  QTest::newRow("DiT") << QStringList{"x_embedder.proj.weight", "t_embedder.mlp.0.weight"} << "DiT";
  QTest::newRow("with a prefix") << QStringList{"model.mask_token", "model.decoder_embed.weight"} << "MAR";
  QTest::newRow("latent diffusion, not its U-Net alone")
      << QStringList{"model.diffusion_model.time_embed.0.weight",
                     "model.diffusion_model.input_blocks.0.0.weight", "model.diffusion_model.out.2.weight"}
      << "latent diffusion (CompVis)";
  QTest::newRow("Ho et al.") << QStringList{"temb.dense.0.weight", "conv_in.weight"} << "pesser";
}

void TypesTest::layouts() {
  QFETCH(QStringList, names);
  QFETCH(QString, expected);
  std::vector<std::string> list;
  for (const QString& name : names) list.push_back(name.toStdString());
  const QString guess = QString::fromStdString(looksLike(list));
  QVERIFY2(expected.isEmpty() ? guess.isEmpty() : guess.contains(expected), qPrintable(guess));
}

QTEST_GUILESS_MAIN(TypesTest)
#include "types_test.moc"
