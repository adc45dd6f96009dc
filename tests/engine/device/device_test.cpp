// The library of our CUDA kernels, as far as it shows without a GPU: it loads, or says why not; what its
// kernels compute an element, against the CPU's own. With a GPU: the kernels themselves.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/core/error.h"
#include "engine/device/cuda_abi.h"
#include "engine/device/cuda_library.h"
#include "engine/device/cuda_start.h"
#include "engine/device/gpu.h"
#include "engine/device/host_copy.h"
#include "engine/device/preview_pixels.h"
#include "engine/random/stream.h"
#include "engine/random/unit_normal.h"

using namespace loom;

namespace {

const c10::Device kGpu(c10::kCUDA, 0);

at::Tensor random(const std::vector<int64_t>& sizes, uint64_t seed) {
  return at::rand(sizes, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}

}  // namespace

class DeviceTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void libraryLoads();
  void libraryIsRefused_data();
  void libraryIsRefused();
  void cpuHasNoKernels();
  void blocksAreTheStream_data();
  void blocksAreTheStream();
  void packedPreview_data();
  void packedPreview();
  void packedPreviewMarksWhatIsNotFinite();
  void packedLatent();
  void packedPreviewRefuses();
  void hostCopyOfTheCpu();
  void gpuNormals_data();
  void gpuNormals();
  void gpuPreview_data();
  void gpuPreview();
  void gpuHostCopy();
  void gpuIsNamed();

 private:
  std::string noGpu_;
};

#define NEED_GPU() \
  if (!noGpu_.empty()) QSKIP(("no GPU: " + noGpu_).c_str())
#define NEED_KERNELS() \
  NEED_GPU();          \
  if (!cudaLibraryFor(kGpu)) QSKIP(("no CUDA library: " + cudaLibrary().missing()).c_str())

void DeviceTest::initTestCase() {
  // Tests do not lie beside it.
  if (!qEnvironmentVariableIsSet("NOISELOOM_CUDA_LIBRARY"))
    qputenv("NOISELOOM_CUDA_LIBRARY", NOISELOOM_BUILT_CUDA_LIBRARY);
  noGpu_ = startCuda();
}

void DeviceTest::libraryLoads() {
  const QString file = qEnvironmentVariable("NOISELOOM_CUDA_LIBRARY");
  if (!QFile::exists(file)) QSKIP("no CUDA library: nvcc was not found when this was built");
  const CudaLibrary library(file.toStdString());
  QVERIFY2(library.loaded(), library.missing().c_str());
  QCOMPARE(library.find<CudaAbiFunction>("noiseloom_cuda_abi")(), kCudaAbi);
  for (const char* name : {"noiseloom_cuda_usable", "noiseloom_cuda_error_text", "noiseloom_cuda_fused_step",
                           "noiseloom_cuda_unit_normals", "noiseloom_cuda_pack_preview"})
    QVERIFY2(library.find<void()>(name), name);
  QVERIFY_EXCEPTION_THROWN(library.find<void()>("noiseloom_cuda_nothing"), Error);
  // Sizes that no launch could have are refused before a GPU is asked.
  const auto normals = library.find<UnitNormalsFunction>("noiseloom_cuda_unit_normals");
  const UnitNormals none{}, negative{.batch = -1, .elements = 4};
  QCOMPARE(normals(&none, nullptr), 0);
  QCOMPARE(normals(&negative, nullptr), 1);  // cudaErrorInvalidValue
  QVERIFY(QString(library.find<CudaErrorTextFunction>("noiseloom_cuda_error_text")(1)).contains("invalid"));
  if (noGpu_.empty()) return;
  // Without a driver it says so, and no more.
  QVERIFY(library.find<CudaUsableFunction>("noiseloom_cuda_usable")() != 0);
}

void DeviceTest::libraryIsRefused_data() {
  QTest::addColumn<QByteArray>("content");
  QTest::addColumn<QString>("says");
  QTest::newRow("no file") << QByteArray() << "there is no ";
  QTest::newRow("no library") << QByteArray("not ELF") << "can't be loaded";
}

void DeviceTest::libraryIsRefused() {
  QFETCH(QByteArray, content);
  QFETCH(QString, says);
  QTemporaryDir folder;
  const QString name = folder.filePath("library.so");
  if (!content.isEmpty()) {
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
  }
  const CudaLibrary library(name.toStdString());
  QVERIFY(!library.loaded());
  QVERIFY2(QString::fromStdString(library.missing()).contains(says), library.missing().c_str());
  QVERIFY2(QString::fromStdString(library.missing()).contains(name), library.missing().c_str());
  QVERIFY_EXCEPTION_THROWN(library.find<void()>("noiseloom_cuda_abi"), Error);
}

