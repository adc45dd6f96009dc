#include "nodes/images/gif_file.h"

#include <ATen/ATen.h>

#include <QtTest>
#include <random>

#include "engine/core/error.h"
#include "nodes/images/palette.h"

using namespace loom;

namespace {

// A reader of GIF's LZW after the format's appendix F, written apart from the writer.
std::vector<uint8_t> lzwUnpacked(const std::vector<uint8_t>& bytes, int bits) {
  const int clear = 1 << bits, end = clear + 1;
  std::vector<std::vector<uint8_t>> table;
  std::vector<uint8_t> out, previous;
  int width = bits + 1;
  size_t at = 0;  // in bits
  const auto restart = [&] {
    table.clear();
    for (int i = 0; i < clear; ++i) table.push_back({static_cast<uint8_t>(i)});
    table.resize(static_cast<size_t>(end) + 1);
    width = bits + 1;
    previous.clear();
  };
  restart();
  for (;;) {
    if (at + static_cast<size_t>(width) > bytes.size() * 8) throw Error("no end code");
    int code = 0;
    for (int i = 0; i < width; ++i, ++at) code |= (bytes[at / 8] >> (at % 8) & 1) << i;
    if (code == clear) {
      restart();
      continue;
    }
    if (code == end) return out;
    std::vector<uint8_t> entry;
    if (static_cast<size_t>(code) < table.size()) {
      entry = table[static_cast<size_t>(code)];
    } else {
      if (static_cast<size_t>(code) != table.size() || previous.empty())
        throw Error("a code that is not there");
      entry = previous;
      entry.push_back(previous.front());
    }
    out.insert(out.end(), entry.begin(), entry.end());
    if (!previous.empty() && table.size() < 4096) {
      previous.push_back(entry.front());
      table.push_back(previous);
      if (table.size() == size_t(1) << width && width < 12) ++width;
    }
    previous = entry;
  }
}

struct Decoded {
  int width = 0, height = 0;
  bool loops = false;
  std::vector<int> delays;
  std::vector<at::Tensor> frames;  // uint8 [3, H, W]
};

// Takes what encodeGif writes, and nothing more, apart again.
Decoded decodeGif(const std::vector<std::byte>& bytes) {
  size_t at = 0;
  const auto byte = [&] { return std::to_integer<int>(bytes.at(at++)); };
  const auto word = [&] {
    const int low = byte();
    return low | byte() << 8;
  };
  Decoded gif;
  std::string name;
  for (int i = 0; i < 6; ++i) name += static_cast<char>(byte());
  if (name != "GIF89a") throw Error("no GIF");
  gif.width = word();
  gif.height = word();
  at += 3;
  for (;;) {
    const int kind = byte();
    if (kind == 0x3B) break;
    if (kind == 0x21) {
      const int label = byte();
      if (label == 0xF9) {
        at += 2;
        gif.delays.push_back(word());
        at += 2;
      } else {
        gif.loops = label == 0xFF;
        for (int size; (size = byte());) at += static_cast<size_t>(size);
      }
      continue;
    }
    if (kind != 0x2C) throw Error("an unknown block");
    at += 4;
    const int w = word(), h = word(), flags = byte(), colours = 2 << (flags & 7);
    std::vector<int> palette;
    for (int i = 0; i < colours * 3; ++i) palette.push_back(byte());
    const int bits = byte();
    std::vector<uint8_t> data;
    for (int size; (size = byte());)
      for (int i = 0; i < size; ++i) data.push_back(static_cast<uint8_t>(byte()));
    const auto indices = lzwUnpacked(data, bits);
    if (indices.size() != static_cast<size_t>(w * h)) throw Error("pixels are missing");
    at::Tensor frame = at::empty({3, h, w}, at::kByte);
    auto pixels = frame.accessor<uint8_t, 3>();
    for (int i = 0; i < w * h; ++i)
      for (int c = 0; c < 3; ++c)
        pixels[c][i / w][i % w] = static_cast<uint8_t>(palette.at(indices[i] * 3 + c));
    gif.frames.push_back(frame);
  }
  if (at != bytes.size()) throw Error("bytes are left");
  return gif;
}

at::Tensor gradient(int64_t size) {
  const at::Tensor ramp = at::linspace(0, 255, size);
  return at::stack({ramp.view({1, -1}).expand({size, size}), ramp.view({-1, 1}).expand({size, size}),
                    255 - ramp.view({1, -1}).expand({size, size})})
      .to(at::kByte);
}

double meanDistance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kFloat) - b.to(at::kFloat)).abs().mean().item<double>();
}

}  // namespace

class GifFileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void lzwComesBack_data() {
    QTest::addColumn<int>("length");
    QTest::addColumn<int>("bits");
    QTest::addColumn<bool>("random");
    for (int bits : {2, 4, 8})
      for (int length : {0, 1, 2, 3, 4, 255, 256, 3837, 3838, 3839, 3840, 3841, 5000, 100000})
        for (bool random : {false, true})
          QTest::addRow("%d of %d bits, %s", length, bits, random ? "random" : "one colour")
              << length << bits << random;
  }
  void lzwComesBack() {
    QFETCH(int, length);
    QFETCH(int, bits);
    QFETCH(bool, random);
    std::mt19937 generator(7);
    std::vector<uint8_t> indices;
    for (int i = 0; i < length; ++i) indices.push_back(random ? generator() % (1u << bits) : 1);
    QVERIFY(lzwUnpacked(lzwPacked(indices, bits), bits) == indices);
  }

  void fewColoursAreExact() {
    at::manual_seed(1);
    const at::Tensor palette = at::randint(0, 256, {200, 3}, at::kByte);
    const at::Tensor pixels =
        palette.index_select(0, at::randint(0, 200, {40 * 30})).view({30, 40, 3}).permute({2, 0, 1});
    GifEncoder gif;
    gif.add(pixels, 7);
    const Decoded back = decodeGif(gif.finish());
    QCOMPARE(back.width, 40);
    QCOMPARE(back.height, 30);
    QVERIFY(back.loops);
    QCOMPARE(back.delays, std::vector<int>{7});
    QVERIFY(at::equal(back.frames.at(0), pixels));
  }

  void manyColoursAreNear() {
    const at::Tensor pixels = gradient(128);
    GifEncoder gif;
    gif.add(pixels, 5);
    gif.add(255 - pixels, 250);
    const Decoded back = decodeGif(gif.finish());
    QCOMPARE(back.frames.size(), size_t(2));
    QCOMPARE(back.delays, (std::vector<int>{5, 250}));
    // 256 colours over a square of colours: cells of 16 x 16 levels, so 4 on average, and dithering adds as
    // much.
    QVERIFY2(meanDistance(back.frames[0], pixels) < 8,
             qPrintable(QString::number(meanDistance(back.frames[0], pixels))));
    // Dithering keeps the mean.
    const auto means = [](const at::Tensor& t) { return t.to(at::kFloat).mean({1, 2}); };
    QVERIFY(at::allclose(means(back.frames[1]), means(255 - pixels), 0, 0.5));
  }

  void whiteStaysWhite() {
    at::manual_seed(2);
    at::Tensor pixels = at::randint(0, 256, {3, 64, 64}, at::kByte);
    pixels.narrow(1, 0, 32).fill_(255);
    GifEncoder gif;
    gif.add(pixels, 5);
    QVERIFY((decodeGif(gif.finish()).frames[0].narrow(1, 0, 32) == 255).all().item<bool>());
  }

  void sameFramesSameBytes() {
    const auto encoded = [] {
      GifEncoder gif;
      gif.add(gradient(50), 5);
      return gif.finish();
    };
    QVERIFY(encoded() == encoded());
  }

  void nearestIsNearest() {
    std::mt19937 random(3);
    std::vector<Colour> palette;
    for (int i = 0; i < 200; ++i)
      palette.push_back({uint8_t(random() % 256), uint8_t(random() % 256), uint8_t(random() % 256)});
    NearestColour nearest(palette);
    const auto distance = [](const Colour& p, int r, int g, int b) {
      return (p[0] - r) * (p[0] - r) + (p[1] - g) * (p[1] - g) + (p[2] - b) * (p[2] - b);
    };
    for (int i = 0; i < 3000; ++i) {
      const int r = random() % 256, g = random() % 256, b = random() % 256;
      int best = 1 << 30;
      for (const Colour& p : palette) best = std::min(best, distance(p, r, g, b));
      QCOMPARE(distance(palette[nearest(r, g, b)], r, g, b), best);
    }
  }

  void onePixelAndOneColour() {
    GifEncoder gif;
    gif.add(at::full({3, 1, 1}, 9, at::kByte), 1);
    QVERIFY(at::equal(decodeGif(gif.finish()).frames[0], at::full({3, 1, 1}, 9, at::kByte)));
  }

  void textsTravelInAComment() {
    const std::map<std::string, std::string> texts{{"noiseloom.graph", std::string(3000, 'g')},
                                                   {"note", "ᾱ \"quoted\""}};
    GifEncoder gif;
    gif.add(at::randint(0, 256, {3, 9, 7}, at::kByte), 5);
    gif.add(at::randint(0, 256, {3, 9, 7}, at::kByte), 5);
    const std::vector<std::byte> bytes = gif.finish(texts);
    QVERIFY(looksLikeGif(bytes));
    QCOMPARE(decodeGifText(bytes), texts);
    // Cut off anywhere, or with any one byte changed, it is read or refused, and nothing else.
    std::mt19937 random(1);
    for (size_t size = 0; size < bytes.size(); ++size) {
      try {
        decodeGifText(std::span(bytes).first(size));
        QFAIL("a GIF without its end was read");
      } catch (const Error&) {
      }
      std::vector<std::byte> changed = bytes;
      changed[size] = static_cast<std::byte>(random());
      try {
        decodeGifText(changed);
      } catch (const Error&) {
      }
    }
  }

  void wrongFramesAreRefused() {
    GifEncoder gif;
    QVERIFY_EXCEPTION_THROWN(gif.finish(), Error);
    QVERIFY_EXCEPTION_THROWN(gif.add(at::zeros({3, 4, 4}), 5), Error);
    QVERIFY_EXCEPTION_THROWN(gif.add(at::zeros({1, 4, 4}, at::kByte), 5), Error);
    gif.add(at::zeros({3, 4, 4}, at::kByte), 5);
    QVERIFY_EXCEPTION_THROWN(gif.add(at::zeros({3, 4, 5}, at::kByte), 5), Error);
  }
};

QTEST_GUILESS_MAIN(GifFileTest)
#include "gif_file_test.moc"
