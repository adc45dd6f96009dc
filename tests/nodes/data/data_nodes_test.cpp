#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "engine/files/safetensors.h"
#include "nodes/data/dataset_file.h"
#include "nodes/data/picture_folder.h"
#include "nodes/images/png_file.h"
#include "nodes/types/types.h"
#include "tests/nodes/images/node_call.h"

namespace loom {
NodeType dataFolder();
NodeType dataPreview();
NodeType dataSelect();
NodeType dataTensors();
}  // namespace loom
using namespace loom;
using namespace loom::test;
namespace fs = std::filesystem;

namespace {

Dataset animals() {
  Dataset data;
  data.images = at::randint(0, 256, {4, 3, 8, 8}, at::kByte);
  data.names = {"black cat", "dog", "red heart", "cat"};
  data.groups = {"Animals & Nature", "Animals & Nature", "Smileys & Emotion", "Animals & Nature"};
  data.subgroups = {"animal-mammal", "animal-mammal", "heart", "cat-face"};
  data.source = "test";
  setClasses(data, ClassBy::subgroup);
  return data;
}

}  // namespace

class DataNodesTest : public QObject {
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
  Dataset selectBy(const char* port, const char* pattern) {
    return call(dataSelect())
        .set<Dataset>("dataset", animals())
        .param(port, pattern)
        .run()
        .at("dataset")
        .as<Dataset>();
  }

 private Q_SLOTS:
  void selectByText() {
    QCOMPARE(selectBy("groups", "Animals").names, (std::vector<std::string>{"black cat", "dog", "cat"}));
    QCOMPARE(selectBy("subgroups", "*-face, heart").names, (std::vector<std::string>{"red heart", "cat"}));
    QCOMPARE(selectBy("names", "*cat*").names, (std::vector<std::string>{"black cat", "cat"}));
    QCOMPARE(selectBy("without", "*cat*").names, (std::vector<std::string>{"dog", "red heart"}));
    QVERIFY_EXCEPTION_THROWN(selectBy("names", "unicorn"), Error);
  }

  void selectRenumbersClasses() {
    const Dataset some = selectBy("subgroups", "heart, cat-face");
    QCOMPARE(some.classes, (std::vector<std::string>{"heart", "cat-face"}));
    QVERIFY(at::equal(some.labels, at::tensor({0, 1}, at::kLong)));
    check(some);
    auto byGroup = call(dataSelect());
    byGroup.set<Dataset>("dataset", animals()).param("classes", "group").param("first", 3);
    const auto grouped = byGroup.run().at("dataset").as<Dataset>();
    QCOMPARE(grouped.size(), int64_t(3));
    QCOMPARE(grouped.classes, (std::vector<std::string>{"Animals & Nature", "Smileys & Emotion"}));
  }

  void previewIsASheet() {
    auto preview = call(dataPreview());
    preview.set<Dataset>("dataset", animals()).param("count", 3).param("gap", 1).param("scale", 2);
    QCOMPARE(preview.run().at("image").as<Image>().pixels.sizes().vec(),
             (std::vector<int64_t>{1, 3, 35, 35}));
  }

  void datasetFileComesBack() {
    const Dataset data = animals();
    writeDatasetFile(data, file("animals.safetensors"));
    const auto back =
        call(dataTensors()).param("path", "animals.safetensors").run().at("dataset").as<Dataset>();
    QVERIFY(at::equal(back.images, data.images));
    QCOMPARE(back.names, data.names);
    QCOMPARE(back.classes, data.classes);
  }

  void plainTensorsAreRead() {
    const at::Tensor x = at::rand({3, 1, 4, 4}) * 2 - 1;
    writeSafetensors(file("plain.safetensors"), {{"x", x}, {"y", at::tensor({0, 2, 2}, at::kLong)}});
    auto tensors = call(dataTensors());
    tensors.param("path", "plain.safetensors").param("key", "x").param("labels", "y");
    const auto data = tensors.run().at("dataset").as<Dataset>();
    QVERIFY(at::allclose(data.images.to(at::kFloat) / 127.5 - 1, x, 0, 0.5 / 127.5 + 1e-6));
    QCOMPARE(data.classes.size(), size_t(3));
    check(data);
    tensors.param("labels", "none");
    QCOMPARE(tensors.run().at("dataset").as<Dataset>().classes.size(), size_t(1));
    QVERIFY_EXCEPTION_THROWN(tensors.param("key", "z").run(), Error);
  }