void DeviceTest::cpuHasNoKernels() {
  QVERIFY(!cudaLibraryFor(c10::Device(c10::kCPU)));
  QVERIFY(!gpuOf(c10::Device(c10::kCPU)));
  QVERIFY(!freeGpuMemory(c10::Device(c10::kCPU)));
  const Stream stream{.seed = 7};
  QVERIFY(at::equal(gaussian(stream, {2, 9}, c10::Device(c10::kCPU)), gaussian(stream, {2, 9})));
}

void DeviceTest::blocksAreTheStream_data() {
  QTest::addColumn<int>("batch");
  QTest::addColumn<int>("elements");
  QTest::addColumn<qlonglong>("first");
  QTest::newRow("one") << 1 << 1 << 0ll;
  QTest::newRow("whole blocks") << 3 << 3 * 32 * 32 << 5ll;
  QTest::newRow("a piece at the end") << 2 << 1027 << 0ll;
  QTest::newRow("last samples") << 2 << 30 << 4294967294ll;
}

void DeviceTest::blocksAreTheStream() {
  QFETCH(int, batch);
  QFETCH(int, elements);
  QFETCH(qlonglong, first);
  const Stream stream{.seed = 0x123456789ABCDEF0, .node = 77, .step = 5, .firstSample = first};
  const at::Tensor z = gaussian(stream, {batch, elements});
  // As a thread of the kernel does. Bytes, for it is the same arithmetic.
  const UnitNormals n{
      .seed = stream.seed, .node = 77, .step = 5, .firstSample = static_cast<uint32_t>(first)};
  for (int b = 0; b < batch; ++b)
    for (int e = 0; e < elements; ++e) {
      float four[4];
      fourNormals(n, n.firstSample + static_cast<uint32_t>(b), static_cast<uint32_t>(e / 4), four);
      QCOMPARE(std::bit_cast<uint32_t>(four[e % 4]),
               std::bit_cast<uint32_t>(z[b].const_data_ptr<float>()[e]));
    }
}

void DeviceTest::packedPreview_data() {
  QTest::addColumn<int>("channels");
  QTest::addColumn<QSize>("from");
  QTest::addColumn<QSize>("to");
  for (const int channels : {1, 3}) {
    QTest::addRow("%d as it is", channels) << channels << QSize(16, 12) << QSize(16, 12);
    QTest::addRow("%d reduced", channels) << channels << QSize(64, 48) << QSize(16, 12);
    QTest::addRow("%d reduced, uneven", channels) << channels << QSize(37, 23) << QSize(13, 9);
    QTest::addRow("%d enlarged", channels) << channels << QSize(5, 3) << QSize(15, 9);
    QTest::addRow("%d one pixel", channels) << channels << QSize(9, 7) << QSize(1, 1);
  }
}

void DeviceTest::packedPreview() {
  QFETCH(int, channels);
  QFETCH(QSize, from);
  QFETCH(QSize, to);
  // Beyond [0, 1] as well.
  const at::Tensor picture = random({2, channels, from.height(), from.width()}, 1).mul_(1.4).sub_(0.2);
  const at::Tensor pixels =
      previewPixels(picture, *PictureColours::of(channels, 1, 0), to.height(), to.width());
  QCOMPARE(pixels.scalar_type(), at::kByte);
  const at::Tensor mean = at::adaptive_avg_pool2d(picture.to(at::kDouble), {to.height(), to.width()});
  const at::Tensor level = mean.clamp(0, 1).mul(255).expand({2, 3, to.height(), to.width()});
  // Half a level of rounding; a mean in float32 may fall on the other side of it.
  const at::Tensor colours = pixels.slice(3, 0, 3).permute({0, 3, 1, 2});
  QCOMPARE_LT((colours.to(at::kDouble) - level).abs().max().item<double>(), 0.501);
  QVERIFY(pixels.select(3, 3).eq(255).all().item<bool>());
}

void DeviceTest::packedPreviewMarksWhatIsNotFinite() {
  at::Tensor picture = random({1, 3, 8, 8}, 1);
  picture[0][1][0][5] = NAN;
  picture[0][2][7][0] = -INFINITY;
  const at::Tensor pixels = previewPixels(picture, *PictureColours::of(3, 1, 0), 4, 4);
  const at::Tensor magenta = at::tensor({255, 0, 255, 255}).to(at::kByte);
  const at::Tensor marked = pixels.eq(magenta).all(-1);
  QCOMPARE(marked.sum().item<int64_t>(), int64_t{2});
  QVERIFY(marked[0][0][2].item<bool>() && marked[0][3][0].item<bool>());
}

