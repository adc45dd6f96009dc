// A graph of 10,000 nodes and a picture of many megabytes: nothing that is done to them holds up the window.
// Bounded is the processor time that the window's thread takes in a row, which other programs change little,
// and loosely: what is bounded is not how fast a machine is but how costs grow.
#include <QRandomGenerator>

#include "app/editor/document/document_file.h"
#include "app/editor/document/edits.h"
#include "tests/app/editor/large.h"
#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;
using testing::Gaps;
using testing::kPatience;
using testing::largeId;

namespace {

constexpr int kNodes = 10'000;
constexpr double kMost = 1000;  // milliseconds

Ids nodesFrom(int from, int to) {
  Ids ids;
  for (int i = from; i < to; ++i) ids.insert(largeId(i));
  return ids;
}

}  // namespace

class LargeEditsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanup() { folder_.reset(); }

  // What many nodes are given at once costs about as much as each of them, and not that times all others.
  void noEditHoldsUpTheWindow() {
    Session session(testing::withWorker(folder_->path()));
    QTRY_VERIFY_WITH_TIMEOUT(!session.catalog().empty(), kPatience);
    const Catalog& catalog = session.catalog();
    session.openDocument(testing::largeChains(kNodes), {}, QStringLiteral("Large"));
    const Ids half = nodesFrom(kNodes / 4, kNodes * 3 / 4);
    const std::string text = copyText(session.document(), "", half);
    using D = const Document&;
    const std::pair<const char*, std::function<Document(D)>> edits[] = {
        {"add",
         [&](D d) {
           return addNode(d, "", catalog, "tensor.clip", {1, 2}, "").document;
         }},
        {"delete", [&](D d) { return removeNodes(d, "", catalog, half); }},
        {"delete and reconnect", [&](D d) { return removeNodes(d, "", catalog, half, true); }},
        {"duplicate",
         [&](D d) {
           return duplicate(d, "", catalog, half, {30, 30}, true).document;
         }},
        {"paste",
         [&](D d) {
           return paste(d, "", catalog, text, {0, 0}, "").document;
         }},
        {"cut links", [&](D d) { return editor::disconnect(d, "", wiresOf(d.graph)); }},
        {"group", [&](D d) { return makeGroup(d, "", catalog, half, "half").document; }},
        {"wrap", [&](D d) { return wrapInZone(d, "", catalog, half).document; }},
        {"move",
         [&](D d) {
           return moveBy(d, "", half, {7, 7});
         }},
        {"align", [&](D d) { return align(d, "", half, Align::left, {}); }},
        {"tidy",
         [&](D d) {
           return withLayout(d, "", tidy(d, "", catalog, {true, {}, {}}));
         }},
    };
    for (const auto& [name, make] : edits) {
      const auto says = [name = name](const char* what, double milliseconds) {
        qInfo("%s half of %d nodes, %s: %.1f ms", name, kNodes, what, milliseconds);
        QVERIFY2(milliseconds < kMost, name);
      };
      const auto longest = [&](const std::function<void()>& act) {
        Gaps gaps;
        act();
        QTest::qWait(1);
        QTRY_VERIFY_WITH_TIMEOUT(session.checked().current, kPatience);
        gaps.stop();
        worst_ = gaps.busiest();
      };
      longest([&] { QVERIFY(session.edit(QString::fromUtf8(name), make)); });
      says("done", worst_);
      longest([&] { session.select({nodesFrom(0, kNodes), {}, {}}); });
      says("all selected", worst_);
      longest([&] { session.undoOnce(); });
      says("undone", worst_);
    }
    Gaps gaps;
    session.newDocument();
    QTest::qWait(1);
    QVERIFY2(gaps.busiest() < kMost, "a new one");
  }

  // A picture of many megabytes that holds a graph: neither it nor whether others change it takes the window.
  void largePicturesAreReadElsewhere() {
    const QString file = folder_->filePath(QStringLiteral("heavy.png"));
    QImage noise(3000, 4000, QImage::Format_RGB32);
    QRandomGenerator random(7);
    auto* pixels = reinterpret_cast<quint32*>(noise.bits());
    random.generate(pixels, pixels + noise.sizeInBytes() / 4);
    writeDocument(testing::quickDdpm(), file, noise);
    QVERIFY(QFileInfo(file).size() > 30'000'000);
    Session session(testing::withoutWorker(folder_->path()));
    QSignalSpy changed(&session, &Session::fileChangedOutside);
    Gaps gaps;
    QVERIFY(session.open(file));
    QTest::qWait(300);
    qInfo("opened a picture of %lld MB: %.1f ms", QFileInfo(file).size() / 1'000'000, gaps.busiest());
    QVERIFY(gaps.busiest() < kMost);
    QCOMPARE(changed.count(), 0);
    QFile out(file);
    QVERIFY(out.open(QIODevice::Append));
    out.write("more");
    out.close();
    QTRY_COMPARE_WITH_TIMEOUT(changed.count(), 1, kPatience);
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  double worst_ = 0;
};

QTEST_GUILESS_MAIN(LargeEditsTest)
#include "large_edits_test.moc"