  void wrongTensorsAreRefused_data() {
    QTest::addColumn<QString>("key");
    for (const char* key : {"flat", "five", "ints"}) QTest::newRow(key) << key;
  }
  void wrongTensorsAreRefused() {
    QFETCH(QString, key);
    writeSafetensors(file("wrong.safetensors"), {{"flat", at::rand({3, 4})},
                                                 {"five", at::rand({2, 5, 4, 4})},
                                                 {"ints", at::zeros({2, 3, 4, 4}, at::kLong)}});
    auto tensors = call(dataTensors());
    tensors.param("path", "wrong.safetensors").param("key", key.toStdString());
    QVERIFY_EXCEPTION_THROWN(tensors.run(), Error);
  }

  void wrongLabelsAreRefused() {
    for (const at::Tensor& labels :
         {at::tensor({0, -1}, at::kLong), at::tensor(std::vector<int64_t>{0, int64_t(1) << 40}, at::kLong),
          at::tensor({0, 1, 2}, at::kLong), at::tensor({0.0f, 1.0f})}) {
      writeSafetensors(file("labels.safetensors"),
                       {{"images", at::zeros({2, 3, 4, 4}, at::kByte)}, {"labels", labels}});
      QVERIFY_EXCEPTION_THROWN(call(dataTensors()).param("path", "labels.safetensors").run(), Error);
    }
  }

  void folderIsRead() {
    fs::create_directories(file("pics/cats/young"));
    fs::create_directories(file("pics/dogs"));
    writePng(file("pics/cats/b.png"), at::full({3, 10, 20}, 50, at::kByte));
    writePng(file("pics/cats/young/a.png"), at::full({1, 16, 16}, 100, at::kByte));
    writePng(file("pics/dogs/c.png"), at::full({3, 30, 10}, 200, at::kByte));
    std::ofstream(file("pics/notes.txt")) << "no picture";
    auto folder = call(dataFolder());
    folder.param("path", "pics").param("size", 8);
    const auto data = folder.run().at("dataset").as<Dataset>();
    QCOMPARE(data.names, (std::vector<std::string>{"b", "a", "c"}));
    QCOMPARE(data.groups, (std::vector<std::string>{"cats", "cats", "dogs"}));
    QCOMPARE(data.classes, (std::vector<std::string>{"cats", "young", "dogs"}));
    QVERIFY((data.images[0] == 50).all().item<bool>() && (data.images[2] == 200).all().item<bool>());
    folder.param("classes", "top folder").param("limit", 2);
    QCOMPARE(folder.run().at("dataset").as<Dataset>().classes, (std::vector<std::string>{"cats"}));
    std::ofstream(file("pics/broken.png")) << "no picture";
    QVERIFY_EXCEPTION_THROWN(folder.param("limit", 0).run(), Error);
    fs::remove(file("pics/broken.png"));
    QTemporaryDir elsewhere;
    const fs::path outside = elsewhere.filePath("outside.png").toStdString();
    writePng(outside, at::full({3, 4, 4}, 1, at::kByte));
    fs::create_symlink(outside, file("pics/link.png"));
    QVERIFY_EXCEPTION_THROWN(folder.run(), Error);  // leads out of what the graph may read
    QVERIFY_EXCEPTION_THROWN(folder.param("path", "nowhere").run(), Error);
  }

  void pictureIsFitted() {
    at::Tensor wide = at::zeros({3, 8, 16}, at::kByte);
    wide.narrow(2, 4, 8).fill_(200);
    QVERIFY((fitted(wide, 8, Fit::crop) == 200).all().item<bool>());
    const at::Tensor padded = fitted(wide, 8, Fit::pad);
    QVERIFY((padded.narrow(1, 0, 2) == 255).all().item<bool>());
    QCOMPARE(padded[0][4][0].item<int>(), 0);
    QCOMPARE(padded[0][4][4].item<int>(), 200);
    QCOMPARE(fitted(wide, 8, Fit::stretch)[0][0][0].item<int>(), 0);
    QCOMPARE(fitted(wide, 64, Fit::crop).size(2), int64_t(64));  // enlarged
  }
};

QTEST_GUILESS_MAIN(DataNodesTest)
#include "data_nodes_test.moc"
