// Winograd's convolution against direct summation in double. It may not err more than float32 convolution
// itself does.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "nodes/kernels/winograd.h"

using namespace loom;

namespace {

at::Tensor random(std::vector<int64_t> sizes, uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(sizes, generator, at::TensorOptions(at::kFloat));
}

double deviation(const at::Tensor& a, const at::Tensor& exact) {
  return ((a.to(at::kDouble) - exact).abs().max() / exact.std()).item<double>();
}

}  // namespace

class WinogradTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void agreesWithDirect_data();
  void agreesWithDirect();
  void threadsDoNotMatter();
  void fitsOnlyWhatItCan();
};

void WinogradTest::agreesWithDirect_data() {
  QTest::addColumn<int>("tile");
  QTest::addColumn<int>("B");
  QTest::addColumn<int>("in");
  QTest::addColumn<int>("out");
  QTest::addColumn<int>("H");
  QTest::addColumn<int>("W");
  QTest::addColumn<bool>("bias");
  QTest::addColumn<bool>("residual");
  QTest::addColumn<bool>("upsampled");
  for (const int tile : {4, 2}) {
    const auto row = [&](const char* name, int B, int in, int out, int H, int W, bool b, bool r, bool u) {
      QTest::addRow("%s, tile %d", name, tile) << tile << B << in << out << H << W << b << r << u;
    };
    row("whole tiles", 2, 32, 64, 16, 16, true, false, false);
    row("cut tiles, residual", 3, 16, 8, 7, 10, true, true, false);
    row("no bias", 1, 8, 24, 5, 6, false, false, false);
    row("upsampled", 2, 16, 16, 8, 12, true, false, true);
    row("several passes", 4, 256, 256, 32, 32, true, true, false);
    row("one place", 1, 16, 16, 1, 1, true, false, false);
  }
}

void WinogradTest::agreesWithDirect() {
  QFETCH(int, tile);
  QFETCH(int, B);
  QFETCH(int, in);
  QFETCH(int, out);
  QFETCH(int, H);
  QFETCH(int, W);
  QFETCH(bool, bias);
  QFETCH(bool, residual);
  QFETCH(bool, upsampled);
  const int scale = upsampled ? 2 : 1;
  const at::Tensor source =
      random({B, in, H / scale, W / scale}, 1).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor weight = random({out, in, 3, 3}, 2) / std::sqrt(9.0 * in),
                   b = bias ? random({out}, 3) : at::Tensor();
  const at::Tensor r = residual ? random({B, out, H, W}, 4) : at::Tensor();
  const at::Tensor ours = winogradConvolve(source, winogradFilters(weight, b, tile), {r, upsampled});
  QVERIFY(ours.is_contiguous(at::MemoryFormat::ChannelsLast));

  const at::Tensor enlarged = upsampled ? at::upsample_nearest2d(source, {H, W}) : source;
  const auto direct = [&](at::ScalarType dtype) {
    const at::Tensor y = at::conv2d(enlarged.to(dtype).contiguous(), weight.to(dtype),
                                    bias ? b.to(dtype) : at::Tensor(), 1, 1);
    return residual ? y + r.to(dtype) : y;
  };
  const at::Tensor exact = direct(at::kDouble);
  // Both err by roundings of sums of 9·in products; some slack, since the worst of few elements is left to
  // chance.
  QCOMPARE_LT(deviation(ours, exact), std::max(2 * deviation(direct(at::kFloat), exact), 4e-6));
}

void WinogradTest::threadsDoNotMatter() {
  const at::Tensor x = random({2, 32, 16, 16}, 1).contiguous(at::MemoryFormat::ChannelsLast);
  const WinogradFilters filters = winogradFilters(random({32, 32, 3, 3}, 2), random({32}, 3), 4);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = winogradConvolve(x, filters);
  at::set_num_threads(2);
  const at::Tensor together = winogradConvolve(x, filters);
  at::set_num_threads(threads);
  QCOMPARE_LT((alone - together).abs().max().item<double>(), 1e-4);
}

void WinogradTest::fitsOnlyWhatItCan() {
  QVERIFY(winogradFits(at::zeros({8, 16, 3, 3})));
  QVERIFY(!winogradFits(at::zeros({3, 128, 3, 3})));
  QVERIFY(!winogradFits(at::zeros({8, 16, 1, 1})));
  QVERIFY(!winogradFits(at::zeros({8, 16, 3, 3}, at::kBFloat16)));
}

QTEST_GUILESS_MAIN(WinogradTest)
#include "winograd_test.moc"
