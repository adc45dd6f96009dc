#include <ATen/ATen.h>

#include <QtTest>

#include "engine/files/safetensors.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using namespace loom::test;

namespace {

std::string fileOf(const std::string& header, size_t dataBytes) {
  return little(uint64_t(header.size())) + header + std::string(dataBytes, '\0');
}
std::string one(const std::string& shape, const std::string& offsets, size_t dataBytes) {
  return fileOf(R"({"a":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[)" + offsets + "]}}",
                dataBytes);
}

}  // namespace

class SafetensorsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void everyDtypeComesBack() {
    const Scratch scratch;
    TensorMap all;
    for (const auto dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                             at::kShort, at::kChar, at::kByte, at::kBool, at::kUInt16, at::kFloat8_e4m3fn})
      all["t." + std::string(at::toString(dtype))] = at::arange(6, at::kFloat).reshape({2, 3}).to(dtype);
    all["scalar"] = at::scalar_tensor(1.5);
    all["empty"] = at::empty({0, 3});
    all["transposed"] = at::arange(6, at::kFloat).reshape({2, 3}).t();
    all["expanded"] = at::ones({1}).expand({4});
    writeSafetensors(scratch.path("a.safetensors"), all, {{"note", "grüße"}, {"b", ""}});

    const Safetensors back = readSafetensors(scratch.path("a.safetensors"));
    QCOMPARE(back.metadata, (TextMap{{"note", "grüße"}, {"b", ""}}));
    QCOMPARE(back.tensors.size(), all.size());
    for (const auto& [name, tensor] : all) {
      const at::Tensor& read = back.tensors.at(name);
      QCOMPARE(read.scalar_type(), tensor.scalar_type());
      QCOMPARE(read.sizes(), tensor.sizes());
      QVERIFY2(at::equal(read.to(at::kDouble), tensor.to(at::kDouble)), name.c_str());
    }
    QCOMPARE(scratch.count(), size_t{1});
  }

  void equalInputGivesEqualBytes() {
    const Scratch scratch;
    const TensorMap all{
        {"a", at::ones({3})}, {"b", at::ones({5}, at::kByte)}, {"c", at::ones({2}, at::kDouble)}};
    writeSafetensors(scratch.path("a"), all, {{"k", "v"}});
    writeSafetensors(scratch.path("b"), all, {{"k", "v"}});
    QVERIFY(bytesOf(scratch.path("a")) == bytesOf(scratch.path("b")));
  }

  void tensorsAreViewsThatOutliveTheirFile() {
    const Scratch scratch;
    const auto path = scratch.path("a.safetensors");
    writeSafetensors(path, {{"a", at::arange(1000, at::kFloat)}});
    at::Tensor a = readSafetensors(path).tensors.at("a");
    writeSafetensors(path, {{"a", at::zeros({3})}});  // replaced while in use
    QCOMPARE(a[999].item<float>(), 999.f);
    a.add_(1);  // private pages: the file and other readers see nothing of it
    QCOMPARE(a[999].item<float>(), 1000.f);
    QCOMPARE(readSafetensors(path).tensors.at("a")[0].item<float>(), 0.f);
  }

  void unalignedDataIsRead() {
    const Scratch scratch;
    const auto path = scratch.put("a", one("2", "0,8", 0) + little(1.25f) + little(-3.f));
    QVERIFY(readSafetensorsHeader(path).tensors[0].begin % 4 != 0);
    QVERIFY(at::equal(readSafetensors(path).tensors.at("a"), at::tensor({1.25f, -3.f})));
  }

  void boolsAreZeroOrOne() {
    const Scratch scratch;
    const auto path = scratch.put(
        "a", fileOf(R"({"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})", 0) + "\xff" + '\0' + "\2");
    const at::Tensor read = readSafetensors(path).tensors.at("a");
    QVERIFY(at::equal(read.view(at::kByte), at::tensor({1, 0, 1}, at::kByte)));
  }

  void headerAlone() {
    const SafetensorsHeader header = readSafetensorsHeader(data("container_edge.safetensors"));
    QCOMPARE(header.tensors.size(), size_t{20});
    QCOMPARE(header.tensors[0].name, std::string("out.intkeys.0.exp_avg"));
  }

  void anUnknownFieldIsPassedOver() {
    const Scratch scratch;
    const auto path = scratch.put(
        "a", fileOf(R"({"a":{"x":"y","z":null,"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   )", 1));
    QCOMPARE(readSafetensors(path).tensors.size(), size_t{1});
  }

  void hostileFilesAreRefused_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const std::string& bytes, const char* message) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << message;
    };
    row("empty", "", "does not begin with a header");
    row("few bytes", "abc", "does not begin with a header");
    row("header longer than the file", little(uint64_t{1000}) + "{}", "longer than the file");
    row("header beyond the limit", little(uint64_t{1} << 40) + "{}", "is the limit");
    row("header of 2^64-1", little(~uint64_t{0}) + "{}", "is the limit");
    row("no JSON", fileOf("{\"a\":", 0), "no valid JSON");
    row("no UTF-8", fileOf("{\"\xff\":{}}", 0), "no valid JSON");
    row("more after the JSON", fileOf("{}{}", 0), "no valid JSON");
    row("a number for a tensor", fileOf(R"({"a":1})", 0), "not described by an object");
    row("a list for a tensor", fileOf(R"({"a":[[[[]]]]})", 0), "list where none belongs");
    row("deep JSON", fileOf("{\"a\":{\"b\":" + std::string(100000, '['), 0), "list where none belongs");
    row("deep objects", fileOf(R"({"a":{"b":{"c":{}}}})", 0), "an object where a value");
    row("name twice",
        fileOf(
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
            1),
        "lists \"a\" twice");
    row("field twice", fileOf(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1),
        "dtype twice");
    row("metadata twice", fileOf(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "metadata has \"k\" twice");
    row("metadata no text", fileOf(R"({"__metadata__":{"k":1}})", 0), "no valid k");
    row("no shape", fileOf(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1), "no valid shape");
    row("unknown dtype", fileOf(R"({"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}})", 1),
        "can't be read");
    row("negative size", one("-1", "0,4", 4), "no valid shape");
    row("fractional size", one("1.5", "0,4", 4), "no valid shape");
    row("three offsets", one("1", "0,4,4", 4), "no valid data_offsets");
    row("one offset", one("1", "0", 4), "no valid data_offsets");
    row("cut short", one("4", "0,16", 12), "cut short");
    row("offsets out of bounds", one("1", "18446744073709551608,18446744073709551612", 4), "out of range");
    row("offsets reversed", one("1", "4,0", 4), "needs 4 bytes");
    row("bytes and shape disagree", one("3", "0,4", 4), "needs 12 bytes");
    row("shape overflows", one("4294967296,4294967296,4", "0,4", 4), "out of range");
    row("shape overflows to 0", one("4611686018427387904,4", "0,0", 4), "out of range");
    row("overlapping",
        fileOf(
            R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
            4),
        "\"b\" overlaps \"a\"");
  }
  void hostileFilesAreRefused() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, message);
    const Scratch scratch;
    const auto path = scratch.put("a.safetensors", bytes.toStdString());
    QVERIFY_REFUSED(readSafetensors(path), message.toStdString());
    QVERIFY_REFUSED(readSafetensors(path), "a.safetensors");
  }

  void whatCannotBeWrittenIsRefused() {
    const Scratch scratch;
    const auto path = scratch.path("a.safetensors");
    QVERIFY_REFUSED(writeSafetensors(path, {{"a", at::Tensor()}}), "there is no tensor");
    QVERIFY_REFUSED(writeSafetensors(path, {{"__metadata__", at::ones({1})}}), "keeps that name");
    QVERIFY_REFUSED(writeSafetensors(path, {{"a", at::ones({1}, at::kComplexFloat)}}), "complex64");
    QVERIFY_REFUSED(writeSafetensors(path, {{"a", at::ones({2}).to_sparse()}}), "sparse");
    QVERIFY_REFUSED(writeSafetensors(path, {{"\xff", at::ones({1})}}), "UTF-8");
    QCOMPARE(scratch.count(), size_t{0});
  }

  void aStoppedWriteLeavesNothing() {
    const Scratch scratch;
    CancelToken cancel;
    cancel.request();
    QVERIFY_THROWS_EXCEPTION(Cancelled,
                             writeSafetensors(scratch.path("a"), {{"a", at::ones({1})}}, {}, &cancel));
    QCOMPARE(scratch.count(), size_t{0});
  }

  void archives() {
    const Scratch scratch;
    writeArchive(scratch.path("a"), {{{"x", at::ones({2})}}, {{"step", 3}}});
    const Archive back = readArchive(scratch.path("a"));
    QVERIFY(at::equal(back.tensors.at("x"), at::ones({2})));
    QCOMPARE(back.meta.dump(), std::string(R"({"step":3})"));
    QVERIFY_REFUSED(readArchive(data("container_edge.safetensors")), "not saved by Noiseloom");
  }
};

QTEST_GUILESS_MAIN(SafetensorsTest)
#include "safetensors_test.moc"
