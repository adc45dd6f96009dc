// The document of a session: edits, undo, files, what others do to the same file.
#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;
using testing::titled;

namespace {

bool setTitle(Session& session, const std::string& title, const std::string& merge = {}) {
  return session.edit(
      QStringLiteral("Set title"), [&](const Document& document) { return titled(document, title); }, merge);
}

void write(const QString& file, const std::string& text) {
  QFile out(file);
  QVERIFY(out.open(QIODevice::WriteOnly));
  out.write(text.data(), static_cast<qint64>(text.size()));
}

}  // namespace

class DocumentSessionTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanup() { folder_.reset(); }

  void beginsUntitled() {
    Session session(testing::withoutWorker(folder_->path()));
    QCOMPARE(session.document().title, std::string("Untitled"));
    QVERIFY(!session.modified());
    QVERIFY(session.file().isEmpty());
    QVERIFY(session.recoverable().empty());
  }

  void modifiedFollowsWhatIsSaved() {
    Session session(testing::withoutWorker(folder_->path()));
    QSignalSpy changed(&session, &Session::documentChanged);
    QVERIFY(setTitle(session, "One"));
    QVERIFY(session.modified());
    session.undoOnce();
    QVERIFY(!session.modified());
    session.redoOnce();
    QVERIFY(session.modified());
    const QString file = folder_->filePath(QStringLiteral("a.loom"));
    QVERIFY(session.save(file));
    QVERIFY(!session.modified());
    QCOMPARE(session.file(), file);
    session.undoOnce();
    QVERIFY(session.modified());
    session.goTo(1);
    QVERIFY(!session.modified());
    // The same by another way is the same.
    setTitle(session, "Two");
    setTitle(session, "One");
    QVERIFY(!session.modified());
    QVERIFY(changed.count() >= 7);
  }

  void editsWithOneMergeAreOneStep() {
    Session session(testing::withoutWorker(folder_->path()));
    for (int i = 0; i < 20; ++i) setTitle(session, std::to_string(i), "drag");
    session.endMerge();
    setTitle(session, "after", "drag");
    session.undoOnce();
    QCOMPARE(session.document().title, std::string("19"));
    session.undoOnce();
    QCOMPARE(session.document().title, std::string("Untitled"));
  }

  void failedEditIsTold() {
    Session session(testing::withoutWorker(folder_->path()));
    QSignalSpy noticed(&session, &Session::noticed);
    QVERIFY(!session.edit(QStringLiteral("Break"),
                          [](const Document&) -> Document { throw Error("step", "eta", "can't be"); }));
    QCOMPARE(noticed.count(), 1);
    QCOMPARE(noticed.first().at(0).toString(), QStringLiteral("step.eta: can't be"));
    QVERIFY(noticed.first().at(1).toBool());
    QVERIFY(!session.undo().canUndo());
    QVERIFY(!session.open(folder_->filePath(QStringLiteral("none.loom"))));
    QCOMPARE(noticed.count(), 2);
    write(folder_->filePath(QStringLiteral("bad.loom")), "{\"noiseloom\": 99");
    QVERIFY(!session.open(folder_->filePath(QStringLiteral("bad.loom"))));
    QCOMPARE(noticed.count(), 3);
    QVERIFY(!session.save(QStringLiteral("/nowhere/at/all.loom")));
    QCOMPARE(noticed.count(), 4);
  }

  void selectionHoldsWhatIsThere() {
    Session session(testing::withoutWorker(folder_->path()));
    session.openDocument(testing::quickDdpm(), {}, QStringLiteral("Example"));
    session.select({.nodes = {"save", "step"}, .wires = {}, .port = "save.image"});
    session.edit(QStringLiteral("Remove"), [](const Document& document) {
      Document other = document;
      std::erase_if(other.graph.nodes, [](const NodePtr& node) { return node->id == "save"; });
      return other;
    });
    QCOMPARE(session.selection().nodes, Ids{"step"});
    QVERIFY(session.selection().port.empty());
  }

  void openedIsWhatWasSaved() {
    const QString file = folder_->filePath(QStringLiteral("a.loom"));
    {
      Session session(testing::withoutWorker(folder_->path()));
      session.openDocument(testing::quickDdpm(), {}, QStringLiteral("Example"));
      QVERIFY(session.save(file));
    }
    Session session(testing::withoutWorker(folder_->path()));
    QVERIFY(session.open(file));
    QVERIFY(!session.modified());
    QCOMPARE(writeGraph(session.document()), writeGraph(testing::quickDdpm()));
    QCOMPARE(session.folder(), folder_->path());
    session.newDocument();
    QVERIFY(session.file().isEmpty());
    QVERIFY(session.document().graph.nodes.empty());
  }

  void secondEditorIsTold() {
    const QString file = folder_->filePath(QStringLiteral("a.loom"));
    Session other(testing::withoutWorker(folder_->path()));
    auto first = std::make_unique<Session>(testing::withoutWorker(folder_->path()));
    QVERIFY(first->save(file));
    QVERIFY(first->openElsewhere().isEmpty());
    QVERIFY(other.open(file));
    QVERIFY2(other.openElsewhere().contains(QString::number(QCoreApplication::applicationPid())),
             qPrintable(other.openElsewhere()));
    // By another name it is the same file.
    const QString link = folder_->filePath(QStringLiteral("link.loom"));
    QVERIFY(QFile::link(file, link));
    QVERIFY(other.open(link));
    QVERIFY(!other.openElsewhere().isEmpty());
    // Who saves to it is told too.
    Session third(testing::withoutWorker(folder_->path()));
    QSignalSpy noticed(&third, &Session::noticed);
    QVERIFY(third.save(folder_->filePath(QStringLiteral("own.loom"))));
    QCOMPARE(noticed.count(), 0);
    QVERIFY(third.save(file));
    QCOMPARE(noticed.count(), 1);
    QVERIFY(noticed.first().first().toString().contains(QStringLiteral("last wins")));
    first.reset();
    QTRY_VERIFY_WITH_TIMEOUT(other.openElsewhere().isEmpty(), 6000);
  }

  void changesOutsideAreNoticed() {
    const QString file = folder_->filePath(QStringLiteral("a.loom"));
    Session session(testing::withoutWorker(folder_->path()));
    QVERIFY(session.save(file));
    QSignalSpy outside(&session, &Session::fileChangedOutside);
    // Our own saves are none, however often.
    for (int i = 0; i < 5; ++i) {
      setTitle(session, std::to_string(i));
      QVERIFY(session.save(file));
      QTest::qWait(60);
    }
    QTest::qWait(500);
    QCOMPARE(outside.count(), 0);
    write(file, writeGraph(titled(session.document(), "Others'")));
    QTRY_COMPARE_WITH_TIMEOUT(outside.count(), 1, 5000);
    // The way most programs save: beside, and renamed.
    write(file + QStringLiteral(".tmp"), writeGraph(titled(session.document(), "Others' again")));
    QCOMPARE(std::rename(qPrintable(file + QStringLiteral(".tmp")), qPrintable(file)), 0);
    QTRY_COMPARE_WITH_TIMEOUT(outside.count(), 2, 5000);
    // Written again with the same contents it is the same.
    write(file, writeGraph(titled(session.document(), "Others' again")));
    QTest::qWait(600);
    QCOMPARE(outside.count(), 2);
    QVERIFY(session.save(file));
    QTest::qWait(600);
    QCOMPARE(outside.count(), 2);
  }

  void saysWhereItLookedForTheRunner() {
    Session session(testing::withoutWorker(folder_->path()));
    QTRY_COMPARE(session.worker().state(), WorkerClient::State::failed);
    QVERIFY(session.worker().stateText().contains(QStringLiteral("/nowhere/noiseloom")));
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(DocumentSessionTest)
#include "document_session_test.moc"
