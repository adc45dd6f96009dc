#include <ATen/ATen.h>

#include <QtTest>
#include <random>

#include "engine/files/npy.h"
#include "engine/files/safetensors.h"
#include "engine/files/sha256.h"
#include "engine/files/weights_file.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using namespace loom::test;

namespace {

/// Most faults go to the first bytes, where headers are; every tenth file is cut.
std::string broken(std::string bytes, int round, std::mt19937& random) {
  for (int i = 0; i < 1 + round % 5; ++i) {
    const size_t place = random() % (round % 2 ? std::min<size_t>(bytes.size(), 2400) : bytes.size());
    switch (random() % 4) {
      case 0:
        bytes[place] = static_cast<char>(random());
        break;
      case 1:
        bytes[place] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2:
        bytes.insert(place, 1, static_cast<char>(random()));
        break;
      default:
        bytes.erase(place, 1);
        break;
    }
  }
  if (round % 10 == 0) bytes.resize(random() % bytes.size());
  return bytes;
}

}  // namespace

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

  // Whatever a few wrong, missing or added bytes make of a file, it is read or refused.
  void brokenFilesNeverCrash_data() {
    byContentAndNotByExtension_data();
    QTest::newRow("npy") << "a.npy"
                         << "";
  }
  void brokenFilesNeverCrash() {
    QFETCH(QString, name);
    QFETCH(QString, container);
    const Scratch scratch;
    if (container.isEmpty()) writeNpy(scratch.path("a.npy"), at::ones({2, 3}));
    const std::string whole = bytesOf(container.isEmpty() ? scratch.path("a.npy") : data(name.toStdString()));
    std::mt19937 random(1);
    int refused = 0;
    for (int round = 0; round < 400; ++round) {
      const auto path = scratch.put("broken", broken(whole, round, random));
      try {
        if (container.isEmpty())
          (void)readNpy(path).to(at::kDouble).sum();
        else
          for (const auto& [key, tensor] : readWeights(path).tensors) (void)tensor.numel();
      } catch (const Error&) {
        ++refused;
      }
    }
    QVERIFY2(refused > 50, std::to_string(refused).c_str());
  }
};

QTEST_GUILESS_MAIN(WeightsFileTest)
#include "weights_file_test.moc"
