#include "nodes/images/png_file.h"

#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <random>

#include "engine/core/error.h"
#include "engine/node/result_text.h"
#include "tests/nodes/images/png_bytes.h"

using namespace loom;
using namespace loom::test;

namespace {

at::Tensor noise(int64_t channels, int64_t h, int64_t w) {
  return at::randint(0, 256, {channels, h, w}, at::kByte);
}

std::string failure(const std::string& file) {
  try {
    decodePng(bytesOf(file));
    decodePngText(bytesOf(file));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

const std::string kGrey = header(2, 1, 8, 0);
const std::string kGreyRow = {0, 10, 20};

}  // namespace

class PngFileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void pixelsComeBack_data() {
    QTest::addColumn<int>("channels");
    for (int c = 1; c <= 4; ++c) QTest::addRow("%d channels", c) << c;
  }
  void pixelsComeBack() {
    QFETCH(int, channels);
    at::manual_seed(channels);
    const at::Tensor pixels = noise(channels, 7, 11);
    QVERIFY(at::equal(decodePng(encodePng(pixels)), pixels));
  }

  void textsComeBack_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray("");
    QTest::newRow("short") << QByteArray("{\"noiseloom\": 1}");
    QTest::newRow("UTF-8") << QByteArray("x̂₀ ← ᾱ_t 😀");
    QTest::newRow("lines") << QByteArray("a\nb\r\nc\n");
    QTest::newRow("long") << QByteArray("0123456789").repeated(100000);
  }
  void textsComeBack() {
    QFETCH(QByteArray, text);
    const PngText texts{{kGraphKey, text.toStdString()}, {kProvenanceKey, "{}"}};
    const auto file = encodePng(noise(3, 2, 2), texts);
    QCOMPARE(decodePngText(file), texts);
    if (text.size() > 100000) QVERIFY(file.size() < 50000);
  }

  void filesComeBack() {
    QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("a.png").toStdString();
    const at::Tensor pixels = noise(3, 5, 4);
    writePng(path, pixels, {{"key", "value"}});
    QVERIFY(at::equal(readPng(path), pixels));
    QCOMPARE(readPngText(path).at("key"), std::string("value"));
    QVERIFY_EXCEPTION_THROWN(writePng(folder.filePath("none/a.png").toStdString(), pixels), Error);
    QVERIFY_EXCEPTION_THROWN(readPng(folder.filePath("none.png").toStdString()), Error);
  }

  void oldTextChunksAreRead() {
    using namespace std::string_literals;
    const std::string latin = "Author\0J\xfcrgen"s, compressed = "Comment\0\0"s + deflated("caf\xe9");
    const std::string international = "Title\0\0\0de\0Titel\0Stra\xc3\x9f"s + "e";
    const std::string file =
        png(kGrey, kGreyRow, chunk("tEXt", latin), chunk("zTXt", compressed) + chunk("iTXt", international));
    const PngText texts = decodePngText(bytesOf(file));
    QCOMPARE(texts.at("Author"), std::string("Jürgen"));
    QCOMPARE(texts.at("Comment"), std::string("café"));
    QCOMPARE(texts.at("Title"), std::string("Straße"));
    QCOMPARE(decodePng(bytesOf(file)).view({-1})[1].item<int>(), 20);
  }

  void sixteenBitsAreKept() {
    const std::string row{0, 0x12, 0x34, char(0xFF), char(0xFF)};
    const at::Tensor pixels = decodePng(bytesOf(png(header(2, 1, 16, 0), row)));
    QCOMPARE(pixels.scalar_type(), at::kFloat);
    QCOMPARE(pixels[0][0][0].item<float>(), 0x1234 / 65535.0f);
    QCOMPARE(pixels[0][0][1].item<float>(), 1.0f);
  }

  void palettesAndBitsAreExpanded() {
    const std::string palette = chunk("PLTE", std::string{10, 20, 30, 40, 50, 60}),
                      clear = chunk("tRNS", std::string{0});
    const at::Tensor opaque = decodePng(bytesOf(png(header(2, 1, 8, 3), {0, 1, 0}, palette)));
    QCOMPARE(opaque.sizes().vec(), (std::vector<int64_t>{3, 1, 2}));
    QCOMPARE(opaque[2][0][0].item<int>(), 60);
    const at::Tensor withAlpha = decodePng(bytesOf(png(header(2, 1, 8, 3), {0, 1, 0}, palette + clear)));
    QCOMPARE(withAlpha.size(0), int64_t(4));
    QCOMPARE(withAlpha[3][0][1].item<int>(), 0);
    const at::Tensor bits = decodePng(bytesOf(png(header(8, 1, 1, 0), {0, char(0xA0)})));
    QCOMPARE(bits[0][0].sum().item<int>(), 2 * 255);
  }

