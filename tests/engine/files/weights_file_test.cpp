#include <ATen/ATen.h>

#include <QtTest>

#include "engine/files/safetensors.h"
#include "engine/files/sha256.h"
#include "engine/files/weights_file.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using namespace loom::test;

class WeightsFileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void byContentAndNotByExtension_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("container");
    QTest::newRow("zip") << "container_edge.pt"
                         << "torch zip";
    QTest::newRow("legacy") << "container_edge_legacy.pt"
                            << "torch legacy";
    QTest::newRow("safetensors") << "container_edge.safetensors"
                                 << "safetensors";
  }
  void byContentAndNotByExtension() {
    QFETCH(QString, name);
    QFETCH(QString, container);
    const Scratch scratch;
    const auto path = scratch.put("weights.bin", bytesOf(data(name.toStdString())));
    const Weights weights = readWeights(path);
    QCOMPARE(weights.source, std::string("weights.bin"));
    QCOMPARE(weights.sha256, sha256OfFile(path));
    const WeightsListing listing = listWeights(path);
    QCOMPARE(listing.container, container.toStdString());
    QCOMPARE(listing.meta.dump(), weights.meta.dump());
    QCOMPARE(listing.tensors.size(), weights.tensors.size());
    auto at = weights.tensors.begin();
    for (const TensorEntry& entry : listing.tensors) {
      QCOMPARE(entry.name, at->first);
      QCOMPARE(entry.dtype, at->second.scalar_type());
      QCOMPARE(at::IntArrayRef(entry.shape), at->second.sizes());
      ++at;
    }
  }

  void parts() {
    const Weights all{{{"ema.a.w", at::ones({1})},
                       {"ema.b", at::ones({2})},
                       {"emax", at::ones({3})},
                       {"net.b", at::ones({4})}},
                      {{"ema", {{"a", {{"lr", 2}}}}}, {"step", 1}},
                      "c.pt",
                      "00"};
    QCOMPARE(partOf(all, "").tensors.size(), size_t{4});
    const Weights ema = partOf(all, "ema");
    QCOMPARE(ema.tensors.size(), size_t{2});
    QCOMPARE(ema.tensors.at("b").size(0), int64_t{2});
    QCOMPARE(ema.meta.dump(), std::string(R"({"a":{"lr":2}})"));
    QCOMPARE(ema.source, std::string("c.pt"));
    QCOMPARE(partOf(all, "ema.a.").tensors.count("w"), size_t{1});
    QCOMPARE(partOf(all, "ema.a").meta.dump(), std::string(R"({"lr":2})"));
    QVERIFY_REFUSED(partOf(all, "em"), "no part \"em\". Its parts: ema (2), net (1)");
  }

  void whatIsNoWeightFileIsRefused() {
    const Scratch scratch;
    QVERIFY_REFUSED(readWeights(scratch.put("a.pt", "hello, this is text")), "neither safetensors nor");
    QVERIFY_REFUSED(readWeights(scratch.put("b.pt", "")), "\"b.pt\" is empty");
    QVERIFY_REFUSED(readWeights(scratch.path("c.pt")), "there is no file");
    QVERIFY_REFUSED(readWeights(scratch.folder.path().toStdString()), "is a folder");
    QVERIFY_REFUSED(readWeights("/dev/zero"), "not a regular file");
  }
};

QTEST_GUILESS_MAIN(WeightsFileTest)
#include "weights_file_test.moc"