void DeviceTest::packedLatent() {
  PictureColours colours;
  colours.matrix = {{{0.1f, 0.2f, -0.1f, 0.05f}, {0.2f, 0, 0.1f, 0.1f}, {0, -0.2f, 0.3f, 0.1f}}};
  colours.bias = {0.5f, 0.4f, 0.3f};
  const at::Tensor latent = random({2, 4, 6, 5}, 3).mul_(4).sub_(2);
  const at::Tensor pixels = previewPixels(latent, colours, 6, 5);
  for (int64_t k = 0; k < 3; ++k) {
    at::Tensor expected = at::full({2, 6, 5}, colours.bias[k], at::kDouble);
    for (int64_t c = 0; c < 4; ++c) expected += latent.select(1, c) * double(colours.matrix[k][c]);
    expected = expected.clamp(0, 1) * 255;
    QCOMPARE_LT((pixels.select(3, k).to(at::kDouble) - expected).abs().max().item<double>(), 0.501);
  }
}

void DeviceTest::packedPreviewRefuses() {
  const PictureColours grey = *PictureColours::of(1, 1, 0);
  const auto refuses = [&](const at::Tensor& picture, int64_t height, int64_t width) {
    QVERIFY_EXCEPTION_THROWN(previewPixels(picture, grey, height, width), Error);
  };
  refuses({}, 4, 4);
  refuses(at::zeros({1, 5, 4, 4}), 4, 4);
  refuses(at::zeros({1, 4, 4}), 4, 4);
  refuses(at::zeros({0, 1, 4, 4}), 4, 4);
  refuses(at::zeros({1, 1, 4, 4}, at::kDouble), 4, 4);
  refuses(at::zeros({1, 1, 4, 4}), 0, 4);
  refuses(at::zeros({1, 1, 4, 4}), 4, 4097);
  QVERIFY(!PictureColours::of(4, 1, 0));
}

void DeviceTest::hostCopyOfTheCpu() {
  const at::Tensor x = random({2, 3}, 1);
  HostCopy copy(x);
  QVERIFY(copy.ready());
  QVERIFY(copy.wait().is_same(x));
}

void DeviceTest::gpuNormals_data() {
  NEED_KERNELS();
  blocksAreTheStream_data();
}

void DeviceTest::gpuNormals() {
  QFETCH(int, batch);
  QFETCH(int, elements);
  QFETCH(qlonglong, first);
  const Stream stream{.seed = 0x123456789ABCDEF0, .node = 77, .step = 5, .firstSample = first};
  // Bytes: sums, products, quotients and roots of float32 are rounded alike on both.
  QVERIFY(at::equal(gaussian(stream, {batch, elements}, kGpu).cpu(), gaussian(stream, {batch, elements})));
}

void DeviceTest::gpuPreview_data() {
  NEED_KERNELS();
  packedPreview_data();
}

void DeviceTest::gpuPreview() {
  QFETCH(int, channels);
  QFETCH(QSize, from);
  QFETCH(QSize, to);
  const at::Tensor picture = random({2, channels, from.height(), from.width()}, 1);
  const PictureColours colours = *PictureColours::of(channels, 1, 0);
  QVERIFY(at::equal(previewPixels(picture.to(kGpu), colours, to.height(), to.width()).cpu(),
                    previewPixels(picture, colours, to.height(), to.width())));
}

void DeviceTest::gpuHostCopy() {
  NEED_GPU();
  const at::Tensor x = random({64, 3, 64, 64}, 1);
  at::Tensor there = x.to(kGpu);
  HostCopy copy(there);
  there.add_(1);  // after the copy in the stream's order
  QVERIFY(at::equal(copy.wait(), x));
  QVERIFY(copy.ready() && copy.wait().is_pinned());
}

void DeviceTest::gpuIsNamed() {
  NEED_GPU();
  const auto gpu = gpuOf(kGpu);
  QVERIFY(gpu && !gpu->name.empty() && gpu->memory > 0 && gpu->capability.find('.') != std::string::npos);
  const auto left = freeGpuMemory(kGpu);
  QVERIFY(left && *left > 0 && *left <= gpu->memory);
}

QTEST_GUILESS_MAIN(DeviceTest)
#include "device_test.moc"
