// Values, their types, and parameters as a graph file holds them.
#include <ATen/ATen.h>

#include <QtTest>

#include "engine/node/port.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::failure;

namespace {

const TypeInfo& typeCalled(const QString& id) { return *test::registry().findType(id.toStdString()); }

}  // namespace

class ValuesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void sharing() {
    Value a = Value::of<Text>("hello");
    QVERIFY(a.is<Text>() && !a.is<Int>());
    QVERIFY(a.unique<Text>());
    {
      const Value b = a;
      QCOMPARE(b.data(), a.data());
      QVERIFY2(!a.unique<Text>(), "there are two owners");
    }
    *a.unique<Text>() += "!";
    QCOMPARE(a.as<Text>(), std::string("hello!"));
    const Value moved = std::move(a);
    QVERIFY(a.empty() && !moved.empty());
    QCOMPARE(Value().bytes(), size_t{0});
    QCOMPARE(Value().summary(), std::string("nothing"));
    QVERIFY(!Value().tensor());
  }
  void tensors() {
    const Value v = Value::of<at::Tensor>(at::zeros({4, 3}));
    QCOMPARE(v.bytes(), size_t{48});
    QCOMPARE(v.summary(), std::string("float32 [4, 3]"));
    QCOMPARE(v.tensor()->dim(), int64_t{2});
    const SequenceInfo& sequence = *v.type().sequence;
    QCOMPARE(sequence.size(v), int64_t{4});
    QCOMPARE(sequence.at(v, 3).as<at::Tensor>().dim(), int64_t{1});
    QCOMPARE(sequence.size(Value::of<at::Tensor>(at::zeros({}))), int64_t{0});
    QCOMPARE(describe(at::zeros({1}, at::kBFloat16)), std::string("bfloat16 [1]"));
    QCOMPARE(describe(at::Tensor()), std::string("no tensor"));
  }

  void parameters_data() {
    QTest::addColumn<QString>("type");
    QTest::addColumn<QString>("json");
    QTest::addColumn<QString>("result");  // what is written again, or the error
    const auto row = [](const char* type, const char* json, const char* result) {
      QTest::newRow(qPrintable(QString("%1 %2").arg(type, json))) << type << json << result;
    };
    row("int", "5", "5");
    row("int", "5.0", "5");
    row("int", "-9223372036854775808", "-9223372036854775808");
    row("int", "9223372036854775808", "expected a smaller whole number");
    row("int", "5.5", "expected a whole number, got 5.5");
    row("int", "1e300", "expected a whole number");
    row("int", "\"5\"", "expected a whole number, got \"5\"");
    row("real", "5", "5.0");
    row("real", "0.1", "0.1");
    row("real", "null", "expected a number, got null");
    row("real", "true", "expected a number");
    row("bool", "true", "true");
    row("bool", "1", "expected true or false, got 1");
    row("text", "\"ᾱ\"", "\"ᾱ\"");
    row("text", "[]", "expected text in quotes");
    row("choice", "\"a\"", "\"a\"");
    row("choice", "0", "expected one of the names in quotes");
    row("seed", "18446744073709551615", "18446744073709551615");
    row("seed", "-1", "expected a seed from 0 upwards");
    row("seed", "1.5", "expected a whole number");
    row("path", "\"a/b.png\"", "\"a/b.png\"");
    row("path", "7", "expected a path in quotes");
    row("shape", "[3,32,32]", "[3,32,32]");
    row("shape", "[]", "[]");
    row("shape", "[-1]", "expected sizes from 0 to 2^31");
    row("shape", "[1e30]", "expected a whole number");
    row("shape", "[1,1,1,1,1,1,1,1,1]", "expected a list of up to 8 sizes");
    row("shape", "3", "expected a list of up to 8 sizes");
    row("numbers", "[0,0.25]", "[0.0,0.25]");
    row("numbers", "[null]", "expected a number");
  }
  void parameters() {
    QFETCH(QString, type);
    QFETCH(QString, json);
    QFETCH(QString, result);
    const TypeInfo& info = typeCalled(type);
    QVERIFY(info.isScalar());
    std::string written;
    const std::string said =
        failure([&] { written = info.format(info.parse(nlohmann::json::parse(json.toStdString()))).dump(); });
    if (said.empty())
      QCOMPARE(QString::fromStdString(written), result);
    else
      QVERIFY2(QString::fromStdString(said).startsWith(result), said.c_str());
  }
  void textThatIsNoUtf8() {
    for (const char* type : {"text", "path", "choice"}) {
      const std::string said =
          failure([&] { typeCalled(type).parse(nlohmann::json(std::string("\xC3\x28"))); });
      QVERIFY2(QString::fromStdString(said).startsWith("expected text in UTF-8"), said.c_str());
    }
    const std::string summary = Value::of<Text>(std::string(100, 'x')).summary();
    QCOMPARE(summary.size(), size_t{60});
  }
  void everyTypeIsDescribed() {
    for (const auto& [id, type] : test::registry().types()) {
      QCOMPARE(id, type->id);
      QVERIFY(!type->name.empty());
      QVERIFY2(QRegularExpression("^#[0-9A-F]{6}$").match(QString::fromStdString(type->colour)).hasMatch(),
               id.c_str());
    }
  }
  void recordingsAndSeries() {
    Recording recording;
    recording.frames.push_back({{0}, Value::of<at::Tensor>(at::zeros({2}))});
    const Value v = Value::of(recording);
    QCOMPARE(v.bytes(), size_t{8});
    QCOMPARE(v.summary(), std::string("1 frames of float32 [2]"));
    QCOMPARE(Value::of<Series>({"loss", {0, 1}, {2, 3}}).summary(), std::string("loss, 2 points"));
    Weights weights;
    weights.tensors["a"] = at::zeros({2, 2});
    weights.source = "w.safetensors";
    QCOMPARE(Value::of(weights).bytes(), size_t{16});
    QCOMPARE(Value::of(weights).summary(), std::string("1 tensors from w.safetensors"));
  }
};

QTEST_GUILESS_MAIN(ValuesTest)
#include "values_test.moc"
