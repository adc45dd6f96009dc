// Editors that are killed at any moment: what the last edit made of the document is offered.
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <random>

#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;

namespace {

// An editor at work until it is killed: each edit's number is told when the edit has returned.
int editUntilKilled(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  const QString data = application.arguments().at(2), file = application.arguments().at(3);
  const int saveEvery = application.arguments().at(4).toInt();
  Session session(testing::withoutWorker(data));
  if (!session.save(file)) return 1;
  session.openDocument(testing::titled(testing::quickDdpm(), "0"), file, QStringLiteral("Example"));
  for (int i = 1;; ++i) {
    if (i % 10 == 9) session.undoOnce();
    session.edit(QStringLiteral("Edit"),
                 [&](const Document& document) { return testing::titled(document, std::to_string(i)); });
    const std::string line = std::to_string(i) + "\n";
    if (::write(1, line.data(), line.size()) < 0) return 1;
    if (saveEvery > 0 && i % saveEvery == 0 && !session.save(file)) return 1;
    QCoreApplication::processEvents();
  }
}

int numberOf(const Document& document) { return QByteArray::fromStdString(document.title).toInt(); }

}  // namespace

class JournalKillTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void nothingEditedIsLost_data() {
    QTest::addColumn<int>("saveEvery");
    QTest::newRow("never saved") << 0;
    QTest::newRow("saved now and then") << 5;
  }

  void nothingEditedIsLost() {
    QFETCH(int, saveEvery);
    QTemporaryDir folder;
    const QString data = folder.filePath(QStringLiteral("data"));
    const QString file = folder.filePath(QStringLiteral("graph.loom"));
    std::mt19937 random(11 + saveEvery);
    int offered = 0;
    for (int kill = 0; kill < 20; ++kill) {
      QProcess editor;
      editor.start(QCoreApplication::applicationFilePath(),
                   {QStringLiteral("--edit"), data, file, QString::number(saveEvery)});
      QVERIFY(editor.waitForStarted());
      QByteArray told;
      while (!told.contains('\n')) {  // it has begun
        QVERIFY(editor.waitForReadyRead(20'000));
        told += editor.readAllStandardOutput();
      }
      // While it lives its journal is not offered.
      if (kill == 0) {
        Session session(testing::withoutWorker(data));
        QVERIFY(session.recoverable().empty());
      }
      QTest::qSleep(static_cast<int>(random() % 120));
      ::kill(static_cast<pid_t>(editor.processId()), SIGKILL);
      QVERIFY(editor.waitForFinished());
      told += editor.readAllStandardOutput();
      const qsizetype end = told.lastIndexOf('\n'), begin = told.lastIndexOf('\n', end - 1) + 1;
      const int last = told.mid(begin, end - begin).toInt();
      QVERIFY(last > 0);

      Session session(testing::withoutWorker(data));
      const auto left = session.recoverable();
      QVERIFY(left.size() <= 1);
      if (left.empty()) {  // between a save and the next edit
        QVERIFY(saveEvery > 0);
        QVERIFY(session.open(file));
      } else {
        ++offered;
        QCOMPARE(left.front().file, file);
        QVERIFY(left.front().when.secsTo(QDateTime::currentDateTime()) < 60);
        QVERIFY(session.recover(left.front()));
        QVERIFY(session.modified());
        QCOMPARE(session.file(), file);
      }
      const int got = numberOf(session.document());
      // An undo comes back one step; the edit that was under way may be there or not.
      QVERIFY2(got == last || got == last + 1 || (last % 10 == 8 && got == last - 1),
               qPrintable(QStringLiteral("%1 was told, %2 is offered").arg(last).arg(got)));
      QVERIFY(session.recoverable().empty());
    }
    QVERIFY(offered >= 10);
  }

  void whatWasRecoveredIsKeptUntilItIsSaved() {
    QTemporaryDir folder;
    const QString data = folder.filePath(QStringLiteral("data"));
    const QString file = folder.filePath(QStringLiteral("graph.loom"));
    QProcess editor;
    editor.start(QCoreApplication::applicationFilePath(),
                 {QStringLiteral("--edit"), data, file, QStringLiteral("0")});
    QVERIFY(editor.waitForReadyRead(20'000));
    ::kill(static_cast<pid_t>(editor.processId()), SIGKILL);
    QVERIFY(editor.waitForFinished());
    {
      Session session(testing::withoutWorker(data));
      const auto left = session.recoverable();
      QCOMPARE(left.size(), size_t{1});
      session.discard(left.front());
      QVERIFY(session.recoverable().empty());
    }
    // In order: nothing is left.
    {
      Session session(testing::withoutWorker(data));
      session.edit(QStringLiteral("Edit"),
                   [](const Document& document) { return testing::titled(document, "x"); });
    }
    Session session(testing::withoutWorker(data));
    QVERIFY(session.recoverable().empty());
    // A lock that a killed editor left holds nobody up.
    QVERIFY(session.open(file));
    QVERIFY2(session.openElsewhere().isEmpty(), qPrintable(session.openElsewhere()));
  }

  void damagedJournalsAreNoHarm() {
    QTemporaryDir folder;
    const QString journals = folder.filePath(QStringLiteral("journals"));
    QVERIFY(QDir().mkpath(journals));
    const auto put = [&](const char* name, const QByteArray& bytes) {
      QFile out(journals + QLatin1Char('/') + QLatin1String(name));
      QVERIFY(out.open(QIODevice::WriteOnly));
      out.write(bytes);
    };
    put("1-a.journal", "");
    put("1-b.journal", "no journal\n{}");
    put("1-c.journal", QByteArray(200'000, '['));
    put("1-d.journal", "{\"file\":7,\"title\":\"T\"}\n{\"noiseloom\":1,");
    Session session(testing::withoutWorker(folder.path()));
    const auto left = session.recoverable();
    QCOMPARE(left.size(), size_t{1});
    QSignalSpy noticed(&session, &Session::noticed);
    QVERIFY(!session.recover(left.front()));
    QCOMPARE(noticed.count(), 1);
    QCOMPARE(session.document().title, std::string("Untitled"));
  }
};

int main(int argc, char** argv) {
  if (argc > 4 && std::string_view(argv[1]) == "--edit") return editUntilKilled(argc, argv);
  QCoreApplication application(argc, argv);
  JournalKillTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "journal_kill_test.moc"
