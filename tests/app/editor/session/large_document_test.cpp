// A graph of 10,000 nodes: what an edit gave is on disk when it returns, as with a small one, and costs no
// more than it changed; nothing holds up the window. Times are printed, and bounded loosely: the machine is
// busy.
#include <QElapsedTimer>

#include "app/editor/session/journal.h"
#include "tests/app/editor/large.h"
#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;
using testing::Gaps;
using testing::kPatience;
using testing::largeId;

namespace {

constexpr int kNodes = 10'000;

Document large() { return testing::largeChains(kNodes); }

double millisecondsOf(const std::function<void()>& work) {
  QElapsedTimer clock;
  clock.start();
  work();
  return static_cast<double>(clock.nsecsElapsed()) / 1e6;
}

}  // namespace

class LargeDocumentTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanup() { folder_.reset(); }

  void eachEditIsOnDiskAndCostsWhatItChanged() {
    Session session(testing::withoutWorker(folder_->path()));
    session.openDocument(large(), {}, QStringLiteral("Large"));
    const auto edit = [&](const std::string& node, double value) {
      return session.edit(QStringLiteral("Set"), [&](const Document& document) {
        return withNode(document, node, [&](Node& each) { each.params["limit"] = value; });
      });
    };
    QVERIFY(edit("n1", 2));
    const qint64 whole = journalBytes();
    QVERIFY(whole > 1'000'000);
    for (int i = 2; i < 40; ++i) {
      QVERIFY(edit(largeId(i * 200 + 1), i));
      QCOMPARE(journalText(), writeGraph(session.document()));
    }
    QVERIFY2(journalBytes() < whole + 40 * 200, qPrintable(QString::number(journalBytes() - whole)));
    session.undoOnce();
    QCOMPARE(journalText(), writeGraph(session.document()));
    // The parts do not grow beyond the whole: it is written anew.
    for (int i = 0; i < 60; ++i) {
      session.edit(QStringLiteral("Title"), [&](const Document& document) {
        Document other = document;
        other.about = std::string(50'000, static_cast<char>('a' + i % 26));
        return other;
      });
      QVERIFY(journalBytes() < 3 * whole);
    }
    QCOMPARE(journalText(), writeGraph(session.document()));
    for (size_t entry = session.undo().entries().size(); entry-- > 1;) session.undoOnce();
    QVERIFY(!session.modified());
    QCOMPARE(journalBytes(), qint64{0});
  }

  // Cut off anywhere, it gives the last edit that is whole.
  void cutOffAnywhere() {
    Session session(testing::withoutWorker(folder_->path()));
    session.openDocument(testing::quickDdpm(), {}, QStringLiteral("Example"));
    std::vector<std::pair<qint64, std::string>> stages;
    for (int i = 1; i < 30; ++i) {
      session.edit(QStringLiteral("Batch"),
                   [&](const Document& document) { return withValue(document, "batch", i * i * 37 + 1); });
      stages.emplace_back(journalBytes(), writeGraph(session.document()));
    }
    QFile file(journalFile());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    const QString cut = folder_->filePath(QStringLiteral("cut"));
    for (qsizetype size = stages.front().first; size <= bytes.size(); ++size) {
      QFile out(cut);
      QVERIFY(out.open(QIODevice::WriteOnly));
      out.write(bytes.left(size));
      out.close();
      std::string expected;
      for (const auto& [end, text] : stages)
        if (end <= size) expected = text;
      QCOMPARE(Journal::textOf(cut), expected);
    }
    // And with anything in place of its end.
    for (qsizetype at = stages[10].first; at < stages[12].first; ++at) {
      QByteArray damaged = bytes;
      for (qsizetype i = at; i < damaged.size(); ++i) damaged[i] = static_cast<char>('0' + i % 3);
      QFile out(cut);
      QVERIFY(out.open(QIODevice::WriteOnly));
      out.write(damaged);
      out.close();
      const std::string text = Journal::textOf(cut);
      QVERIFY(text == stages[10].second || text == stages[11].second || text == stages[12].second);
    }
  }

  void nothingHoldsUpTheWindow() {
    const QString file = folder_->filePath(QStringLiteral("large.loom"));
    {
      QFile out(file);
      QVERIFY(out.open(QIODevice::WriteOnly));
      out.write(QByteArray::fromStdString(writeGraph(large())));
    }
    Session session(testing::withWorker(folder_->path()));
    QTRY_VERIFY_WITH_TIMEOUT(!session.catalog().empty(), kPatience);
    const Document document = large();
    const std::string text = writeGraph(document);
    const auto says = [](const char* what, double milliseconds) {
      qInfo("%s, %d nodes: %.1f ms", what, kNodes, milliseconds);
      QVERIFY2(milliseconds < 1000, what);
    };
    says("read a graph", millisecondsOf([&] { (void)parseGraph(text); }));
    says("write a graph", millisecondsOf([&] { (void)writeGraph(document); }));
    says("copy a document", millisecondsOf([&] { const Document copy = document; }));
    says("open", millisecondsOf([&] { session.open(file); }));
    {
      Gaps gaps;
      QTRY_VERIFY_WITH_TIMEOUT(session.checked().current, kPatience);
      says("longest hold-up while the worker checks", gaps.longest());
      QVERIFY(session.checked().ports.size() > kNodes / 2);
    }
    double longest = 0;
    for (int i = 1; i < 20; ++i)
      longest = std::max(longest, millisecondsOf([&] {
                           session.edit(QStringLiteral("Set"), [&](const Document& document) {
                             return setParam(document, "", session.catalog(), largeId(i), "limit", i);
                           });
                         }));
    says("longest edit", longest);
    longest = 0;
    for (int i = 1; i < 20; ++i)
      longest = std::max(longest, millisecondsOf([&] {
                           session.edit(
                               QStringLiteral("Move"),
                               [&](const Document& document) {
                                 return moveBy(document, "", {"n77"}, {1, 1});
                               },
                               "drag");
                         }));
    says("longest step of a drag", longest);
    says("undo", millisecondsOf([&] { session.undoOnce(); }));
    {
      Gaps gaps;
      QTRY_VERIFY_WITH_TIMEOUT(session.checked().current, kPatience);
      says("longest hold-up while the worker checks again", gaps.longest());
    }
    says("save", millisecondsOf([&] { session.save(file); }));
    QString id;
    says("run", millisecondsOf([&] { id = session.run(); }));
    {
      Gaps gaps;
      QTRY_VERIFY_WITH_TIMEOUT(session.runs().find(id)->over(), kPatience);
      says("longest hold-up while it runs", gaps.longest());
    }
    says("new document", millisecondsOf([&] { session.newDocument(); }));
  }

 private:
  QString journalFile() const {
    const QDir folder(folder_->filePath(QStringLiteral("journals")));
    const QStringList names = folder.entryList({QStringLiteral("*.journal")}, QDir::Files);
    return names.isEmpty() ? QString() : folder.filePath(names.first());
  }
  qint64 journalBytes() const { return QFileInfo(journalFile()).size(); }
  std::string journalText() const { return Journal::textOf(journalFile()); }

  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(LargeDocumentTest)
#include "large_document_test.moc"
