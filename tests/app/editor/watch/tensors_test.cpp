// What the timeline and the viewer make of numbers, by closed form.
#include "app/editor/watch/npy.h"
#include "app/editor/watch/spectrum.h"
#include "app/editor/watch/tensor_numbers.h"
#include "app/editor/watch/tensor_picture.h"

#include <QtTest>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>

namespace loom::editor {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

Values values(std::vector<int64_t> shape, const std::function<float(int64_t)>& at,
              const std::string& type = "latent") {
  Values out{std::move(shape), "float32", type, {}};
  int64_t count = 1;
  for (const int64_t size : out.shape) count *= size;
  for (int64_t i = 0; i < count; ++i) out.data.own().push_back(at(i));
  return out;
}

Values noise(std::vector<int64_t> shape, unsigned seed, float scale = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, scale);
  return values(std::move(shape), [&](int64_t) { return normal(random); });
}

bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

}  // namespace

class TensorsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void planes() {
    QCOMPARE(planesOf(values({2, 3, 4, 5}, [](int64_t) { return 0.f; })), (Planes{2, 3, 4, 5}));
    QCOMPARE(planesOf(values({2, 2, 3, 4, 5}, [](int64_t) { return 0.f; })), (Planes{4, 3, 4, 5}));
    QCOMPARE(planesOf(values({7, 4, 5}, [](int64_t) { return 0.f; })), (Planes{7, 1, 4, 5}));
    QCOMPARE(planesOf(values({4, 5}, [](int64_t) { return 0.f; })), (Planes{1, 1, 4, 5}));
    QCOMPARE(planesOf(values({5}, [](int64_t) { return 0.f; })), (Planes{1, 1, 1, 5}));
    QCOMPARE(planesOf(values({}, [](int64_t) { return 0.f; })), (Planes{1, 1, 1, 1}));
    QCOMPARE(planesOf(values({5000}, [](int64_t) { return 0.f; })), (Planes{1, 1, 71, 71, true}));
    // Shapes that say more than is there, or nothing.
    Values wrong{{2, 3}, "float32", "latent", {1, 2, 3}};
    QCOMPARE(planesOf(wrong), Planes{});
    wrong.shape = {INT64_MAX, INT64_MAX};
    QCOMPARE(planesOf(wrong), Planes{});
    wrong.shape = {0, 3};
    QCOMPARE(planesOf(wrong), Planes{});
    wrong.shape = {-1, 3};
    QCOMPARE(planesOf(wrong), Planes{});
    QVERIFY(tensorPicture(wrong, {}).picture.rgba.empty());
    QVERIFY(radialSpectrum(wrong, 0).power.empty());
  }

  void summary() {
    const std::vector<float> numbers{1, 2, kNan, 3, kInf, -kInf, 4, kNan};
    const Summary summary = summaryOf(numbers);
    QCOMPARE(summary.count, 8);
    QCOMPARE(summary.nan, 2);
    QCOMPARE(summary.inf, 2);
    QCOMPARE(summary.min, 1.0);
    QCOMPARE(summary.max, 4.0);
    QCOMPARE(summary.mean, 2.5);
    QVERIFY(near(summary.std, std::sqrt(1.25), 1e-12));
    QVERIFY(near(summary.norm, std::sqrt(30.0), 1e-12));
    QCOMPARE(summaryOf({}).count, 0);
  }

  void histogramCountsEverything() {
    const Values v = noise({1000}, 3);
    const Histogram all = histogramOf(v.data, 37);
    QCOMPARE(std::accumulate(all.bins.begin(), all.bins.end(), int64_t{0}), 1000);
    const Histogram part = histogramOf(v.data, 10, std::pair{-1.0, 1.0});
    QVERIFY(part.below > 0 && part.above > 0);
    QCOMPARE(std::accumulate(part.bins.begin(), part.bins.end(), part.below + part.above), 1000);
    // Each number is in the bin that holds it.
    const std::vector<float> few{0, 0.5f, 1, kNan};
    QCOMPARE(histogramOf(few, 2).bins, (std::vector<int64_t>{1, 2}));
    const std::vector<float> same{2, 2, 2};
    const Histogram one = histogramOf(same, 5);
    QCOMPARE(std::accumulate(one.bins.begin(), one.bins.end(), int64_t{0}), 3);
    QVERIFY(one.low < 2 && one.high > 2);
  }

  void differences() {
    Values a = noise({2, 3, 4, 4}, 5);
    a.data.own()[3] = kInf;
    QCOMPARE(summaryOf(difference(a, a)->data).max, 0.0);
    Values b = a;
    b.data.own()[7] += 0.25f;
    b.data.own()[9] = kNan;
    const Values d = *difference(a, b);
    QVERIFY(near(summaryOf(d.data).max, 0.25, 1e-6));
    QCOMPARE(summaryOf(d.data).nan, 1);
    QVERIFY(!difference(a, noise({2, 3, 4, 5}, 5)));
  }

  // x_t = a x0 + b e, with known a and b.
  void noiseOfMixture() {
    const Values x0 = noise({4, 3, 32, 32}, 1, 0.5f), e = noise({4, 3, 32, 32}, 2);
    for (const float alpha : {1.f, 0.9f, 0.5f, 0.1f}) {
      Values xt = x0;
      const float sigma = std::sqrt(1 - alpha * alpha);
      for (size_t i = 0; i < xt.data.size(); ++i) xt.data.own()[i] = alpha * x0.data[i] + sigma * e.data[i];
      const auto estimate = noiseOf(xt, x0);
      QVERIFY(estimate);
      // 12,288 numbers: the slope's standard error is sigma / (0.5 sqrt(12288)) = 0.018 sigma.
      QVERIFY(near(estimate->signal, alpha, 0.06));
      QVERIFY(near(estimate->noise, sigma, 0.03));
      if (sigma > 0 && alpha >= 0.5f)  // below it the slope's own error is most of it
        QVERIFY(near(std::log(estimate->snr), std::log(0.25 * alpha * alpha / (sigma * sigma)), 0.2));
      if (sigma == 0) QVERIFY(std::isinf(estimate->snr));
    }
    QVERIFY(!noiseOf(x0, values({4, 3, 32, 32}, [](int64_t) { return 1.f; })));
  }

  void fourierIsTheSum_data() {
    QTest::addColumn<int>("length");
    for (const int n : {1, 2, 3, 5, 8, 24, 31, 64, 100}) QTest::addRow("%d", n) << n;
  }
  void fourierIsTheSum() {
    QFETCH(int, length);
    std::mt19937 random(11);
    std::normal_distribution<double> normal;
    std::vector<std::complex<double>> x(static_cast<size_t>(length)), sum(x.size());
    for (auto& v : x) v = {normal(random), normal(random)};
    for (size_t k = 0; k < x.size(); ++k)
      for (size_t n = 0; n < x.size(); ++n)
        sum[k] +=
            x[n] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k * n % x.size()) / length);
    fourier(x);
    for (size_t k = 0; k < x.size(); ++k) QVERIFY(std::abs(x[k] - sum[k]) < 1e-10 * length);
  }

  void spectrumOfWaves_data() {
    QTest::addColumn<int>("height");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("down");
    QTest::addColumn<int>("across");
    QTest::addColumn<int>("radius");
    QTest::newRow("across") << 32 << 32 << 0 << 5 << 5;
    QTest::newRow("down") << 32 << 32 << 7 << 0 << 7;
    QTest::newRow("slanted") << 64 << 64 << 3 << 4 << 5;
    QTest::newRow("any size") << 24 << 24 << 0 << 6 << 6;
    QTest::newRow("wide") << 16 << 48 << 0 << 9 << 9;
    QTest::newRow("wide, down") << 16 << 48 << 3 << 0 << 9;  // 3 waves in 16 are 9 in 48
  }
  void spectrumOfWaves() {
    QFETCH(int, height);
    QFETCH(int, width);
    QFETCH(int, down);
    QFETCH(int, across);
    QFETCH(int, radius);
    const Values v = values({height, width}, [&](int64_t i) {
      const double y = static_cast<double>(i / width) / height, x = static_cast<double>(i % width) / width;
      return static_cast<float>(std::sin(2 * std::numbers::pi * (down * y + across * x)));
    });
    const RadialSpectrum s = radialSpectrum(v.data, height, width);
    double total = 0;
    for (size_t r = 0; r < s.power.size(); ++r) {
      const double power = s.power[r] * static_cast<double>(s.count[r]);
      total += power;
      // All of the wave's power, half its amplitude squared a pixel, is at its radius.
      QVERIFY(near(power, static_cast<int>(r) == radius ? height * width * 0.5 : 0, 1e-3));
    }
    QVERIFY(near(total, height * width * 0.5, 1e-3));
    QCOMPARE(std::accumulate(s.count.begin(), s.count.end(), int64_t{0}), int64_t{height} * width);
  }

  void spectrumHoldsParseval() {
    const Values v = noise({21, 40}, 9);
    const RadialSpectrum s = radialSpectrum(v.data, 21, 40);
    double total = 0, squares = 0;
    for (size_t r = 0; r < s.power.size(); ++r) total += s.power[r] * static_cast<double>(s.count[r]);
    for (const float x : v.data) squares += static_cast<double>(x) * x;
    QVERIFY(near(total, squares, 1e-9 * squares));
    // What is the same everywhere is at radius 0 alone.
    const Values same = values({16, 16}, [](int64_t) { return 3.f; });
    const RadialSpectrum flat = radialSpectrum(same.data, 16, 16);
    QVERIFY(near(flat.power[0], 9 * 256, 1e-9));
    for (size_t r = 1; r < flat.power.size(); ++r) QVERIFY(near(flat.power[r], 0, 1e-9));
    // White noise is flat: its variance at every radius.
    const Values white = noise({1, 4, 128, 128}, 4);
    const RadialSpectrum level = radialSpectrum(white, 0);
    for (size_t r = 8; r < 64; ++r) QVERIFY(near(level.power[r], 1, 0.35));
    QVERIFY(radialSpectrum(values({1, 1, 600, 8}, [](int64_t) { return 0.f; }), 0).cut);
  }

  void colours() {
    double before = -1;
    for (int i = 0; i <= 255; ++i) {
      const Rgb c = falseColour(i / 255.0);
      const double light = 0.2126 * std::pow(c[0] / 255.0, 2.2) + 0.7152 * std::pow(c[1] / 255.0, 2.2) +
                           0.0722 * std::pow(c[2] / 255.0, 2.2);
      QVERIFY2(light >= before - 0.004, qPrintable(QString::number(i)));  // rounding to 8 bits
      before = light;
    }
    QVERIFY(before > 0.6);
    QCOMPARE(falseColour(-5), falseColour(0));
    QCOMPARE(falseColour(7), falseColour(1));
    QVERIFY(falseColour(0) != kNotFinite && falseColour(1) != kNotFinite);
  }

  void picturesShowNumbers() {
    Values v = values(
        {2, 3, 2, 4}, [](int64_t i) { return static_cast<float>(i) / 24 - 1; }, "latent");
    const TensorPicture p = tensorPicture(v, {.sample = 1});
    QCOMPARE(p.picture.width, 4);
    QCOMPARE(p.picture.height, 2);
    QCOMPARE(p.range, (std::pair{-1.f, 1.f}));
    for (int y = 0; y < 2; ++y)
      for (int x = 0; x < 4; ++x)
        for (int c = 0; c < 3; ++c) {
          const float number = v.data[static_cast<size_t>(((3 + c) * 2 + y) * 4 + x)];
          const int byte = p.picture.rgba[static_cast<size_t>((y * 4 + x) * 4 + c)];
          QVERIFY(std::abs(byte - (number + 1) / 2 * 255) <= 0.51f);
          QCOMPARE(numbersAt(v, *p.sheet.at(x, y))[static_cast<size_t>(c)], number);
        }
    v.data.own()[24] = kNan;  // sample 1, channel 0, pixel 0
    v.data.own()[0] = kInf;   // of another sample
    const TensorPicture marked = tensorPicture(v, {.sample = 1});
    QCOMPARE(marked.notFinite, 1);
    QCOMPARE((Rgb{marked.picture.rgba[0], marked.picture.rgba[1], marked.picture.rgba[2]}), kNotFinite);
    QCOMPARE(tensorPicture(v, {.sample = -1}).notFinite, 2);
  }

  void sheets() {
    const Values v = values({3, 5, 6, 7}, [](int64_t i) { return static_cast<float>(i); });
    for (const auto look : {TensorLook::picture, TensorLook::channels, TensorLook::falseColour})
      for (const int64_t sample : {-1, 0, 2}) {
        const TensorPicture p = tensorPicture(v, {.look = look, .sample = sample});
        const size_t tiles = (sample < 0 ? 3u : 1u) * (look == TensorLook::channels ? 5u : 1u);
        QCOMPARE(p.sheet.tiles.size(), tiles);
        QCOMPARE(p.sheet.leftOut, 0);
        QCOMPARE(p.picture.rgba.size(), static_cast<size_t>(p.picture.width * p.picture.height * 4));
        // Each number of each tile is at one pixel, and gaps are see-through.
        int pixels = 0;
        for (int y = 0; y < p.picture.height; ++y)
          for (int x = 0; x < p.picture.width; ++x) {
            const auto place = p.sheet.at(x, y);
            const int alpha = p.picture.rgba[static_cast<size_t>((y * p.picture.width + x) * 4 + 3)];
            QCOMPARE(alpha, place ? 255 : 0);
            pixels += place.has_value();
          }
        QCOMPARE(pixels, static_cast<int>(tiles) * 42);
        QVERIFY(!p.sheet.at(-1, 0) && !p.sheet.at(p.picture.width, 0));
      }
    const auto place = tensorPicture(v, {.look = TensorLook::channels, .sample = 2}).sheet.at(0, 0);
    QCOMPARE(numbersAt(v, *place), (std::vector<float>{2 * 5 * 42.f}));
  }

  void largeTensorsFit() {
    const Values wide = values({1, 1, 2, 20000}, [](int64_t i) { return static_cast<float>(i % 7); });
    const TensorPicture p = tensorPicture(wide, {.look = TensorLook::falseColour});
    QVERIFY(p.picture.width <= 8192 && p.sheet.step == 3);
    QCOMPARE(numbersAt(wide, *p.sheet.at(10, 0)), (std::vector<float>{30 % 7}));
    const Values many = values({9000, 1, 64, 64}, [](int64_t) { return 0.f; });
    const TensorPicture sheet = tensorPicture(many, {.sample = -1});
    QVERIFY(sheet.sheet.leftOut > 0);
    QCOMPARE(static_cast<int64_t>(sheet.sheet.tiles.size()) + sheet.sheet.leftOut, 9000);
    QVERIFY(static_cast<int64_t>(sheet.picture.width) * sheet.picture.height <= 1 << 24);
    const Values row = values({5000}, [](int64_t i) { return static_cast<float>(i); });
    const TensorPicture folded = tensorPicture(row, {.look = TensorLook::falseColour});
    QCOMPARE(numbersAt(row, *folded.sheet.at(3, 2)), (std::vector<float>{2 * 71 + 3}));
    QCOMPARE(folded.picture.rgba.back(), uint8_t{0});  // after the last number
  }

  // A row of any length is at most so many points, and none of its extremes is lost.
  void rows() {
    const Values long_ = values({1, 1, 1, 100'000}, [](int64_t i) { return static_cast<float>(i % 1000); });
    QVERIFY(isRow(planesOf(long_)) && planesOf(long_).folded);
    for (const size_t most : {size_t{1}, size_t{64}, size_t{4096}, size_t{200'000}}) {
      const NumberRow row = rowOf(long_.data, most);
      QVERIFY(row.at.size() <= most);
      QCOMPARE(static_cast<size_t>(row.each), most >= 100'000 ? size_t{1} : (100'000 + most - 1) / most);
      QCOMPARE(*std::min_element(row.low.begin(), row.low.end()), 0.);
      QCOMPARE(*std::max_element(row.high.begin(), row.high.end()), 999.);
      for (size_t i = 0; i < row.at.size(); ++i)
        for (const int64_t at : {int64_t{0}, row.each - 1}) {
          const auto index = static_cast<size_t>(std::min<int64_t>(std::llround(row.at[i]) + at, 99'999));
          QVERIFY(row.low[i] <= long_.data[index] && long_.data[index] <= row.high[i]);
        }
    }
    const NumberRow bad = rowOf(std::vector<float>{kNan, kInf, 1, kNan}, 2);
    QVERIFY(std::isnan(bad.low[0]) && bad.low[1] == 1 && bad.high[1] == 1);
    QVERIFY(rowOf({}, 10).at.empty());
  }

  // Large pictures come in halves, down to what is drawn at once; averages stay.
  void smaller() {
    const Values v = values(
        {1, 1, 4096, 1537}, [](int64_t i) { return static_cast<float>(i % 2); }, "image");
    const Picture picture = tensorPicture(v, {}).picture;
    const std::vector<Picture> all = smallerPictures(picture);
    QCOMPARE(all.size(), size_t{2});
    QCOMPARE(all[0].width, 768);
    QCOMPARE(all[1].height, 1024);
    for (const Picture& each : all) {
      QCOMPARE(each.rgba.size(), static_cast<size_t>(each.width) * static_cast<size_t>(each.height) * 4);
      for (size_t i = 0; i < each.rgba.size(); i += 4 * 997) {
        QVERIFY(std::abs(each.rgba[i] - 128) <= 1);
        QCOMPARE(each.rgba[i + 3], uint8_t{255});
      }
    }
    QVERIFY(smallerPictures(tensorPicture(noise({1, 3, 64, 64}, 3), {}).picture).empty());
    QVERIFY(smallerPictures({}).empty());
  }

  void npyReadsBack() {
    for (const auto& shape : std::vector<std::vector<int64_t>>{{2, 3, 4, 5}, {7}, {}}) {
      const Values v = noise(shape, 8);
      const std::string file = npyFile(v);
      QCOMPARE(file.substr(0, 6), std::string("\x93NUMPY"));
      const size_t length = static_cast<uint8_t>(file[8]) + 256u * static_cast<uint8_t>(file[9]);
      QCOMPARE((10 + length) % 64, size_t{0});
      QCOMPARE(file[9 + length], '\n');
      const std::string header = file.substr(10, length);
      QVERIFY(header.find("'<f4'") != std::string::npos);
      std::string sizes = "(";
      for (const int64_t size : shape) sizes += std::to_string(size) + ",";
      QVERIFY(header.find(sizes + ")") != std::string::npos);
      QCOMPARE(file.size(), 10 + length + v.data.size() * 4);
      QVERIFY(!std::memcmp(file.data() + 10 + length, v.data.data(), v.data.size() * 4));
    }
  }
};

}  // namespace loom::editor

QTEST_MAIN(loom::editor::TensorsTest)
#include "tensors_test.moc"
