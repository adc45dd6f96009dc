// Convolution by Winograd's method against direct summation in double: values and gradients. It may not err
// more than float32 convolution itself does.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include <QtTest>
#include <mutex>
#include <set>
#include <thread>

#include "engine/core/error.h"
#include "nodes/kernels/convolution.h"
#include "nodes/kernels/parallel.h"
#include "nodes/kernels/winograd.h"

using namespace loom;

namespace {

at::Tensor random(std::vector<int64_t> sizes, uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(sizes, generator, at::TensorOptions(at::kFloat));
}

double deviation(const at::Tensor& a, const at::Tensor& exact) {
  return ((a.to(at::kDouble) - exact).abs().max() / exact.square().mean().sqrt()).item<double>();
}

struct Case {
  at::Tensor x, weight, bias, residual, dy;
  bool upsampled;
};

/// y and the gradients at x, weight, bias and residual (those that are defined), by plain operations.
std::vector<at::Tensor> direct(const Case& c, at::ScalarType dtype) {
  const auto leaf = [&](const at::Tensor& t) {
    return t.defined() ? t.to(dtype).contiguous().detach().clone().requires_grad_(true) : at::Tensor();
  };
  const at::Tensor x = leaf(c.x), weight = leaf(c.weight), bias = leaf(c.bias), residual = leaf(c.residual);
  const at::Tensor y =
      convolveLiteral(x, {.weight = weight, .bias = bias, .upsampled = c.upsampled}, residual);
  y.backward(c.dy.to(dtype));
  std::vector<at::Tensor> all{y.detach()};
  for (const at::Tensor& t : {x, weight, bias, residual})
    if (t.defined()) all.push_back(t.grad());
  return all;
}

}  // namespace

class WinogradTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void agreesWithDirect_data();
  void agreesWithDirect();
  void differentiates_data();
  void differentiates();
  void threadsDoNotMatter();
  void threadsAreUsed();
  void noPictures();
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
    row("no bias, half a panel", 1, 8, 24, 5, 6, false, false, false);
    row("upsampled", 2, 16, 16, 8, 12, true, false, true);
    row("several passes", 4, 256, 48, 32, 32, true, true, false);
    row("one place", 1, 16, 16, 1, 1, true, false, false);
  }
}

Case caseOfRow() {
  QFETCH(int, B);
  QFETCH(int, in);
  QFETCH(int, out);
  QFETCH(int, H);
  QFETCH(int, W);
  QFETCH(bool, bias);
  QFETCH(bool, residual);
  QFETCH(bool, upsampled);
  const int scale = upsampled ? 2 : 1;
  return {random({B, in, H / scale, W / scale}, 1).contiguous(at::MemoryFormat::ChannelsLast),
          random({out, in, 3, 3}, 2) / std::sqrt(9.0 * in),
          bias ? random({out}, 3) : at::Tensor(),
          residual ? random({B, out, H, W}, 4) : at::Tensor(),
          random({B, out, H, W}, 5),
          upsampled};
}

// Both err by roundings of long sums; some slack, since the worst of few elements is left to chance.
void hold(const at::Tensor& ours, const at::Tensor& plain, const at::Tensor& exact) {
  QCOMPARE(ours.sizes(), exact.sizes());
  QCOMPARE_LT(deviation(ours, exact), std::max(2 * deviation(plain, exact), 1e-5));
}

void WinogradTest::agreesWithDirect() {
  QFETCH(int, tile);
  const Case c = caseOfRow();
  const at::Tensor ours = winogradConvolve(c.x, c.weight, c.bias, {c.residual, c.upsampled, false, tile});
  QVERIFY(ours.is_contiguous(at::MemoryFormat::ChannelsLast));
  const auto plain = direct(c, at::kFloat), exact = direct(c, at::kDouble);
  hold(ours, plain[0], exact[0]);
  if (!c.upsampled)
    hold(winogradConvolve(c.dy, c.weight, {}, {.transposed = true, .tile = tile}), plain[1], exact[1]);
  hold(winogradWeightGradient(c.x, c.dy, {.upsampled = c.upsampled, .tile = tile}), plain[2], exact[2]);
}

void WinogradTest::differentiates_data() { agreesWithDirect_data(); }

void WinogradTest::differentiates() {
  QFETCH(int, tile);
  if (tile == 2) return;  // chosen by size here
  const Case c = caseOfRow();
  std::vector<at::Tensor> leaves;
  const auto leaf = [&](const at::Tensor& t) {
    if (t.defined()) leaves.push_back(t.detach().clone().requires_grad_(true));
    return t.defined() ? leaves.back() : at::Tensor();
  };
  const at::Tensor x = leaf(c.x), weight = leaf(c.weight), bias = leaf(c.bias), residual = leaf(c.residual);
  const at::Tensor y = convolve(x, {.weight = weight, .bias = bias, .upsampled = c.upsampled}, residual);
  y.backward(c.dy);
  const auto plain = direct(c, at::kFloat), exact = direct(c, at::kDouble);
  hold(y.detach(), plain[0], exact[0]);
  for (size_t i = 0; i < leaves.size(); ++i) hold(leaves[i].grad(), plain[i + 1], exact[i + 1]);
}

void WinogradTest::threadsDoNotMatter() {
  const at::Tensor x = random({2, 32, 16, 16}, 1), weight = random({32, 32, 3, 3}, 2), bias = random({32}, 3);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = winogradConvolve(x, weight, bias), dw = winogradWeightGradient(x, alone);
  for (const int some : {2, 5}) {
    at::set_num_threads(some);
    QVERIFY(winogradConvolve(x, weight, bias).equal(alone));
    QVERIFY(winogradWeightGradient(x, alone).equal(dw));
  }
  at::set_num_threads(threads);
}

void WinogradTest::threadsAreUsed() {
  const int threads = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallelFor(0, 2, 1, [&](int64_t, int64_t) {
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  at::set_num_threads(threads);
  QCOMPARE(seen.size(), size_t{2});
}

void WinogradTest::noPictures() {
  const at::Tensor y = winogradConvolve(at::zeros({0, 8, 4, 4}), at::zeros({16, 8, 3, 3}), {});
  QCOMPARE(y.sizes(), at::IntArrayRef({0, 16, 4, 4}));
  const at::Tensor dw = winogradWeightGradient(at::zeros({0, 8, 4, 4}), y);
  QVERIFY(dw.equal(at::zeros({16, 8, 3, 3})));
}

void WinogradTest::fitsOnlyWhatItCan() {
  const at::Tensor x = at::zeros({1, 16, 4, 4});
  QVERIFY(winogradFits(x, at::zeros({8, 16, 3, 3})));
  QVERIFY(!winogradFits(x, at::zeros({3, 16, 3, 3})));
  QVERIFY(!winogradFits(x, at::zeros({8, 16, 1, 1})));
  QVERIFY(!winogradFits(x, at::zeros({8, 16, 3, 3}, at::kBFloat16)));
  QVERIFY_THROWS_EXCEPTION(Error, winogradConvolve(x, at::zeros({8, 24, 3, 3}), {}));
  // What does not fit goes the plain way.
  const at::Tensor odd = random({1, 3, 8, 8}, 1), weight = random({5, 3, 3, 3}, 2);
  QVERIFY(convolve(odd, {.weight = weight}).equal(convolveLiteral(odd, {.weight = weight})));
}

QTEST_GUILESS_MAIN(WinogradTest)
#include "winograd_test.moc"