  void hostileFilesAreRefused_data() {
    using namespace std::string_literals;
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const std::string& file, const char* says) {
      QTest::newRow(name) << QByteArray::fromStdString(file) << says;
    };
    const std::string bomb = deflated(std::string(100 << 20, 'x'));
    row("empty", "", "libpng");
    row("not a PNG", "GIF89a and so on", "libpng");
    row("huge sides", png(header(1000000, 1000000, 8, 2), "x"), "libpng");
    row("too many pixels", png(header(32768, 32768, 8, 2), "x"), "million pixels");
    row("too short for its pixels", png(header(16384, 16384, 8, 6), "x"), "too short");
    row("no size", png(header(0, 1, 8, 0), "x"), "libpng");
    row("bad depth", png(header(1, 1, 7, 0), "x"), "libpng");
    row("pixels missing", png(header(64, 64, 8, 0), "x"), "libpng");
    row("bomb in zTXt", png(kGrey, kGreyRow, chunk("zTXt", "a\0\0"s + bomb)), "larger than 16 MB");
    row("bomb in iTXt", png(kGrey, kGreyRow, chunk("iTXt", "a\0\1\0\0\0"s + bomb)), "larger than 16 MB");
    std::string many;
    for (int i = 0; i < 5; ++i)
      many += chunk("zTXt", "k"s + char('0' + i) + "\0\0"s + deflated(std::string(4 << 20, 'x')));
    row("many large texts", png(kGrey, kGreyRow, many), "larger than 16 MB");
    row("plain large text", png(kGrey, kGreyRow, chunk("tEXt", "a\0"s + std::string(17 << 20, 'x'))),
        "larger than 16 MB");
    row("text without end", png(kGrey, kGreyRow, chunk("tEXt", "keyword")), "no end");
    row("no keyword", png(kGrey, kGreyRow, chunk("tEXt", "\0x"s)), "keyword");
    row("cut iTXt", png(kGrey, kGreyRow, chunk("iTXt", "a\0"s)), "cut off");
    row("broken deflate", png(kGrey, kGreyRow, chunk("zTXt", "a\0\0garbage"s)), "damaged");
    std::string flipped = chunk("tEXt", "key\0value"s);
    flipped[14] ^= 1;
    row("wrong checksum", png(kGrey, kGreyRow, flipped), "checksum");
  }
  void hostileFilesAreRefused() {
    QFETCH(QByteArray, file);
    QFETCH(QString, says);
    const QString message = QString::fromStdString(failure(file.toStdString()));
    QVERIFY2(message.contains(says), qPrintable(message));
  }

  void cutFilesNeverCrash() {
    const std::string whole = textOf(encodePng(noise(3, 9, 9), {{kGraphKey, std::string(3000, 'g')}}));
    for (size_t size = 0; size < whole.size(); ++size) failure(whole.substr(0, size));
  }

  void flippedBitsNeverCrash() {
    const std::string whole =
        textOf(encodePng(noise(4, 16, 16), {{"a", "b"}, {kGraphKey, std::string(3000, 'g')}}));
    std::mt19937 random(1);
    for (int i = 0; i < 4000; ++i) {
      std::string file = whole;
      for (int k = 0; k <= i % 4; ++k) file[random() % file.size()] ^= static_cast<char>(1 << random() % 8);
      failure(file);
    }
  }

  void wrongTensorsAreRefused() {
    QVERIFY_EXCEPTION_THROWN(encodePng(at::zeros({3, 2, 2})), Error);
    QVERIFY_EXCEPTION_THROWN(encodePng(at::zeros({5, 2, 2}, at::kByte)), Error);
    QVERIFY_EXCEPTION_THROWN(encodePng(at::zeros({3, 0, 2}, at::kByte)), Error);
    QVERIFY_EXCEPTION_THROWN(encodePng(at::zeros({1, 1, 40000}, at::kByte)), Error);
  }
};

QTEST_GUILESS_MAIN(PngFileTest)
#include "png_file_test.moc"
