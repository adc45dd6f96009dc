// Editors that are killed at any moment: what the last edit made of the document is offered.
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <random>

#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;

namespace {

// The number of an edit stands in a note, and now and then in the title, which is in the journal's first
// line.
Document numbered(const Document& document, int number) {
  Document other = document;
  if (number % 7 == 0) other.title = std::to_string(number);
  other.about = std::to_string(number);
  return other;
}

Document largeDocument() {
  Document document = testing::quickDdpm();
  const NodePtr node = document.graph.nodes.front();
  for (int i = 0; i < 3000; ++i) {
    Node copy = *node;
    copy.id = QStringLiteral("copy%1").arg(i).toStdString();
    document.graph.nodes.push_back(std::make_shared<const Node>(std::move(copy)));
  }
  return document;
}

// An editor at work until it is killed: each edit's number is told when the edit has returned.
int editUntilKilled(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  const QString data = application.arguments().at(2), file = application.arguments().at(3);
  const int saveEvery = application.arguments().at(4).toInt();
  const bool large = application.arguments().at(5) == QStringLiteral("large");
  Session session(testing::withoutWorker(data));
  if (!session.save(file)) return 1;
  session.openDocument(large ? largeDocument() : testing::quickDdpm(), file, QStringLiteral("Example"));
  for (int i = 1;; ++i) {
    if (i % 10 == 9) session.undoOnce();
    session.edit(QStringLiteral("Edit"), [&](const Document& document) { return numbered(document, i); });
    const std::string line = std::to_string(i) + "\n";
    if (::write(1, line.data(), line.size()) < 0) return 1;
    if (saveEvery > 0 && i % saveEvery == 0 && !session.save(file)) return 1;
    QCoreApplication::processEvents();
  }
}

int numberOf(const Document& document) { return QByteArray::fromStdString(document.about).toInt(); }

}  // namespace

class JournalKillTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void nothingEditedIsLost_data() {
    QTest::addColumn<int>("saveEvery");
    QTest::addColumn<QString>("size");
    QTest::newRow("never saved") << 0 << "small";
    QTest::newRow("saved now and then") << 5 << "small";
    QTest::newRow("large") << 0 << "large";
  }

  void nothingEditedIsLost() {
    QFETCH(int, saveEvery);
    QFETCH(QString, size);
    QTemporaryDir folder;
    const QString data = folder.filePath(QStringLiteral("data"));
    const QString file = folder.filePath(QStringLiteral("graph.loom"));
    std::mt19937 random(11 + saveEvery);
    int offered = 0;
    for (int kill = 0; kill < 16; ++kill) {
      QProcess editor;
      editor.start(QCoreApplication::applicationFilePath(),
                   {QStringLiteral("--edit"), data, file, QString::number(saveEvery), size});
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
        // Killed between the save and the end of the journal, it is the file as it is.
        QVERIFY(session.modified() || saveEvery > 0);
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
                 {QStringLiteral("--edit"), data, file, QStringLiteral("0"), QStringLiteral("small")});
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
  if (argc > 5 && std::string_view(argv[1]) == "--edit") return editUntilKilled(argc, argv);
  QCoreApplication application(argc, argv);
  JournalKillTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "journal_kill_test.moc"
