// The fused GroupNorm + SiLU against its literal form: values and gradients. Tolerance: a few float32
// roundings.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <QtTest>

#include "nodes/kernels/group_norm.h"

using namespace loom;

namespace {

struct Inputs {
  at::Tensor x, weight, bias, shift, dy;
};

at::Tensor random(std::vector<int64_t> sizes, uint64_t seed) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(sizes, generator, at::TensorOptions(at::kFloat));
}

Inputs inputs(int64_t B, int64_t C, int64_t H, int64_t W, int64_t shiftRows, double mean) {
  Inputs i;
  i.x = (random({B, C, H, W}, 1) * 1.7 + mean).contiguous(at::MemoryFormat::ChannelsLast);
  i.weight = random({C}, 2) + 1;
  i.bias = random({C}, 3);
  if (shiftRows > 0) i.shift = random({shiftRows, C}, 4);
  i.dy = random({B, C, H, W}, 5);
  return i;
}

double furthest(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>() / std::max(b.abs().max().item<double>(), 1e-12);
}

std::vector<at::Tensor> gradients(Inputs i, const GroupNormOptions& options, bool literal) {
  std::vector<at::Tensor> leaves{i.x, i.weight, i.bias};
  if (i.shift.defined()) leaves.push_back(i.shift);
  for (at::Tensor& leaf : leaves) leaf = leaf.detach().clone().requires_grad_(true);
  const at::Tensor shift = i.shift.defined() ? leaves[3] : at::Tensor();
  const at::Tensor y =
      (literal ? groupNormLiteral : groupNorm)(leaves[0], leaves[1], leaves[2], shift, options);
  y.backward(i.dy);
  std::vector<at::Tensor> result;
  for (const at::Tensor& leaf : leaves) result.push_back(leaf.grad());
  return result;
}

}  // namespace

class GroupNormTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void agreesWithLiteral_data();
  void agreesWithLiteral();
  void threadsDoNotMatter();
  void nanIsSeen();
  void otherFormatsFallBack();
};

void GroupNormTest::agreesWithLiteral_data() {
  QTest::addColumn<int>("B");
  QTest::addColumn<int>("C");
  QTest::addColumn<int>("H");
  QTest::addColumn<int>("groups");
  QTest::addColumn<int>("shiftRows");
  QTest::addColumn<bool>("silu");
  QTest::addColumn<double>("mean");
  QTest::newRow("32 channels, 8 groups") << 2 << 32 << 16 << 8 << 2 << true << 0.0;
  QTest::newRow("384 channels, no shift") << 1 << 384 << 9 << 32 << 0 << true << 0.3;
  QTest::newRow("48 channels, 16 groups") << 3 << 48 << 8 << 16 << 3 << true << 0.0;
  QTest::newRow("shared shift") << 3 << 64 << 8 << 32 << 1 << true << 0.0;
  QTest::newRow("without SiLU") << 2 << 64 << 8 << 32 << 2 << false << 0.0;
  QTest::newRow("mean far from 0") << 2 << 64 << 16 << 32 << 2 << true << 200.0;
  // A shift that is a group by itself would change nothing: its gradient is 0.
  QTest::newRow("a channel a group") << 2 << 32 << 16 << 32 << 0 << true << 0.0;
  QTest::newRow("one place") << 2 << 64 << 1 << 8 << 2 << true << 0.0;
}

void GroupNormTest::agreesWithLiteral() {
  QFETCH(int, B);
  QFETCH(int, C);
  QFETCH(int, H);
  QFETCH(int, groups);
  QFETCH(int, shiftRows);
  QFETCH(bool, silu);
  QFETCH(double, mean);
  const Inputs i = inputs(B, C, H, H + (H > 1), shiftRows, mean);
  const GroupNormOptions options{groups, 1e-5, silu};
  {
    const at::NoGradGuard noGrad;
    const at::Tensor ours = groupNorm(i.x, i.weight, i.bias, i.shift, options);
    QVERIFY(ours.is_contiguous(at::MemoryFormat::ChannelsLast));
    // Of x with a mean of 200 float32 holds 1e-5 of its spread; the reference is taken in double.
    at::Tensor exact = i.x.to(at::kDouble);
    if (i.shift.defined()) exact = exact + i.shift.to(at::kDouble).unsqueeze(-1).unsqueeze(-1);
    exact = at::group_norm(exact, groups, i.weight.to(at::kDouble), i.bias.to(at::kDouble), 1e-5);
    if (silu) exact = at::silu(exact);
    QCOMPARE_LT(furthest(ours.to(at::kDouble), exact), mean > 100 ? 5e-5 : 2e-6);
    if (mean < 100)
      QCOMPARE_LT(furthest(ours, groupNormLiteral(i.x, i.weight, i.bias, i.shift, options)), 3e-6);
  }
  if (mean > 100) return;
  const auto ours = gradients(i, options, false), literal = gradients(i, options, true);
  for (size_t k = 0; k < ours.size(); ++k) QCOMPARE_LT(furthest(ours[k], literal[k]), 2e-5);
}

void GroupNormTest::threadsDoNotMatter() {
  const Inputs i = inputs(2, 64, 24, 24, 2, 0);
  const at::NoGradGuard noGrad;
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = groupNorm(i.x, i.weight, i.bias, i.shift, {});
  at::set_num_threads(2);
  QVERIFY(groupNorm(i.x, i.weight, i.bias, i.shift, {}).equal(alone));
  at::set_num_threads(threads);
  // Neither does the batch around a sample.
  const at::Tensor second = i.x.slice(0, 1).contiguous(at::MemoryFormat::ChannelsLast);
  QVERIFY(groupNorm(second, i.weight, i.bias, i.shift.slice(0, 1), {}).equal(alone.slice(0, 1)));
}

void GroupNormTest::nanIsSeen() {
  Inputs i = inputs(2, 64, 8, 8, 2, 0);
  i.x[1][5][3][3] = NAN;
  const at::NoGradGuard noGrad;
  const at::Tensor y = groupNorm(i.x, i.weight, i.bias, i.shift, {});
  QVERIFY(!y[0].isnan().any().item<bool>());
  QVERIFY(y[1].slice(0, 4, 6).isnan().all().item<bool>());  // the whole group
}

void GroupNormTest::otherFormatsFallBack() {
  const Inputs i = inputs(2, 64, 8, 8, 2, 0);
  const at::NoGradGuard noGrad;
  const at::Tensor plain = groupNorm(i.x.contiguous(), i.weight, i.bias, i.shift, {});
  QCOMPARE_LT(furthest(plain, groupNorm(i.x, i.weight, i.bias, i.shift, {})), 3e-6);
  QCOMPARE(groupNorm(i.x.to(at::kBFloat16), i.weight, i.bias, i.shift, {}).scalar_type(), at::kFloat);
}

QTEST_GUILESS_MAIN(GroupNormTest)
#include "group_norm_test.moc"
