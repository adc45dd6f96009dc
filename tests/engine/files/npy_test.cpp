#include <ATen/ATen.h>

#include <QtTest>

#include "engine/files/npy.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using namespace loom::test;

namespace {

std::string npy(const std::string& dict, const std::string& data, char version = 1) {
  const std::string length = version == 1 ? little(uint16_t(dict.size())) : little(uint32_t(dict.size()));
  return std::string("\x93NUMPY") + version + '\0' + length + dict + data;
}
std::string dictOf(const std::string& dtype, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + dtype + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }\n";
}
std::string six() {
  std::string data;
  for (int i = 0; i < 6; ++i) data += little(float(i));
  return data;
}

}  // namespace

class NpyTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void everyDtypeComesBack() {
    const Scratch scratch;
    for (const auto dtype : {at::kFloat, at::kDouble, at::kHalf, at::kLong, at::kInt, at::kShort, at::kChar,
                             at::kByte, at::kBool})
      for (const at::Tensor& tensor :
           {at::arange(6).reshape({2, 3}).to(dtype), at::arange(3).to(dtype),
            at::arange(6).reshape({2, 3}).t().to(dtype), at::ones({}, dtype), at::empty({0, 2}, dtype)}) {
        writeNpy(scratch.path("a.npy"), tensor);
        const at::Tensor back = readNpy(scratch.path("a.npy"));
        QCOMPARE(back.scalar_type(), dtype);
        QCOMPARE(back.sizes(), tensor.sizes());
        QVERIFY(at::equal(back, tensor));
        QCOMPARE(readNpyHeader(*MappedFile::open(scratch.path("a.npy"))).begin % 64, uint64_t{0});
      }
    QVERIFY_REFUSED(writeNpy(scratch.path("b.npy"), at::ones({2}, at::kBFloat16)), "numpy has no bfloat16");
  }

  void writesWhatNumpyWrites() {
    // numpy.save of numpy.zeros((2, 3), "<f4"), numpy 1.24: 128 bytes of header, 24 of data.
    const Scratch scratch;
    writeNpy(scratch.path("a.npy"), at::zeros({2, 3}));
    const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    QCOMPARE(bytesOf(scratch.path("a.npy")),
             npy(dict + std::string(128 - 10 - 1 - dict.size(), ' ') + "\n", std::string(24, '\0')));
  }

  void reads_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("columns");
    const auto row = [](const char* name, const std::string& bytes, bool columns = false) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << columns;
    };
    row("version 1", npy(dictOf("<f4", "2, 3"), six()));
    row("version 2", npy(dictOf("<f4", "2, 3"), six(), 2));
    row("version 3", npy(dictOf("<f4", "2, 3"), six(), 3));
    row("Python 2", npy(dictOf("<f4", "2L, 3L"), six()));
    row("no last comma", npy("{'descr':\"<f4\",'fortran_order':False,'shape':(2,3,)}", six()));
    row("column order", npy(dictOf("<f4", "2, 3", "True"), six()), true);
    row("more after the data", npy(dictOf("<f4", "2, 3"), six() + "more"));
  }
  void reads() {
    QFETCH(QByteArray, bytes);
    QFETCH(bool, columns);
    const Scratch scratch;
    const at::Tensor read = readNpy(scratch.put("a.npy", bytes.toStdString()));
    const at::Tensor flat = at::arange(6, at::kFloat);
    QVERIFY(at::equal(read, columns ? flat.reshape({3, 2}).t() : flat.reshape({2, 3})));
  }

  void hostileFilesAreRefused_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const std::string& bytes, const char* message) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << message;
    };
    row("empty", "", "does not begin with a header");
    row("magic alone", std::string("\x93NUMPY"), "does not begin with a header");
    row("version 2 cut", std::string("\x93NUMPY\2\0\1\0", 10), "does not begin with a header");
    row("version 9", npy(dictOf("<f4", "1"), six(), 9), "its version is 9");
    row("header longer than the file", std::string("\x93NUMPY\1\0\xff\xff{}", 12), "longer than the file");
    row("no dictionary", npy("[]", six()), "header can't be read");
    row("endless", npy("{", six()), "header can't be read");
    row("unknown key", npy("{'x': 1}", six()), "header can't be read");
    row("key missing", npy("{'descr': '<f4'}", six()), "header can't be read");
    row("a call", npy("{'descr': __import__('os'), }", six()), "header can't be read");
    row("negative", npy(dictOf("<f4", "-1"), six()), "header can't be read");
    row("overflow", npy(dictOf("<f4", "4611686018427387904, 4"), six()), "out of range");
    row("size beyond int64", npy(dictOf("<f4", "99999999999999999999"), six()), "header can't be read");
    row("cut short", npy(dictOf("<f4", "3, 3"), six()), "needs 36 bytes and 24 are there");
    row("big endian", npy(dictOf(">f4", "2, 3"), six()), "no tensor's dtype");
    row("no dtype", npy(dictOf("", "2, 3"), six()), "no tensor's dtype");
    row("objects", npy(dictOf("|O", "2, 3"), six()), "no tensor's dtype");
    row("text", npy(dictOf("<U4", "2, 3"), six()), "no tensor's dtype");
  }
  void hostileFilesAreRefused() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, message);
    const Scratch scratch;
    const auto path = scratch.put("a.npy", bytes.toStdString());
    QVERIFY_REFUSED(readNpy(path), message.toStdString());
  }
};

QTEST_GUILESS_MAIN(NpyTest)
#include "npy_test.moc"
