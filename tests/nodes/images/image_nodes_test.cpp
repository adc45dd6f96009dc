#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "nodes/images/image_file.h"
#include "nodes/images/opencv_library.h"
#include "nodes/images/picture_header.h"
#include "nodes/types/types.h"
#include "tests/nodes/images/node_call.h"
#include "tests/nodes/images/png_bytes.h"

#ifdef NOISELOOM_TEST_OPENCV
#include <opencv2/videoio.hpp>
#endif

namespace loom {
NodeType imageAnimation();
NodeType imageContactSheet();
NodeType imageFilmStrip();
NodeType imageFromLatent();
NodeType imageLoad();
NodeType imageResize();
NodeType imageSave();
NodeType imageToLatent();
}  // namespace loom
using namespace loom;
using namespace loom::test;
namespace fs = std::filesystem;

namespace {

bool hasOpenCv() {
  try {
    openCv();
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Something a JPEG can hold: a soft slope of colours.
at::Tensor soft(int64_t batch, int64_t size) {
  const at::Tensor ramp = at::linspace(0, 1, size);
  return at::stack({ramp.view({1, -1}).expand({size, size}), ramp.view({-1, 1}).expand({size, size}),
                    at::full({size, size}, 0.3f)})
      .unsqueeze(0)
      .repeat({batch, 1, 1, 1});
}

Recording fading(int64_t frames, int64_t batch, int64_t size) {
  Recording recording;
  for (int64_t i = 0; i < frames; ++i)
    recording.frames.push_back(
        {{i}, Value::of<Latent>({soft(batch, size) * 2 * (double(i + 1) / double(frames)) - 1})});
  return recording;
}

}  // namespace

class ImageNodesTest : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;

  NodeCall call(NodeType type) {
    NodeCall made(std::move(type));
    const fs::path folder = folder_.path().toStdString();
    made.services.files =
        Files({.graphFolder = folder, .resources = {}, .output = folder, .readable = {}, .writable = {}});
    return made;
  }
  fs::path file(const char* name) const { return folder_.filePath(name).toStdString(); }

 private Q_SLOTS:
  void latentsAndImagesAreInverse() {
    const at::Tensor x = at::rand({2, 3, 4, 4}) * 2 - 1;
    const auto image = call(imageFromLatent()).set<Latent>("latent", {x}).run().at("image").as<Image>();
    QVERIFY(at::allclose(image.pixels, (x + 1) / 2));
    const auto back = call(imageToLatent()).set<Image>("image", image).run().at("latent").as<Latent>();
    QVERIFY(at::allclose(back.x, x, 0, 1e-6));
    const auto clamped =
        call(imageFromLatent()).set<Latent>("latent", {x * 5}).run().at("image").as<Image>().pixels;
    QVERIFY(clamped.min().item<float>() >= 0 && clamped.max().item<float>() <= 1);
  }

  void savedPngHoldsGraphAndProvenance() {
    auto save = call(imageSave());
    save.services.document = "{\"noiseloom\": 1, \"nodes\": {}}";
    save.services.provenance = {{"seed", 7}, {"note", "ᾱ"}};
    save.set<Image>("image", {at::rand({5, 3, 8, 8})}).param("path", "sheet.png").param("gap", 1).run();
    QCOMPARE(save.services.files_produced, std::vector<fs::path>{file("sheet.png")});
    const PngText text = readPngText(file("sheet.png"));
    QCOMPARE(text.at("noiseloom.graph"), save.services.document);
    nlohmann::json provenance = save.services.provenance;
    provenance["saved"] = {{"node", "node"}};
    QCOMPARE(nlohmann::json::parse(text.at("noiseloom.provenance")), provenance);
    QCOMPARE(readPng(file("sheet.png")).sizes().vec(), (std::vector<int64_t>{3, 17, 26}));
  }

  void oneFileEach() {
    const at::Tensor pixels = at::randint(0, 256, {3, 3, 6, 5}, at::kByte);
    auto save = call(imageSave());
    save.set<Image>("image", {pixels.to(at::kFloat) / 255})
        .param("path", "some/one.png")
        .param("each", true)
        .run();
    QCOMPARE(save.services.files_produced.size(), size_t(3));
    for (int64_t i = 0; i < 3; ++i)
      QVERIFY(at::equal(readPng(file(("some/one-000" + std::to_string(i + 1) + ".png").c_str())), pixels[i]));
  }

  void inAZoneNothingIsOverwritten() {
    auto save = call(imageSave());
    save.iteration = {2, 41};
    save.set<Image>("image", {at::rand({1, 1, 4, 4})}).param("path", "step.png").run();
    QVERIFY(fs::exists(file("step-000003-000042.png")));
  }

  void savingRefusesWhatCannotBe() {
    auto save = call(imageSave());
    save.set<Image>("image", {at::rand({1, 3, 4, 4})});
    QVERIFY_EXCEPTION_THROWN(save.param("path", "a.bmp").run(), Error);
    QVERIFY_EXCEPTION_THROWN(save.param("path", "../a.png").run(), Error);
    auto none = call(imageSave());
    QVERIFY_EXCEPTION_THROWN(none.set<Image>("image", {at::rand({0, 3, 4, 4})}).run(), Error);
  }

  void compressedFormatsComeBack_data() {
    QTest::addColumn<QString>("extension");
    QTest::newRow("JPEG") << "jpg";
    QTest::newRow("WebP") << "webp";
  }
  void compressedFormatsComeBack() {
    if (!hasOpenCv()) QSKIP("needs OpenCV");
    QFETCH(QString, extension);
    const std::string name = "soft." + extension.toStdString();
    call(imageSave()).set<Image>("image", {soft(1, 64)}).param("path", name).run();
    const auto back = call(imageLoad()).param("path", name).run().at("image").as<Image>().pixels;
    QCOMPARE(back.sizes().vec(), (std::vector<int64_t>{1, 3, 64, 64}));
    // At quality 95 a slope is within a few of 255 levels.
    QVERIFY((back - soft(1, 64)).abs().max().item<float>() < 12 / 255.0f);
    std::ifstream in(file(name.c_str()), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const auto header = readPictureHeader(bytesOf(bytes));
    QVERIFY(header && header->width == 64 && header->height == 64);
    for (size_t cut = 0; cut < bytes.size(); cut += 7) {  // cut files: an Error or a picture, never a crash
      std::ofstream(file("cut.bin"), std::ios::binary) << bytes.substr(0, cut);
      try {
        readPicture(file("cut.bin"));
      } catch (const Error&) {
      }
    }
  }

  void hugeHeadersAreRefused_data() {
    using namespace std::string_literals;
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("JPEG") << QByteArray::fromStdString(
        "\xFF\xD8\xFF\xC0\x00\x11\x08\xFF\xFF\xFF\xFF\x03\x01\x22\x00\x02\x11\x01"s);
    QTest::newRow("WebP") << QByteArray::fromStdString(
        "RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF"s);
    QTest::newRow("none of them") << QByteArray("II*\0 a TIFF", 11);
    QTest::newRow("empty") << QByteArray();
  }
  void hugeHeadersAreRefused() {
    QFETCH(QByteArray, bytes);
    std::ofstream(file("huge.bin"), std::ios::binary) << bytes.toStdString();
    QVERIFY_EXCEPTION_THROWN(readPicture(file("huge.bin")), Error);
  }

  void alphaIsLaidOverWhite() {
    at::Tensor rgba = at::zeros({4, 1, 2}, at::kByte);
    rgba[3][0][1] = 255;
    writePng(file("alpha.png"), rgba);
    QVERIFY(at::equal(readPicture(file("alpha.png"))[1], at::tensor({255, 0}, at::kByte).view({1, 2})));
    writePng(file("grey.png"), at::full({1, 2, 2}, 90, at::kByte));
    QVERIFY(at::equal(readPicture(file("grey.png")), at::full({3, 2, 2}, 90, at::kByte)));
  }

  void resizeNode() {
    const auto out =
        call(imageResize()).set<Image>("image", {soft(2, 16)}).param("width", 8).param("height", 4).run();
    QCOMPARE(out.at("image").as<Image>().pixels.sizes().vec(), (std::vector<int64_t>{2, 3, 4, 8}));
  }

  void contactSheetNode() {
    auto one = call(imageContactSheet());
    one.set<Image>("images", {soft(5, 8)}).param("columns", 3).param("gap", 2);
    QCOMPARE(one.run().at("image").as<Image>().pixels.sizes().vec(), (std::vector<int64_t>{1, 3, 22, 32}));
    auto rows = call(imageContactSheet());
    rows.set<Image>("images", {soft(5, 8)}).set<Image>("images", {soft(2, 8)}).param("gap", 0);
    QCOMPARE(rows.run().at("image").as<Image>().pixels.sizes().vec(), (std::vector<int64_t>{1, 3, 16, 40}));
  }

  void filmStripNode() {
    auto strip = call(imageFilmStrip());
    strip.set<Recording>("recordings", fading(30, 3, 16)).set<Recording>("recordings", fading(20, 3, 16));
    strip.param("frames", 5)
        .param("names", "x_t, x_0")
        .param("samples", {0, 2})
        .param("scale", 1)
        .param("gap", 2);
    const at::Tensor pixels = strip.run().at("image").as<Image>().pixels;
    // Two recordings of two samples; the labels of the second differ and are written again.
    QCOMPARE(pixels.size(2), int64_t(2 + 4 * 18 + 2 * 11));
    QVERIFY_EXCEPTION_THROWN(strip.param("samples", {3}).run(), Error);
    auto none = call(imageFilmStrip());
    QVERIFY_EXCEPTION_THROWN(none.set<Recording>("recordings", {}).run(), Error);
  }

  void animationNode_data() {
    QTest::addColumn<QString>("name");
    QTest::newRow("GIF") << "fade.gif";
    QTest::newRow("MP4") << "fade.mp4";
  }
  void animationNode() {
    QFETCH(QString, name);
    if (name.endsWith("mp4") && !hasOpenCv()) QSKIP("needs OpenCV");
    auto animation = call(imageAnimation());
    animation.set<Recording>("recording", fading(12, 2, 17))
        .param("path", name.toStdString())
        .param("fps", 10)
        .param("hold", 1.0);
    animation.run();
    QCOMPARE(animation.services.files_produced.size(), size_t(1));
    // Nothing else is left behind.
    for (const auto& entry : fs::directory_iterator(folder_.path().toStdString()))
      QVERIFY(!entry.path().filename().string().starts_with("."));
#ifdef NOISELOOM_TEST_OPENCV
    // Another program's reader sees what was written: frames, size, the last picture.
    cv::VideoCapture video(folder_.filePath(name).toStdString());
    QVERIFY(video.isOpened());
    cv::Mat frame, last;
    int frames = 0;
    for (; video.read(frame); ++frames) frame.copyTo(last);
    QVERIFY2(name.endsWith("gif") ? frames >= 12 : frames == 22, qPrintable(QString::number(frames)));
    const bool even = name.endsWith("mp4");
    QCOMPARE(last.cols, even ? 70 : 2 * 17 * 2 + 2);
    QCOMPARE(last.rows, 34);
    const cv::Vec3b corner = last.at<cv::Vec3b>(33, 33);  // blue 0.3, green 1, red 1
    QVERIFY(std::abs(corner[0] - 77) < 24 && corner[1] > 230 && corner[2] > 230);
#endif
  }

  void animationRefusesOtherFormats() {
    auto animation = call(imageAnimation());
    animation.set<Recording>("recording", fading(2, 1, 8));
    QVERIFY_EXCEPTION_THROWN(animation.param("path", "a.avi").run(), Error);
    auto none = call(imageAnimation());
    QVERIFY_EXCEPTION_THROWN(none.set<Recording>("recording", {}).run(), Error);
  }
};

QTEST_GUILESS_MAIN(ImageNodesTest)
#include "image_nodes_test.moc"
